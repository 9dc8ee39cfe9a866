"""Which candidates are contacts: the conditions on each, and the order of a leg's events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gateway.messages import BoolArray, GaitEventKind, IntArray
from inference.contact_kernels import (
    Signals,
    Windows,
    gather,
    highs,
    last_onset,
    lows,
    smoothing_delay,
)

# Least depth of a reversal: the motion turns back within 80 ms at 0.7 and 0.45 rad/s either way.
FOOT_OFF_RAD2_S2 = -0.5
LANDING_RAD2_S2 = -0.2

# Slow walking pushes off and swings faster than this; squats and sitting do so without a jolt.
PUSH_OFF_RAD_S = 2.0
SWING_RAD_S = 1.5
FREE_SWING_RAD_S = 0.8

# The swing keeps this much of the push-off's speed; after landing this much is left at most.
KEPT_SHARE = 0.25
FOOT_REST_SHARE, SHANK_REST_SHARE = 0.5, 0.65

# A landing's jolt: least size, least share of the jolts before it, and where its burst begins.
JOLT_M_S2 = 2.0
JOLT_SHARE = 0.3
ONSET_SHARE = 0.25

# When it happened: of the way from the fastest push-off to the reversal, and after a reversal.
FOOT_LIFT_SHARE, SHANK_LIFT_SHARE = 0.5, 0.35
LANDING_SHIFT_S = 0.015

SHORTEST_SWING_S = 0.2
LONGEST_SWING_S = 1.2
SHORTEST_STANCE_S = 0.2
SHORTEST_STRIDE_S = 0.45
LEAST_RETRY_S = 0.6
LONGEST_STEP_S = 1.5
LONGEST_HOLD_S = 0.6


class Candidate(NamedTuple):
    """A possible contact of ``leg``, judged once sample ``told`` is there; sorts by that.

    It stands out at ``at`` and happened at ``sample``; all are positions in the buffer.
    ``sustained`` tells of a landing that the swing before it lasted, so that it may stand
    without a final contact.
    """

    told: int
    leg: int
    kind: GaitEventKind
    at: int
    sample: float
    sustained: bool


def foot_offs(
    found: Signals, on_foot: BoolArray, span: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    """Return candidates for final contact that are told in ``span`` (first, last exclusive).

    The angular velocity reverses, after a push-off that was fast, and stays high afterwards.
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
    fastest = at + lengths.push_off[0] + push_off.argmax(axis=1)
    share = np.where(on_foot[leg, at], FOOT_LIFT_SHARE, SHANK_LIFT_SHARE)
    happened = fastest + share * (at - fastest) + smoothing_delay(lengths)
    return [
        Candidate(
            int(a) + lengths.foot_off_ahead,
            int(g),
            GaitEventKind.FINAL_CONTACT,
            int(a),
            float(h),
            sustained=False,
        )
        for g, a, h in zip(leg[good], at[good], happened[good], strict=True)
    ]


def landings(
    found: Signals, on_foot: BoolArray, span: tuple[int, int], lengths: Windows
) -> list[Candidate]:
    """Return candidates for initial contact that are told in ``span`` (first, last exclusive).

    A swing ends with a jolt and the leg turns much less soon after. Where the ground turns
    the foot back, contact is at that reversal; where it does not, at the onset of the jolt.
    """
    delay = LANDING_SHIFT_S * lengths.rate_hz + smoothing_delay(lengths)
    first, last = (told - lengths.ahead for told in span)
    reversals = lows(found.reversal, first, last, LANDING_RAD2_S2)
    turned = _landings(found, on_foot, reversals, lengths)
    struck = _landings(found, on_foot, _lone_jolts(found, first, last, lengths), lengths)
    return [
        *(c._replace(sample=c.at + delay) for c in turned),
        *(c._replace(sample=c.at + _onset(found, c, lengths)) for c in struck),
    ]


def _lone_jolts(
    found: Signals, first: int, last: int, lengths: Windows
) -> tuple[IntArray, IntArray]:
    """Return (leg, sample) of the highest jolts that no reversal is near."""
    leg, at = highs(found.jolt, first, last, JOLT_M_S2)
    if not len(leg):
        return leg, at
    highest = found.jolt[leg, at] >= gather(found.jolt, leg, at, lengths.jolt_span).max(axis=1)
    leg, at = leg[highest], at[highest]
    lone = gather(found.reversal, leg, at, lengths.turning).min(axis=1) >= LANDING_RAD2_S2
    return leg[lone], at[lone]


