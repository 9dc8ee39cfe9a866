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
from inference.joint_tick import TickMotion, cross_matrix

HEADINGS = np.radians([0.0, 90.0, 180.0, 270.0])
"""Where the tracks of a joint start."""

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

TURN, BIAS, LEVER, OFFSET = slice(0, 3), slice(3, 9), slice(9, 15), slice(15, 21)
SIZE = 21


@dataclass(frozen=True)
class Tracks:
    """N guesses at the joints between pairs of sensors; several belong to a pair at first.

    ``pair`` (N,) which one. ``quat`` (N, 4) second sensor's gyroscope frame → the first's.
    ``state`` (N, 18): offsets of both gyroscopes (rad/s), the joint's place from both sensors (m),
    offsets of both accelerometers (m/s²), in sensor axes. ``cov`` (N, 21, 21) of the turn left to
    make (rad) and of the state. ``noise`` (N,) m/s²; ``misfit`` (N,) m/s² times the
    ``moved_s`` (N,) over which both sensors moved.
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
        state=np.zeros((0, SIZE - 3)),
        cov=np.zeros((0, SIZE, SIZE)),
        noise=np.zeros(0),
        misfit=np.zeros(0),
        moved_s=np.zeros(0),
    )


def started(pair: IntArray, first_up: FloatArray, second_up: FloatArray) -> Tracks:
    """Return tracks for each of ``pair`` (P,), one a heading of ``HEADINGS``.

    ``first_up`` and ``second_up`` (P, 3) is up in the gyroscope frames of both sensors, roughly.
    """
    count = len(HEADINGS)
    up, other = (np.repeat(_unit(values), count, axis=0) for values in (first_up, second_up))
    heading = quaternion.from_axis_angle(np.array([0.0, 0.0, 1.0]), np.tile(HEADINGS, len(pair)))
    level = quaternion.conjugate(_levelling(up))
    sd = np.concatenate([np.repeat([BIAS_SD, LEVER_SD, OFFSET_SD], 6)])
    cov = np.zeros((len(up), SIZE, SIZE))
    cov[:, 3:, 3:] = np.diag(sd**2)
    cov[:, TURN, TURN] = LEVEL_SD**2 * np.eye(3)
    cov[:, TURN, TURN] += (HEADING_SD**2 - LEVEL_SD**2) * up[:, :, None] * up[:, None, :]
    return Tracks(
        pair=np.repeat(pair, count),
        quat=quaternion.multiply(level, quaternion.multiply(heading, _levelling(other))),
        state=np.zeros((len(up), SIZE - 3)),
        cov=cov,
        noise=np.full(len(up), NOISE[1]),
        misfit=np.zeros(len(up)),
        moved_s=np.zeros(len(up)),
    )


def updated(
    tracks: Tracks, motion: TickMotion, ends: IntArray, bias: FloatArray, steps: int
) -> Tracks:
    """Return ``tracks`` after a tick, from which on they hold.

    ``ends`` (2, N) are the sensors' rows of ``motion``, ``bias`` (2, N, 3) the offset that was
    taken from their gyroscopes.
    """
    prior = np.linalg.inv(tracks.cov)
    step = np.zeros((len(tracks.pair), SIZE))
    taken = np.concatenate(list(bias), axis=1)
    for _ in range(steps):
        error, slopes = _compared(tracks, motion, ends, step, taken)
        information, pull = _weighed(error, slopes, tracks.noise)
        _add_rest(information, pull, motion, ends, tracks.state[:, :6] + step[:, BIAS])
        pull -= np.einsum("nij,nj->ni", prior, step)
        step = step + np.linalg.solve(information + prior, pull[..., None])[..., 0]
    cov = np.linalg.inv(information + prior)
    turned = replace(
        tracks,
        quat=quaternion.multiply(quaternion.from_rotation_vector(step[:, TURN]), tracks.quat),
        state=tracks.state + step[:, 3:],
        cov=(cov + cov.transpose(0, 2, 1)) / 2,
    )
    return _carried_on(_judged(turned, error, motion, ends), motion, ends, taken)


def _compared(
    tracks: Tracks, motion: TickMotion, ends: IntArray, step: FloatArray, taken: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return by how much the two accelerations of the joint differ (N, M, 3) after ``step``.

    And the slopes (N, M, 3, 21): what a further step takes off that difference. All is in the
    first sensor's gyroscope frame.
    """
    one, other = ends
    state = tracks.state + step[:, 3:]
    turn = quaternion.from_rotation_vector(step[:, TURN])
    across = quaternion.to_matrix(quaternion.multiply(turn, tracks.quat))[:, None]
    drifted = state[:, :6] - taken
    first = _joint_acceleration(motion, one, state[:, 6:9], state[:, 12:15])
    second = _joint_acceleration(motion, other, state[:, 9:12], state[:, 15:18])
    second = _turned(across, second)
    slopes = np.empty((*first.shape, SIZE))
    first_cross, second_cross = cross_matrix(first), cross_matrix(second)
    other_drift = np.matmul(across, motion.drift[other])
    slopes[..., TURN] = -second_cross
    slopes[..., 3:6] = -np.matmul(first_cross, motion.drift[one])
    slopes[..., 6:9] = np.matmul(second_cross, other_drift)
    slopes[..., 9:12] = -motion.turning[one]
    slopes[..., 12:15] = np.matmul(across, motion.turning[other])
    slopes[..., 15:18] = motion.axes[one]
    slopes[..., 18:21] = -np.matmul(across, motion.axes[other])
    bent = np.einsum("nmij,nj->nmi", slopes[..., BIAS], drifted)
    return first - second - bent, slopes


