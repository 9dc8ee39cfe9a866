"""How far apart in time two sensors on neighbouring segments are, from the joint they share.

The joint belongs to both segments, so both sensors must find the same acceleration of it, a − Γ r,
with Γ = [ω̇]× + [ω]×[ω]× and r the joint as seen from the sensor. Its size does not depend on how
a sensor is turned, so it can be compared without orientation (Seel, Schauer, Raisch 2012, 2014).
Here the lag between the two is fitted with the two r: it needs no strike, only that both segments
move, and a rigid body has no travel time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from gateway.messages import BoolArray, FloatArray, IntArray

FARTHEST_S = 0.25
"""Longer lags are not looked for: in steady gait a stride later looks the same."""
SMOOTHING_S = 0.04
"""Soft tissue makes sensors ring after each step; slower motion is that of the bones."""

_STARTS_S = (-0.12, 0.0, 0.12)
_STEPS = 12
_LONGEST_STEP_S = 0.05
_MEMORY_S = 0.14
"""Smoothed samples closer than this say the same thing."""
_LEAST_RESIDUAL = 0.02
_HUBER = 2.0
_LARGEST_RESIDUAL = 0.5
"""Share of the variance that may be left; a fit that leaves more found no joint."""
_TINY = 1e-9
_EDGE_S = 0.02
_LEAST_MEASURED, _LEAST_USABLE = 0.9, 0.5
_ARM_M = 0.25
"""A joint is about so far from a sensor; where motion says nothing of r, this keeps it small."""
_SCALE = 0.03
"""Accelerometers differ by about so much in scale."""
_LAG, _LOG_SCALE = 6, 7
_PRIOR = np.array([_ARM_M**-2] * 6 + [0.0, _SCALE**-2])
"""Inverse variances of the parameters: both r, the lag, the logarithm of the scales' ratio."""


@dataclass(frozen=True)
class RigidMotion:
    """Smoothed motion of one sensor: ``acc`` (…, 3) m/s², ``turning`` Γ (…, 3, 3) 1/s².

    ``usable`` (…) it rests on measured samples. Whole (N, …), or cut into windows (W, N, …).
    """

    acc: FloatArray
    turning: FloatArray
    usable: BoolArray

    def at(self, rows: IntArray) -> RigidMotion:
        """Return the samples ``rows`` of any shape."""
        return RigidMotion(self.acc[rows], self.turning[rows], self.usable[rows])


def thinning(rate_hz: float) -> int:
    """Return of how many smoothed samples one is enough."""
    return max(1, int(rate_hz * SMOOTHING_S / 1.5))


def rigid_motion(
    acc: FloatArray, gyr: FloatArray, measured: BoolArray, rate_hz: float
) -> RigidMotion:
    """Return the motion (N, …) of ``acc`` (T, 3) m/s² and ``gyr`` (T, 3) rad/s, thinned.

    ``measured`` (T,) tells which samples are; the others have been filled in.
    """
    sigma = SMOOTHING_S * rate_hz
    cross = _cross(gaussian_filter1d(gyr, sigma, axis=0))
    cross_dot = _cross(gaussian_filter1d(gyr, sigma, axis=0, order=1) * rate_hz)
    motion = RigidMotion(
        acc=gaussian_filter1d(acc, sigma, axis=0),
        turning=cross_dot + np.einsum("tij,tjk->tik", cross, cross),
        usable=gaussian_filter1d(measured.astype(np.float64), sigma) > _LEAST_MEASURED,
    )
    return motion.at(np.arange(0, len(acc), thinning(rate_hz)))


def joint_lags(
    first: RigidMotion, second: RigidMotion, rate_hz: float, margin: int
) -> tuple[FloatArray, FloatArray]:
    """Return by how many seconds ``second`` is later in each window (W,), and the fit's sd.

    ``rate_hz`` is that of the thinned samples; ``margin`` of them at both ends of a window are
    there to be shifted into. The sd is infinite where nothing can be told.
    """
    fits = [_fit(first, second, rate_hz, margin, start_s) for start_s in _STARTS_S]
    lag_s, sd_s, cost = (np.stack(values) for values in zip(*fits, strict=True))
    best = np.argmin(cost, axis=0), np.arange(cost.shape[1])
    return lag_s[best], sd_s[best]


