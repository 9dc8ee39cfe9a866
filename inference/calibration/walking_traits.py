"""What walking and standing show of sensors that may be worn anywhere, gathered tick by tick.

Sums only, so nothing of the motion itself is kept. Kernels of `inference.calibration.placement`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gateway.messages import BoolArray, FloatArray
from inference.calibration.placement import RESTING_RAD_S, Traits

WALKING_RAD_S = 1.2
"""A second in which no sensor turns faster (root mean square) is not one of walking."""

IN_TURN = -0.2
"""The speeds of two limbs that move in turn correlate by less."""

TURNING_RAD_S = 0.3
"""A sensor that turns more slowly tips by posture, and tells nothing of the way it swings."""


@dataclasses.dataclass
class WalkingTraits:
    """Sums over the samples of ``count`` so far, of S sensors.

    ``squared`` (S, 3, 3) of rates of turn, ``yaw_rates`` (S, S, 3) of the turning of one about the
    vertical times those of the other, ``yaw`` (S,) of its square, ``speeds`` (S, S) of products
    of the speeds of turning; all but ``rate`` (S,) less
    each tick's mean. ``tipped`` (S, 3) where up tips, ``rest`` (S,) samples at rest, ``jolt``
    (S,) the square of the acceleration's length less its mean.
    """

    count: int
    rate: FloatArray
    squared: FloatArray
    yaw_rates: FloatArray
    yaw: FloatArray
    speeds: FloatArray
    tipped: FloatArray
    rest: FloatArray
    jolt: FloatArray

    @classmethod
    def nothing(cls, sensors: int) -> WalkingTraits:
        """Have gathered nothing yet."""
        s = sensors
        shapes = [(s,), (s, 3, 3), (s, s, 3), (s,), (s, s), (s, 3), (s,), (s,)]
        return cls(0, *(np.zeros(shape) for shape in shapes))

    def add(self, acc: FloatArray, gyr: FloatArray, up: FloatArray, standing: FloatArray) -> bool:
        """Add a tick (3, S, N), if somebody walks in it; ``standing`` (S, 3) is up when upright.

        Returns whether it was added. Nothing is where a sensor is missing (NaN).
        """
        turning = np.einsum("csn,csn->sn", gyr, gyr)
        walks = turning.mean(axis=1).max() > WALKING_RAD_S**2  # False where any is NaN
        if not walks or not np.isfinite(up).all():
            return False
        length = np.sqrt(np.einsum("csn,csn->sn", acc, acc))
        yaw = np.einsum("csn,csn->sn", gyr, up)
        yaw -= yaw.mean(axis=1, keepdims=True)
        free = gyr - gyr.mean(axis=2, keepdims=True)
        self.count += gyr.shape[2]
        self.rate += turning.sum(axis=1)
        self.squared += np.einsum("csn,dsn->scd", free, free)
        self.yaw_rates += np.einsum("pn,csn->psc", yaw, free)
        self.yaw += (yaw * yaw).sum(axis=1)
        speed = np.sqrt(turning)
        speed -= speed.mean(axis=1, keepdims=True)
        self.speeds += np.einsum("in,jn->ij", speed, speed)
        self.tipped += _tipped(up, turning, standing)
        self.rest += np.count_nonzero(turning < RESTING_RAD_S**2, axis=1)
        self.jolt += ((length - length.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return True

    def traits(self, standing: FloatArray, raised: FloatArray | None = None) -> Traits:
        """Return what they come to; ``raised`` (2, S) is that of `Traits`."""
        count = max(self.count, 1)
        unknown = np.full((2, len(self.rate)), np.nan)
        return Traits(
            rate_rad_s=np.sqrt(self.rate / count),
            jolt=np.sqrt(self.jolt / count),
            rest=self.rest / count,
            swing=self._swing(standing),
            hurry=self._hurry(),
            raised=unknown if raised is None else raised,
        )

    def _swing(self, standing: FloatArray) -> FloatArray:
        """Return how the yaw of one correlates with the tipping of the other (S, S)."""
        axis = np.cross(self.tipped, standing)
        axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-12)
        power = np.einsum("sc,scd,sd->s", axis, self.squared, axis)
        together = np.einsum("psc,sc->ps", self.yaw_rates, axis)
        swing: FloatArray = together / np.sqrt(np.maximum(self.yaw[:, None] * power, 1e-12))
        return swing

    def _hurry(self) -> FloatArray:
        """Return how the speeds of turning correlate (S, S)."""
        size = np.sqrt(np.maximum(np.diagonal(self.speeds), 1e-12))
        hurry: FloatArray = self.speeds / (size[:, None] * size)
        return hurry


def several_hurry(gyr: FloatArray) -> BoolArray:
    """Return in which ticks (T,) of (3, S, T, N) more than one limb hurries."""
    speed = np.sqrt(np.einsum("cstn,cstn->stn", gyr, gyr))
    fast = (speed * speed).mean(axis=-1) > WALKING_RAD_S**2
    several: BoolArray = np.count_nonzero(fast, axis=0) > 1
    return several


def alternates(gyr: FloatArray) -> bool:
    """Say whether limbs hurry in turn in a tick (3, S, N), as in walking, and not all at once."""
    speed = np.sqrt(np.einsum("csn,csn->sn", gyr, gyr))
    fast = (speed * speed).mean(axis=1) > WALKING_RAD_S**2
    if np.count_nonzero(fast) < 2:
        return False
    free = speed[fast] - speed[fast].mean(axis=1, keepdims=True)
    size = np.sqrt((free * free).sum(axis=1))
    together = np.einsum("in,jn->ij", free, free)
    return bool((together < IN_TURN * size[:, None] * size).any())


def _tipped(up: FloatArray, turning: FloatArray, standing: FloatArray) -> FloatArray:
    """Return the sum (S, 3) of how far up (3, S, N) tips off ``standing``, weighted with itself."""
    along = np.einsum("csn,sc->sn", up, standing)
    tilt = up - along * standing.T[:, :, None]
    size = np.sqrt(np.einsum("csn,csn->sn", tilt, tilt))
    size[turning < TURNING_RAD_S**2] = 0.0
    tipped: FloatArray = np.einsum("csn,sn->sc", tilt, size)
    return tipped