def _joint_acceleration(
    motion: TickMotion, rows: IntArray, lever: FloatArray, offset: FloatArray
) -> FloatArray:
    """Return (N, M, 3), for joints at ``lever`` (N, 3) from sensors with ``offset`` (N, 3)."""
    place = _turned(motion.turning[rows], lever[:, None])
    return motion.acc[rows] + place - _turned(motion.axes[rows], offset[:, None])


def _weighed(
    error: FloatArray, slopes: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the information (N, 21, 21) that the instants give, and where they pull (N, 21)."""
    size = np.sqrt((error**2).mean(axis=2)) / noise[:, None]
    weight = 1 / (np.maximum(1.0, size / HUBER) * noise[:, None] ** 2 * ALIKE)
    flat = slopes.reshape(len(slopes), -1, SIZE)
    weighted = (slopes * weight[..., None, None]).reshape(flat.shape).transpose(0, 2, 1)
    pull = np.matmul(weighted, error.reshape(len(error), -1, 1))[..., 0]
    return np.matmul(weighted, flat), pull


def _add_rest(
    information: FloatArray, pull: FloatArray, motion: TickMotion, ends: IntArray, bias: FloatArray
) -> None:
    """Add what the gyroscopes' sensors at rest tell of their offset, ``bias`` (N, 6) so far."""
    for place, rows in enumerate(ends):
        part = slice(3 + 3 * place, 6 + 3 * place)
        weight = motion.rest[rows, None] / REST_BIAS_SD**2
        information[:, part, part] += weight[..., None] * np.eye(3)
        pull[:, part] += weight * (motion.rate[rows] - bias[:, 3 * place : 3 * place + 3])


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


def _carried_on(tracks: Tracks, motion: TickMotion, ends: IntArray, taken: FloatArray) -> Tracks:
    """Return the tracks at the tick's end, to where offsets not ``taken`` (N, 6) have turned."""
    one, other = ends
    drifted = tracks.state[:, :6] - taken
    across = quaternion.to_matrix(tracks.quat)
    first, second = motion.drifted[one], motion.drifted[other]
    back = quaternion.from_rotation_vector(np.einsum("nij,nj->ni", first, drifted[:, :3]))
    forth = quaternion.from_rotation_vector(-np.einsum("nij,nj->ni", second, drifted[:, 3:]))
    quat = quaternion.multiply(back, quaternion.multiply(tracks.quat, forth))
    carry = np.tile(np.eye(SIZE), (len(first), 1, 1))
    carry[:, TURN, 3:6], carry[:, TURN, 6:9] = first, -np.matmul(across, second)
    cov = np.matmul(np.matmul(carry, tracks.cov), carry.transpose(0, 2, 1))
    walk = np.zeros(SIZE)
    walk[TURN], walk[BIAS] = 2 * WALK**2, BIAS_WALK**2
    length = np.sqrt((quat**2).sum(axis=1, keepdims=True))
    return replace(tracks, quat=quat / length, cov=cov + np.diag(walk * motion.seconds))


def _turned(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Return matrices (N, M | 1, 3, 3) times vectors (N, M | 1, 3)."""
    product: FloatArray = np.matmul(matrix, vector[..., None])[..., 0]
    return product


def _levelling(up: FloatArray) -> FloatArray:
    """Return the shortest turns (N, 4) that bring unit vectors ``up`` (N, 3) onto z."""
    x, y, z = up.T
    turn = np.stack([1 + z, y, -x, np.zeros(len(up))], axis=1)
    turn[z < -0.999999] = (0.0, 1.0, 0.0, 0.0)
    return _unit(turn)


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.sqrt((vectors**2).sum(axis=-1, keepdims=True)))