def _landings(
    found: Signals, on_foot: BoolArray, where: tuple[IntArray, IntArray], lengths: Windows
) -> list[Candidate]:
    leg, at = where
    if not len(leg):
        return []
    swing = gather(found.level, leg, at, lengths.swing).max(axis=1)
    rest = gather(found.level, leg, at, lengths.rest).max(axis=1)
    share = np.where(on_foot[leg, at], FOOT_REST_SHARE, SHANK_REST_SHARE)
    good = (swing >= SWING_RAD_S) & (rest <= share * swing)
    leg, at = leg[good], at[good]
    if not len(leg):
        return []
    jolt = gather(found.jolt, leg, at, lengths.landing).max(axis=1)
    earlier = gather(found.jolt, leg, at, lengths.earlier_jolts).max(axis=1)
    lasted = gather(found.level, leg, at, lengths.swing_middle).min(axis=1) >= FREE_SWING_RAD_S
    good = (jolt >= JOLT_M_S2) & (jolt >= JOLT_SHARE * earlier)
    return [
        Candidate(
            int(a) + lengths.ahead,
            int(g),
            GaitEventKind.INITIAL_CONTACT,
            int(a),
            float(a),
            bool(s),
        )
        for g, a, s in zip(leg[good], at[good], lasted[good], strict=True)
    ]


def _onset(found: Signals, candidate: Candidate, lengths: Windows) -> int:
    """Return where the burst of the jolt at ``candidate`` begins, relative to it."""
    first, last = candidate.at + lengths.onset[0], candidate.at + lengths.onset[1] + 1
    burst = found.jolt[candidate.leg, first:last]
    high = burst >= ONSET_SHARE * burst[-1]
    return lengths.onset[0] + last_onset(high, lengths.onset_pause)


class Verdict(StrEnum):
    """What a leg's order of events makes of a candidate.

    A held one is an event if the other foot leaves the ground soon after.
    """

    EVENT = "event"
    HELD = "held"
    NOTHING = "nothing"


@dataclass
class Leg:
    """What one leg did last, in samples of the grid; -inf where it is not known.

    ``proven`` is its newest landing that followed a final contact.
    """

    foot_off: float = -np.inf
    landing: float = -np.inf
    proven: float = -np.inf

    @property
    def last(self) -> float:
        """The leg's newest event."""
        return max(self.foot_off, self.landing)

    def leaves(self, sample: float, rate_hz: float) -> Verdict:
        """Judge a final contact at ``sample`` by the order of the leg's events."""
        swinging = self.foot_off > self.landing
        if swinging and sample - self.foot_off < LEAST_RETRY_S * rate_hz:
            return Verdict.NOTHING
        if sample - self.landing < SHORTEST_STANCE_S * rate_hz:
            return Verdict.NOTHING
        self.foot_off = sample
        return Verdict.EVENT

    def lands(self, sample: float, rate_hz: float, sustained: bool, other: Leg | None) -> Verdict:
        """Judge an initial contact at ``sample`` by the order of the legs' events.

        Without a final contact before it, the swing must have lasted and the legs must be
        walking: the ``other`` one did something lately or, where it has no sensor (None), this
        one took a whole step. If the other one did nothing yet, this may be the first step.
        """
        swing = sample - self.foot_off
        if self.foot_off > self.landing and swing <= LONGEST_SWING_S * rate_hz:
            if swing < SHORTEST_SWING_S * rate_hz:
                return Verdict.NOTHING
            self.landing = self.proven = sample
            return Verdict.EVENT
        if not sustained or sample - self.landing < SHORTEST_STRIDE_S * rate_hz:
            return Verdict.NOTHING
        walked = self.proven if other is None else other.last
        if sample - walked > LONGEST_STEP_S * rate_hz:
            return Verdict.NOTHING if other is None else Verdict.HELD
        self.landing = sample
        return Verdict.EVENT