def _fit(
    first: RigidMotion, second: RigidMotion, rate_hz: float, margin: int, start_s: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lag, its sd and the mean cost, each (W,): Gauss-Newton steps with Huber weights."""
    parameters = np.zeros((len(first.acc), len(_PRIOR)))
    parameters[:, _LAG] = start_s
    for _ in range(_STEPS):
        error, slopes, usable = _compare(first, second, parameters, rate_hz, margin)
        spread = _spread(error, usable)
        size = np.abs(error) / spread
        weight = usable / np.maximum(1.0, size / _HUBER) / (spread**2 * _MEMORY_S * rate_hz)
        normal = np.einsum("wti,wt,wtj->wij", slopes, weight, slopes) + np.diag(_PRIOR + _TINY)
        gradient = np.einsum("wti,wt->wi", slopes, weight * error) + _PRIOR * parameters
        step = np.linalg.solve(normal, gradient[..., None])[..., 0]
        step[:, _LAG] = np.clip(step[:, _LAG], -_LONGEST_STEP_S, _LONGEST_STEP_S)
        parameters = parameters - step
        parameters[:, _LAG] = np.clip(parameters[:, _LAG], -FARTHEST_S, FARTHEST_S)
    lag_s = parameters[:, _LAG]
    sd_s = np.sqrt(np.linalg.inv(normal)[:, _LAG, _LAG])
    huber = np.where(size < _HUBER, 0.5 * size**2, _HUBER * (size - 0.5 * _HUBER)) * spread**2
    cost = np.mean(huber * usable, axis=1)
    moved = np.maximum(*(np.var(np.linalg.norm(m.acc, axis=2), axis=1) for m in (first, second)))
    told = np.abs(lag_s) < FARTHEST_S - _EDGE_S
    told &= usable.mean(axis=1) > _LEAST_USABLE
    told &= 2 * cost < _LARGEST_RESIDUAL * moved
    return lag_s, np.where(told, sd_s, np.inf), cost


def _compare(
    first: RigidMotion, second: RigidMotion, parameters: FloatArray, rate_hz: float, margin: int
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return how the joint's accelerations differ (W, M), the slopes (W, M, 8), and what counts."""
    window, length = np.arange(len(parameters))[:, None], first.acc.shape[1]
    inner = np.arange(margin, length - margin)
    at = inner + parameters[:, _LAG, None] * rate_hz
    before = np.clip(np.floor(at).astype(np.int64), 0, length - 2)
    share = at - before
    one = RigidMotion(first.acc[:, inner], first.turning[:, inner], first.usable[:, inner])
    other = _between(second, window, before, share)
    size_one, slopes_one = _joint_acceleration(one, parameters[:, :3])
    size_other, slopes_other = _joint_acceleration(other, parameters[:, 3:6])
    scale = np.exp(parameters[:, _LOG_SCALE, None])
    size_other = scale * size_other
    slope_lag = -np.gradient(size_other, axis=1) * rate_hz
    slopes = [slopes_one, -scale[..., None] * slopes_other]
    return (
        size_one - size_other,
        np.concatenate([*slopes, slope_lag[..., None], -size_other[..., None]], axis=2),
        one.usable & other.usable,
    )


def _between(
    motion: RigidMotion, window: IntArray, before: IntArray, share: FloatArray
) -> RigidMotion:
    """Return the motion ``share`` of a sample after the samples ``before`` (W, M)."""
    part = share[..., None]
    acc = motion.acc[window, before] * (1 - part) + motion.acc[window, before + 1] * part
    part = part[..., None]
    turning = motion.turning[window, before] * (1 - part)
    turning += motion.turning[window, before + 1] * part
    return RigidMotion(
        acc, turning, motion.usable[window, before] & motion.usable[window, before + 1]
    )


def _joint_acceleration(motion: RigidMotion, joint_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the size of a − Γ r (W, M) and its slopes with r (W, M, 3); ``joint_m`` r (W, 3)."""
    vector = motion.acc - np.einsum("wtij,wj->wti", motion.turning, joint_m)
    size = np.maximum(np.linalg.norm(vector, axis=2), _LEAST_RESIDUAL)
    return size, -np.einsum("wti,wtij->wtj", vector / size[..., None], motion.turning)


def _spread(error: FloatArray, usable: BoolArray) -> FloatArray:
    """Return the robust standard deviation (W, 1) of ``error`` (W, M)."""
    sizes = np.where(usable, np.abs(error), np.nan)
    sizes[~usable.any(axis=1)] = 1.0
    middle: FloatArray = np.nanmedian(sizes, axis=1, keepdims=True)
    return np.maximum(1.4826 * middle, _LEAST_RESIDUAL)


def _cross(vectors: FloatArray) -> FloatArray:
    """Return the matrices (T, 3, 3) of the cross products with ``vectors`` (T, 3)."""
    matrices = np.zeros((len(vectors), 3, 3))
    for row, column, axis in ((2, 1, 0), (0, 2, 1), (1, 0, 2)):
        matrices[:, row, column] = vectors[:, axis]
        matrices[:, column, row] = -vectors[:, axis]
    return matrices
