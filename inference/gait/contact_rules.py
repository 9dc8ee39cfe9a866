"""Which candidates are contacts: the conditions on each, and the order of a leg's events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gateway.messages import BoolArray, FloatArray, GaitEventKind, IntArray
from inference.gait.contact_kernels import (
    Signals,
    Windows,
    gather,
    highs,
    lows,
    smoothing_delay,
)
from inference.gait.foot_rest import REST_SHARE

# Least depth of a reversal: the motion turns back within 80 ms at 0.7 rad/s either way.
FOOT_OFF_RAD2_S2 = -0.5

# Slow walking pushes off and swings faster than this; squats and sitting do so without a jolt.
PUSH_OFF_RAD_S = 2.0
SWING_RAD_S = 1.0
FREE_SWING_RAD_S = 0.5

# A foot that pivots does not turn back, but the leg thrusts it upwards, fastest a little before
# it leaves: 0 to 0.06 s, the further back on the foot the sensor sits.
THRUST_M_S2 = 3.0
AFTER_THRUST_S = 0.02

# The swing keeps this much of the push-off's speed; after landing this much is left at most.
KEPT_SHARE = 0.25
FOOT_REST_SHARE, SHANK_REST_SHARE = 0.5, 0.65

# A landing: it falls at least so fast, until the ground leaves this much of it, with a jolt. That
# is later than by optical markers, and earlier than marked by hand or simulated.
FALL_M_S2 = -1.0
LEFT_SHARE = 0.47
JOLT_M_S2 = 2.0

# On stairs a foot slows down in the air too. One that has gained so much speed upwards in the last
# 0.4 s, a swing, is still on its way up; one that is stopped with less than this share of the jolt
# that follows has not met the ground yet.
GAINED_M_S = 0.5
LEAST_BLOW_SHARE = 0.1

# Who is stopped so hard after such a fall has landed, though the foot may slap down as fast. A
# foot that falls less is set down: the fall may be over long before the ground is reached.
HARD_FALL_M_S2, HARD_JOLT_M_S2, HARD_REST_SHARE = -4.0, 20.0, 1.0

# A foot that is set down: its burst is at least so high, and it is quieter after it.
SET_DOWN_M_S2 = 3.0
SET_DOWN_REST_SHARE = 0.3

# When the foot leaves: of the way from the fastest push-off to the reversal.
FOOT_LIFT_SHARE, SHANK_LIFT_SHARE = 0.5, 0.35

SHORTEST_SWING_S = 0.2
# One that ends in rest has ended, even if the foot was seen to leave a little late.
SHORTEST_SWING_TO_REST_S = 0.15
LONGEST_SWING_S = 1.2
SHORTEST_STANCE_S = 0.2
SHORTEST_STRIDE_S = 0.45
LEAST_RETRY_S = 0.6
# Runners take up to 200 steps a minute, walkers fewer.
SHORTEST_STEP_S = 0.3
LONGEST_STEP_S = 1.5
LONGEST_HOLD_S = 0.6


class Candidate(NamedTuple):
    """A possible contact of ``leg``, judged once sample ``told`` is there; sorts by that.

    It stands out at ``at`` and happened at ``sample``; all are positions in the buffer.
    ``sure`` tells of a landing that the swing before it lasted, so that it may stand without a
    final contact, and of a final contact that the foot turned back, so that it may begin a walk.
    ``rests`` tells of a landing that the foot is at rest soon after.
    """

    told: int
    leg: int
    kind: GaitEventKind
    at: int
    sample: float
    sure: bool
    rests: bool = False


def foot_offs(
    found: Signals, on_foot: BoolArray, span: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    """Return candidates for final contact that are told in ``span`` (first, last exclusive).

    The angular velocity reverses, after a push-off that was fast, and stays high afterwards; the
    leg is thrust upwards before rather than after, the other way round than at a landing.
    The toes leave between the fastest push-off and the reversal: half-way for a foot, earlier
    for a shank, which leans on while the foot is in the air. ``on_foot`` (legs, samples).
    """
    first, last = (told - lengths.foot_off_ahead for told in span)
    leg, at = lows(found.reversal, first, last, FOOT_OFF_RAD2_S2)
    if not len(leg):
        return []
    around = gather(found.reversal, leg, at, lengths.reversal_span)
    push_off = gather(found.level, leg, at, lengths.push_off)
    before = push_off.max(axis=1)
    after = gather(found.level, leg, at, lengths.swing_start).min(axis=1)
    good = found.reversal[leg, at] <= around.min(axis=1)
    good &= before >= PUSH_OFF_RAD_S
    good &= after >= KEPT_SHARE * before
    thrust = gather(found.rise, leg, at, lengths.thrust).sum(axis=1)
    good &= thrust > gather(found.rise, leg, at, lengths.thrust_over).sum(axis=1)
    fastest = at + lengths.push_off[0] + push_off.argmax(axis=1)
    share = np.where(on_foot[leg, at], FOOT_LIFT_SHARE, SHANK_LIFT_SHARE)
    happened = at + _evenly((1.0 - share) * (fastest - at) + smoothing_delay(lengths))
    return [
        Candidate(
            int(a) + lengths.foot_off_ahead,
            int(g),
            GaitEventKind.FINAL_CONTACT,
            int(a),
            float(h),
            sure=True,
        )
        for g, a, h in zip(leg[good], at[good], happened[good], strict=True)
    ]


def thrusts(
    found: Signals, on_foot: BoolArray, span: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    """Return final contacts without a reversal that are told in ``span`` (first, last exclusive).

    A foot that pivots, or is lifted flat, swings on the way it pushed off. The leg thrusts it
    upwards, it is fast by then and stays so, and nothing that turns back follows.
    """
    first, last = (told - lengths.ahead for told in span)
    leg, at = highs(found.rise, first, last, THRUST_M_S2)
    if not len(leg):
        return []
    good = found.rise[leg, at] >= gather(found.rise, leg, at, lengths.fall).max(axis=1)
    good &= on_foot[leg, at] & (found.level[leg, at] >= PUSH_OFF_RAD_S)
    before = gather(found.level, leg, at, lengths.push_off).max(axis=1)
    good &= gather(found.level, leg, at, lengths.swing_start).min(axis=1) >= KEPT_SHARE * before
    turning = gather(found.reversal, leg, at, lengths.turning).min(axis=1)
    good &= turning > FOOT_OFF_RAD2_S2
    return [
        Candidate(
            int(a) + lengths.ahead,
            int(g),
            GaitEventKind.FINAL_CONTACT,
            int(a),
            float(a + _evenly(np.array(AFTER_THRUST_S * lengths.rate_hz))),
            sure=False,
        )
        for g, a in zip(leg[good], at[good], strict=True)
    ]


def landings(
    found: Signals, on_foot: BoolArray, span: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    """Return candidates for initial contact that are told in ``span`` (first, last exclusive).

    After a swing the leg falls, the ground stops it with a jolt, and it turns much less soon
    after. Contact is where the ground has taken back half of the fall's acceleration or so; a foot
    that is set down, with hardly a fall or none, touches in the middle of its burst of jolts.
    """
    first, last = (told - lengths.ahead for told in span)
    return [
        *_falls(found, on_foot, (first, last), lengths),
        *_set_downs(found, on_foot, (first, last), lengths),
    ]


def _falls(
    found: Signals, on_foot: BoolArray, where: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    leg, at = lows(found.rise, *where, FALL_M_S2)
    if not len(leg):
        return []
    caught = at + _caught(gather(found.rise, leg, at, lengths.touch))
    burst = at + gather(found.burst, leg, at, lengths.stop).argmax(axis=1)
    set_down = on_foot[leg, at] & (found.rise[leg, at] > HARD_FALL_M_S2)
    happened = np.where(set_down, burst, caught)
    good = found.rise[leg, at] <= gather(found.rise, leg, at, lengths.fall).min(axis=1)
    good &= np.isfinite(happened)
    leg, at, happened = leg[good], at[good], happened[good]
    good = _met_ground(found, leg, at, happened, lengths) | ~on_foot[leg, at]
    share = np.where(on_foot[leg, at], FOOT_REST_SHARE, SHANK_REST_SHARE)
    good &= _stopped(found, leg, at, share, lengths)
    return _landed(found, leg[good], at[good], happened[good], lengths)


def _met_ground(
    found: Signals, leg: IntArray, at: IntArray, happened: FloatArray, lengths: Windows
) -> BoolArray:
    """Tell which feet came down, and met what stops them when they ``happened`` to be stopped."""
    gained = gather(found.rise, leg, at, lengths.gained).sum(axis=1) / lengths.rate_hz
    blow = gather(found.jolt, leg, np.rint(happened).astype(np.int64), lengths.blow).max(axis=1)
    hardest = gather(found.jolt, leg, at, lengths.judged).max(axis=1)
    met: BoolArray = (gained <= GAINED_M_S) & (blow >= LEAST_BLOW_SHARE * hardest)
    return met


def _set_downs(
    found: Signals, on_foot: BoolArray, where: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    leg, at = highs(found.burst, *where, SET_DOWN_M_S2)
    if not len(leg):
        return []
    good = found.burst[leg, at] >= gather(found.burst, leg, at, lengths.burst).max(axis=1)
    good &= gather(found.rise, leg, at, lengths.falling).min(axis=1) > FALL_M_S2
    good &= on_foot[leg, at] & _stopped(found, leg, at, SET_DOWN_REST_SHARE, lengths)
    return _landed(found, leg[good], at[good], at[good].astype(float), lengths)


def _stopped(
    found: Signals, leg: IntArray, at: IntArray, share: FloatArray | float, lengths: Windows
) -> BoolArray:
    """Tell which legs swung and were stopped: by a jolt, to that ``share`` of the swing's speed."""
    swing = gather(found.level, leg, at, lengths.swing).max(axis=1)
    rest = gather(found.level, leg, at, lengths.rest).max(axis=1)
    jolt = gather(found.jolt, leg, at, lengths.landing).max(axis=1)
    blow = HARD_JOLT_M_S2 * lengths.jolt_stretch**2  # as smooth motion's second difference grows
    hard = (found.rise[leg, at] <= HARD_FALL_M_S2) & (jolt >= blow)
    quiet = rest <= np.where(hard, HARD_REST_SHARE, share) * swing
    stopped: BoolArray = (swing >= SWING_RAD_S) & quiet & (jolt >= JOLT_M_S2)
    return stopped


