"""Which way the segment below a joint faces, seen from the one above, without a magnetometer.

The headings of two sensors begin anywhere and drift apart. What ties them together is the joint: a
knee is a hinge, and hip and ankle turn a few degrees either way, so over a whole gait cycle both
segments face the same way on average (the constraint of D. Laidig, D. Lehmann, M.-A. Begin and
T. Seel, EMBC 2019, 1233-1239, of a joint of limited range; for a hinge, of D. Laidig, P. Mueller
and T. Seel, Current Directions in Biomedical Engineering 2017, 3(2), 613-616). So the mean over
each cycle measures the offset between the headings, and a Kalman filter of one state follows it.
Between cycles the offset is kept, and the longer the limbs have moved since, the less is known;
at rest nothing drifts, for VQF keeps the gyroscopes' offsets then.

What is told is relative: zero is how the segments face on average when this person walks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray
from gateway.worn import anywhere, everywhere

SWING_RAD = np.radians(5.0)
"""A cycle begins where the segment has swung from as far behind upright to as far ahead."""
CYCLE_S = (0.6, 2.5)
"""Strides of walking last between these."""
STRAIGHT_COS = np.cos(np.radians(30.0))
"""Who turns by more within a cycle turns one segment before the other."""
LEAST_AGREEMENT = 0.9
"""Mean resultant length of the facings in a cycle: below, it went right round or made no sense."""

CYCLE_SD = np.radians(4.0)
"""By how much the mean of one cycle misses: no two steps are alike."""
WALK = np.radians(0.2)
"""Random walk of the difference between two headings, rad/√s of movement: scale, soft tissue."""
DRIFT = np.radians(1.0) / 60 * np.sqrt(2)
"""Steady drift that is left between two headings, rad/s of movement: a degree a minute each."""
UNKNOWN_SD = np.radians(20.0)
"""Of two segments whose headings say nothing it is known that they face much the same way."""


@dataclass(frozen=True)
class Facings:
    """T samples of J joints, in order.

    ``between`` (2, J, T) is the cosine and sine of the lower segment's heading less the upper
    one's, as the sensors have it; ``above`` (2, J, T) those of the upper one's. ``pitch`` (J, T)
    rad is the thigh's, or at an ankle the shank's. ``known`` (J, T) both segments are; ``moving``
    (J, T) one of them is.
    """

    between: FloatArray
    above: FloatArray
    pitch: FloatArray
    known: BoolArray
    moving: BoolArray


class JointHeadings:
    """Follows the offset between the headings at each of ``count`` joints."""

    def __init__(self, count: int, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._at = 0
        self._sums = np.zeros((2, count, 1))
        self._moved = np.zeros((count, 1), np.int64)
        self._ahead = np.ones((count, 1), np.int64)
        self._known = np.zeros((count, 1), np.bool_)
        self._began: list[_Beginning | None] = [None] * count
        # The offset in rad, its variance, and how many samples had moved when it was measured.
        self._estimate = np.stack([np.zeros(count), np.full(count, np.inf), np.zeros(count)])

    def realign(self, turn: FloatArray) -> None:
        """Go on after the segments were told otherwise: ``turn`` (J,) rad more lies between them.

        The zero stays what it is, for the cycles would have told it with the same turn.
        """
        self._estimate[0] += turn
        for joint in np.flatnonzero(turn).tolist():
            self._began[joint] = None

    def follow(self, facings: Facings) -> tuple[FloatArray, FloatArray]:
        """Return the true facing (2, J, T), like ``between``, and its standard deviation (J, T).

        Where it is not known, the segments face the same way, give or take ``UNKNOWN_SD``.
        """
        known = facings.known
        seen = facings.between if everywhere(known) else np.where(known, facings.between, 0.0)
        sums = np.concatenate([self._sums, seen], axis=2).cumsum(axis=2)
        moved = np.concatenate([self._moved, facings.moving], axis=1).cumsum(axis=1)
        events = self._lost(known) | self._begins(facings.pitch)
        offset, variance, told = (values[:, None] for values in self._estimate)
        if anywhere(events):
            offset, variance, told = self._through(events, facings, sums, moved[:, 1:])
        self._sums, self._moved = sums[..., -1:], moved[:, -1:]
        self._at += known.shape[1]
        sd = np.sqrt(_grown(variance, (moved[:, 1:] - told) / self._rate_hz))
        return _facing(facings.between, offset, sd), np.minimum(sd, UNKNOWN_SD)

    def _through(
        self, events: BoolArray, facings: Facings, sums: FloatArray, moved: IntArray
    ) -> FloatArray:
        """Take the ``events`` (J, T); return the estimate (3, J, T) after each sample."""
        course = np.repeat(self._estimate[..., None], events.shape[1], axis=2)
        for joint, at in np.argwhere(events).tolist():
            if facings.known[joint, at]:
                sample, above = self._at + at, facings.above[:, joint, at]
                self._turn_over(
                    joint, _Beginning(sample, *sums[:, joint, at], *above), moved[joint, at]
                )
            else:
                self._lose(joint)
            course[:, joint, at:] = self._estimate[:, joint, None]
        return course

    def _lost(self, known: BoolArray) -> BoolArray:
        """Return where (J, T) a joint is not known any more: its heading may be another then."""
        before = np.concatenate([self._known, known[:, :-1]], axis=1)
        self._known = known[:, -1:]
        return before & ~known

    def _begins(self, pitch: FloatArray) -> BoolArray:
        """Return where (J, T) a cycle begins: ahead of upright for the first time since behind."""
        ahead = pitch > SWING_RAD
        swung = ahead | (pitch < -SWING_RAD)
        latest = np.where(swung, 2 * np.arange(1, pitch.shape[1] + 1) + ahead, 0)
        latest = np.maximum.accumulate(np.concatenate([self._ahead, latest], axis=1), axis=1) % 2
        self._ahead = latest[:, -1:]
        begins: BoolArray = latest[:, 1:] > latest[:, :-1]
        return begins

    def _lose(self, joint: int) -> None:
        self._began[joint] = None
        self._estimate[1, joint] = np.inf

    def _turn_over(self, joint: int, here: _Beginning, moved: int) -> None:
        """Take the cycle that ends ``here``, after ``moved`` samples, if it was a stride."""
        began, self._began[joint] = self._began[joint], here
        if began is None:
            return
        measured = began.offset_until(here, self._rate_hz)
        if measured is None:
            return
        offset, variance, told = self._estimate[:, joint]
        before = _grown(variance, (moved - told) / self._rate_hz)
        gain = 1.0 if np.isinf(before) else before / (before + CYCLE_SD**2)
        off = np.remainder(measured - offset + np.pi, 2 * np.pi) - np.pi
        self._estimate[:, joint] = offset + gain * off, gain * CYCLE_SD**2, moved


@dataclass(frozen=True)
class _Beginning:
    """Where a cycle began: sample ``at``, the sums before it, and how the upper segment faced."""

    at: int
    cos_sum: float
    sin_sum: float
    cos_above: float
    sin_above: float

    def offset_until(self, end: _Beginning, rate_hz: float) -> float | None:
        """Return the mean facing in rad of the cycle; None if it was no stride straight ahead."""
        count = end.at - self.at
        cos, sin = end.cos_sum - self.cos_sum, end.sin_sum - self.sin_sum
        straight = self.cos_above * end.cos_above + self.sin_above * end.sin_above
        stride = CYCLE_S[0] <= count / rate_hz <= CYCLE_S[1] and straight > STRAIGHT_COS
        agrees = np.hypot(cos, sin) > LEAST_AGREEMENT * count
        return float(np.arctan2(sin, cos)) if stride and agrees else None


def _grown(variance: FloatArray, moved_s: FloatArray) -> FloatArray:
    """Return the ``variance`` (...) after so much movement."""
    return np.asarray(variance + WALK**2 * moved_s + (DRIFT * moved_s) ** 2)


def _facing(between: FloatArray, offset: FloatArray, sd: FloatArray) -> FloatArray:
    """Return ``between`` (2, J, T) less the ``offset`` (J, T), or 0° where that is unknown."""
    cos, sin = np.cos(offset), np.sin(offset)
    facing = np.stack([between[0] * cos + between[1] * sin, between[1] * cos - between[0] * sin])
    unknown = sd >= UNKNOWN_SD
    if anywhere(unknown):
        facing[:, unknown] = [[1.0], [0.0]]
    return facing
