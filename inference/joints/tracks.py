"""Orientation of one sensor in the other's frame, from the joint between them: the filter.

Both sensors must find the same acceleration of the joint that they share, a + Γ r, as a vector,
once one is turned into the other's axes (I. Weygers and M. Kok, IEEE Sensors J. 2020, 20(14),
7969-7979). Gravity and movement together make that vector point now here, now there, which tells
all three angles, whatever the joint can do, and no magnetometer is needed. Nothing about the joint
is given: where it is from each sensor, and the offsets of both, are estimated along with it.

An update takes a whole tick at once: Gauss-Newton steps on all its instants, with Huber's weights
and the noise that the residuals show, from what was known before (an iterated extended Kalman
filter in information form). It may stop in a wrong minimum where it starts far off, so several
tracks start a quarter turn apart.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from gateway import quaternion
from gateway.messages import BoolArray, FloatArray, IntArray
from inference.joints.tick import TickMotion, cross_matrix

HEADINGS = np.radians([0.0, 90.0, 180.0, 270.0])
"""Where the tracks of a joint go on when it begins to move: until then there is one."""

LEVEL_SD = 0.3
"""Movement hides from the accelerometers of the first second where up is: by up to so much, rad."""
HEADING_SD = 1.0

BIAS_SD = 0.01
"""Offset of a gyroscope, rad/s: half a degree a second, as calibrated ones have."""
LEVER_SD = 0.25
"""A joint is about so far from a sensor (m) along each axis."""
OFFSET_SD = 0.15
"""Offset of an accelerometer, m/s²: 15 mg, as calibrated ones have."""

WALK = 0.01
"""Random walk of a gyroscope's orientation, rad/√s: noise, scale and what a tick cannot resolve."""
BIAS_WALK = 2e-4
"""Random walk of its offset, rad/s/√s."""
REST_BIAS_SD = np.radians(0.1)
"""How well a second at rest tells the offset, rad/s."""

NOISE = (0.1, 0.5)
"""Least noise of the joint's acceleration and what is assumed at first, m/s²."""
NOISE_MEMORY_S = 3.0
"""The noise follows how vigorous the movement is."""
MOVING_RAD_S = 0.3
"""Only what turns faster tells one heading from another."""
ALIKE = 5.0
"""So many neighbouring instants, a tenth of a second, say the same: errors last as long."""
HUBER = 1.345
"""In standard deviations; 95 % efficient where noise is Gaussian after all (Huber 1981)."""
MEDIAN_TO_SD = 1.4826

TURN, FIRST, SECOND, BIAS = slice(0, 3), slice(3, 9), slice(9, 15), slice(15, 21)
COMPARED, SIZE = 15, 21
"""The gyroscopes' offsets show only from tick to tick, not in what is compared within one."""


@dataclass(frozen=True)
class Tracks:
    """N guesses at the joints between pairs of sensors; several belong to a pair at first.

    ``pair`` (N,) which one. ``quat`` (N, 4) second sensor's gyroscope frame → the first's.
    ``state`` (N, 21), all in sensor axes: nothing; the joint's place from the first sensor (m) and
    its accelerometer's offset (m/s²); the same of the second; offsets of both gyroscopes (rad/s).
    ``cov`` (N, 21, 21) of it, first of the turn (rad) by which ``quat`` is off. ``noise`` (N,)
    m/s²; ``misfit`` (N,) m/s² times the ``moved_s`` (N,) over which both sensors moved.
    """

    pair: IntArray
    quat: FloatArray
    state: FloatArray
    cov: FloatArray
    noise: FloatArray
    misfit: FloatArray
    moved_s: FloatArray

    def at(self, rows: IntArray | BoolArray) -> Tracks:
        """Return the tracks ``rows``."""
        return Tracks(*(getattr(self, field.name)[rows] for field in fields(self)))

    def joined(self, other: Tracks) -> Tracks:
        """Return these and ``other``."""
        return Tracks(
            *(
                np.concatenate([getattr(self, field.name), getattr(other, field.name)])
                for field in fields(self)
            )
        )


def no_tracks() -> Tracks:
    """Return none."""
    return Tracks(
        pair=np.zeros(0, np.int64),
        quat=np.zeros((0, 4)),
        state=np.zeros((0, SIZE)),
        cov=np.zeros((0, SIZE, SIZE)),
        noise=np.zeros(0),
        misfit=np.zeros(0),
        moved_s=np.zeros(0),
    )