def _landed(
    found: Signals, leg: IntArray, at: IntArray, happened: FloatArray, lengths: Windows
) -> list[Candidate]:
    lasted = gather(found.level, leg, at, lengths.swing_middle).min(axis=1) >= FREE_SWING_RAD_S
    swing = gather(found.level, leg, at, lengths.swing).max(axis=1)
    rests = gather(found.level, leg, at, lengths.rest).max(axis=1) <= REST_SHARE * swing
    return [
        Candidate(
            int(a) + lengths.ahead,
            int(g),
            GaitEventKind.INITIAL_CONTACT,
            int(a),
            float(h),
            bool(s),
            bool(r),
        )
        for g, a, h, s, r in zip(leg, at, happened, lasted, rests, strict=True)
    ]


def _evenly(samples: FloatArray) -> FloatArray:
    """Return parts of samples in steps so fine and so even that whole ones add without rounding.

    So a contact's time is the same however its buffer lies on the grid.
    """
    return np.asarray(np.rint(samples * 1024) / 1024)


def _caught(rise: FloatArray) -> FloatArray:
    """Return after how many samples (N,) of ``rise`` (N, span) `LEFT_SHARE` of the first is left.

    Between two samples it is interpolated; NaN where it does not come to that.
    """
    left = LEFT_SHARE * rise[:, 0]
    caught = rise >= left[:, None]
    after = np.maximum(caught.argmax(axis=1), 1)
    row = np.arange(len(rise))
    before, there = rise[row, after - 1], rise[row, after]
    share = (left - before) / np.where(there > before, there - before, 1.0)
    return np.where(caught.any(axis=1), after - 1 + _evenly(share), np.nan)