def started(pair: IntArray, first_up: FloatArray, second_up: FloatArray) -> Tracks:
    """Return a track of unknown heading for each of ``pair`` (P,).

    ``first_up`` and ``second_up`` (P, 3) is up in the gyroscope frames of both sensors, roughly.
    """
    up, other = _unit(first_up), _unit(second_up)
    sd = np.repeat([LEVEL_SD, LEVER_SD, OFFSET_SD, LEVER_SD, OFFSET_SD, BIAS_SD, BIAS_SD], 3)
    cov = np.tile(np.diag(sd**2), (len(up), 1, 1))
    cov[:, TURN, TURN] += (HEADING_SD**2 - LEVEL_SD**2) * up[:, :, None] * up[:, None, :]
    return Tracks(
        pair=pair,
        quat=quaternion.multiply(quaternion.conjugate(_levelling(up)), _levelling(other)),
        state=np.zeros((len(up), SIZE)),
        cov=cov,
        noise=np.full(len(up), NOISE[1]),
        misfit=np.zeros(len(up)),
        moved_s=np.zeros(len(up)),
    )


def split(tracks: Tracks, first_up: FloatArray) -> Tracks:
    """Return four tracks for each, turned by ``HEADINGS`` about ``first_up`` (N, 3)."""
    every = tracks.at(np.repeat(np.arange(len(tracks.pair)), len(HEADINGS)))
    up = np.repeat(_unit(first_up), len(HEADINGS), axis=0)
    turn = quaternion.from_axis_angle(up, np.tile(HEADINGS, len(tracks.pair)))
    cov = every.cov.copy()
    cov[:, TURN, TURN] += LEVEL_SD**2 * np.eye(3)
    return replace(every, quat=quaternion.multiply(turn, every.quat), cov=cov)


def updated(
    tracks: Tracks, motion: TickMotion, ends: IntArray, taken: FloatArray, steps: int
) -> Tracks:
    """Return ``tracks`` after a tick, from which on they hold.

    ``ends`` (2, N) are the sensors' rows of ``motion``, ``taken`` (N, 6) the offsets that were
    taken from their gyroscopes.
    """
    quat, state, made = tracks.quat, tracks.state, np.zeros_like(tracks.state)
    for _ in range(steps):
        across = quaternion.to_matrix(quat)
        error, slopes = _compared(state, across, motion, ends)
        information, pull = _weighed(error, slopes, tracks.noise)
        _add_rest(information, pull, motion, ends, state[:, BIAS])
        known = np.concatenate([tracks.cov, made[..., None]], axis=2)
        spread = np.linalg.solve(np.eye(SIZE) + np.matmul(tracks.cov, information), known)
        cov, back = spread[..., :SIZE], spread[..., SIZE]
        step = np.matmul(cov, pull[..., None])[..., 0] - back
        quat = quaternion.multiply(quaternion.from_rotation_vector(step[:, TURN]), quat)
        state, made = state + step, made + step
    state[:, TURN] = 0.0
    drifted = np.matmul(motion.drifted[ends], _pairs(state[:, BIAS] - taken))[..., 0]
    return replace(
        _judged(tracks, error, motion, ends),
        quat=_drifted(quat, *drifted),
        state=state,
        cov=_carried_on(cov, across, motion, ends),
    )


def _compared(
    state: FloatArray, across: FloatArray, motion: TickMotion, ends: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return by how much the two accelerations of the joint differ (N, M, 3).

    And the slopes (N, M, 3, 15): what a step takes off that difference. All is in the first
    sensor's gyroscope frame; ``across`` (N, 3, 3) leads there from the second's.
    """
    one, other = ends
    here, there = motion.slopes[one], np.matmul(across[:, None], motion.slopes[other])
    first = motion.acc[one] + _product(here, state[:, FIRST])
    second = _product(across[:, None], motion.acc[other]) + _product(there, state[:, SECOND])
    slopes = np.empty((*first.shape, COMPARED))
    np.negative(cross_matrix(second), out=slopes[..., TURN])
    np.negative(here, out=slopes[..., FIRST])
    slopes[..., SECOND] = there
    return first - second, slopes


def _weighed(
    error: FloatArray, slopes: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the information (N, 21, 21) that the instants give, and where they pull (N, 21)."""
    count = len(error)
    size = np.sqrt((error**2).sum(axis=2) / 3) / noise[:, None]
    weight = 1 / (np.maximum(1.0, size / HUBER) * noise[:, None] ** 2 * ALIKE)
    weighted = (slopes * weight[..., None, None]).reshape(count, -1, COMPARED).transpose(0, 2, 1)
    information, pull = np.zeros((count, SIZE, SIZE)), np.zeros((count, SIZE))
    flat = slopes.reshape(count, -1, COMPARED)
    information[:, :COMPARED, :COMPARED] = np.matmul(weighted, flat)
    pull[:, :COMPARED] = np.matmul(weighted, error.reshape(count, -1, 1))[..., 0]
    return information, pull


def _add_rest(
    information: FloatArray, pull: FloatArray, motion: TickMotion, ends: IntArray, bias: FloatArray
) -> None:
    """Add what the gyroscopes of sensors at rest tell of their offsets, ``bias`` (N, 6) so far."""
    if not motion.rest.any():
        return
    weight = (np.repeat(motion.rest[ends], 3, axis=0) / REST_BIAS_SD**2).T
    diagonal = np.arange(SIZE)[BIAS]
    information[:, diagonal, diagonal] += weight
    pull[:, BIAS] += weight * (np.concatenate([*motion.rate[ends]], axis=1) - bias)


def _judged(tracks: Tracks, error: FloatArray, motion: TickMotion, ends: IntArray) -> Tracks:
    """Take the noise, and the misfit where both sensors moved, from the last ``error``."""
    sizes = np.abs(error).reshape(len(error), -1)
    seen = MEDIAN_TO_SD * np.median(sizes, axis=1)
    share = min(1.0, motion.seconds / NOISE_MEMORY_S)
    noise = np.sqrt((1 - share) * tracks.noise**2 + share * seen**2)
    moved_s = motion.seconds * (motion.pace[ends].min(axis=0) > MOVING_RAD_S)
    return replace(
        tracks,
        noise=np.maximum(noise, NOISE[0]),
        misfit=tracks.misfit + moved_s * sizes.mean(axis=1),
        moved_s=tracks.moved_s + moved_s,
    )


def _drifted(quat: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return ``quat`` (N, 4) after both frames drifted by turns (N, 3)."""
    back, forth = quaternion.from_rotation_vector(np.stack([first, -second]))
    return _unit(quaternion.multiply(back, quaternion.multiply(quat, forth)))


def _carried_on(
    cov: FloatArray, across: FloatArray, motion: TickMotion, ends: IntArray
) -> FloatArray:
    """Return ``cov`` (N, 21, 21) at the tick's end, to which unknown offsets have turned."""
    one, other = ends
    drift = np.concatenate([motion.drifted[one], -np.matmul(across, motion.drifted[other])], axis=2)
    carried = (cov + cov.transpose(0, 2, 1)) / 2
    carried[:, TURN] += np.matmul(drift, carried[:, BIAS])
    carried[:, :, TURN] += np.matmul(carried[:, :, BIAS], drift.transpose(0, 2, 1))
    diagonal = np.arange(SIZE)
    carried[:, diagonal[TURN], diagonal[TURN]] += 2 * WALK**2 * motion.seconds
    carried[:, diagonal[BIAS], diagonal[BIAS]] += BIAS_WALK**2 * motion.seconds
    return carried


def _product(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Return matrices (N, M | 1, 3, C) times vectors (N, M, C) or (N, C)."""
    column = vector[:, None, :, None] if vector.ndim == 2 else vector[..., None]
    product: FloatArray = np.matmul(matrix, column)[..., 0]
    return product


def _pairs(values: FloatArray) -> FloatArray:
    """Return (N, 6) of both sensors as columns (2, N, 3, 1)."""
    return values.reshape(-1, 2, 3).transpose(1, 0, 2)[..., None]


def _levelling(up: FloatArray) -> FloatArray:
    """Return the shortest turns (N, 4) that bring unit vectors ``up`` (N, 3) onto z."""
    x, y, z = up.T
    turn = np.stack([1 + z, y, -x, np.zeros(len(up))], axis=1)
    turn[z < -0.999999] = (0.0, 1.0, 0.0, 0.0)
    return _unit(turn)


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.sqrt((vectors**2).sum(axis=-1, keepdims=True)))