class Verdict(StrEnum):
    """What a leg's order of events makes of a candidate.

    A doubted one is an event that may be another than it seems; a held one is an event if the
    other foot leaves the ground soon after.
    """

    EVENT = "event"
    DOUBTED = "doubted"
    HELD = "held"
    NOTHING = "nothing"


@dataclass
class Leg:
    """What one leg did last, in samples of the grid; -inf where it is not known.

    ``proven`` is its newest landing that followed a final contact, ``held`` its newest that
    came too soon after the other foot's.
    """

    foot_off: float = -np.inf
    landing: float = -np.inf
    proven: float = -np.inf
    held: float = -np.inf

    @property
    def last(self) -> float:
        """When the leg was last seen walking."""
        return max(self.foot_off, self.landing, self.held)

    def leaves(self, sample: float, rate_hz: float, sure: bool, other: Leg | None) -> Verdict:
        """Judge a final contact at ``sample`` by the order of the legs' events.

        One that is not ``sure`` counts only while the legs are walking, as with `lands`.
        """
        if not sure and sample - self._walked(other) > LONGEST_STEP_S * rate_hz:
            return Verdict.NOTHING
        swinging = self.foot_off > self.landing
        if swinging and sample - self.foot_off < LEAST_RETRY_S * rate_hz:
            return Verdict.NOTHING
        if sample - self.landing < SHORTEST_STANCE_S * rate_hz:
            return Verdict.NOTHING
        self.foot_off = sample
        return Verdict.EVENT

    def lands(
        self, sample: float, rate_hz: float, candidate: Candidate, other: Leg | None
    ) -> Verdict:
        """Judge an initial contact at ``sample`` of the grid by the order of the legs' events.

        Without a final contact before it, the swing must have lasted and the legs must be
        walking: the ``other`` one did something lately or, where it has no sensor (None), this
        one took a whole step. If the other one did nothing yet, this may be the first step. If
        it has only just landed, this one may still stand, and roll over its toes; so it may
        where nothing tells that the other one stands.
        """
        swing = sample - self.foot_off
        if self.foot_off > self.landing and swing <= LONGEST_SWING_S * rate_hz:
            least_s = SHORTEST_SWING_TO_REST_S if candidate.rests else SHORTEST_SWING_S
            if swing < least_s * rate_hz:
                return Verdict.NOTHING
            self.landing = self.proven = sample
            return Verdict.EVENT
        if not candidate.sure or sample - self.landing < SHORTEST_STRIDE_S * rate_hz:
            return Verdict.NOTHING
        if sample - self._walked(other) > LONGEST_STEP_S * rate_hz:
            return Verdict.NOTHING if other is None else Verdict.HELD
        if other is not None and sample - other.landing < SHORTEST_STEP_S * rate_hz:
            self.held = sample
            return Verdict.HELD
        self.landing = sample
        stands = other is not None and other.landing >= other.foot_off
        return Verdict.EVENT if stands else Verdict.DOUBTED

    def _walked(self, other: Leg | None) -> float:
        """Return when the legs were last seen walking."""
        return self.proven if other is None else other.last
