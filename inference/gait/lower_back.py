"""Foot contacts from the lower back alone, where no foot and no shank wears a sensor.

The method is in `inference.gait.back_signals`, `back_steps` and `back_rhythm`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gateway.messages import (
    Figure,
    FloatArray,
    GaitEvent,
    GaitEventKind,
    IntArray,
    Message,
    Place,
    Quality,
    SegmentBlock,
    Side,
)
from gateway.wording import Wording
from inference.gait import back_signals, back_steps
from inference.gait.back_rhythm import SUDDEN, Landing, Rhythm
from inference.gait.back_signals import Lengths
from inference.gait.events import LEGS

LOOK_AHEAD_S = back_signals.LOOK_AHEAD_S

WORDINGS: Mapping[str, Wording] = {
    "vertical_excursion": Wording("Rise and fall of the trunk"),
    "harmonic_ratio_forward": Wording("Harmonic ratio, forward"),
    "harmonic_ratio_sideways": Wording("Harmonic ratio, sideways"),
    "harmonic_ratio_vertical": Wording("Harmonic ratio, vertical"),
    "smoothness": Wording("Smoothness of a stride"),
}
"""How its figures are worded for people."""

FOOT_OFF = "the lower back alone does not show well enough when a foot leaves the ground"
"""Of its double support 0.06 of a stride is error in voisard_healthy_gait, twice what it varies."""

_KEPT_S = 7.0
"""Longer than two of the longest steps and all that is looked at around their ends."""

_FRONT_S = 0.6
"""Of what led to a landing after a pause, so much is looked at for its side."""


@dataclass
class _Kept:
    """The newest samples, the first of them number ``start`` of the grid.

    ``moved`` (3, N) acceleration forward, to the left and up; ``rise`` (N,) that of step
    smoothing; ``counts`` (2, N) missing and measured samples so far.
    """

    lengths: Lengths
    start: int
    moved: FloatArray
    rise: FloatArray
    counts: IntArray

    @classmethod
    def empty(cls, lengths: Lengths, end: int) -> _Kept:
        length = round(_KEPT_S * lengths.rate_hz)
        zeros = np.zeros((4, length))
        counts = np.zeros((2, length), np.int64)
        return cls(lengths, end - length, zeros[:3], zeros[3], counts)

    def extended(self, moved: FloatArray, rise: FloatArray, flags: IntArray) -> _Kept:
        counts = self.counts[:, -1:] + flags.cumsum(axis=1)
        return _Kept(
            self.lengths,
            self.start,
            np.concatenate([self.moved, moved], axis=1),
            np.concatenate([self.rise, rise]),
            np.concatenate([self.counts, counts], axis=1),
        )

    def tail(self) -> _Kept:
        length = round(_KEPT_S * self.lengths.rate_hz)
        start = self.start + len(self.rise) - length
        parts = self.moved[:, -length:], self.rise[-length:], self.counts[:, -length:]
        return _Kept(self.lengths, start, *parts)

    @cached_property
    def loads(self) -> FloatArray:
        return back_steps.loads(self.moved, self.lengths)

    @cached_property
    def onward(self) -> FloatArray:
        return back_steps.onward(self.moved, self.lengths)


@dataclass
class _State:
    """What is known after ``end`` samples of the grid.

    ``fresh`` are the newest in level axes (3, N), with their flags (2, N), which are not among
    those ``kept`` yet: which way was forward is told by those that follow. ``before`` is each
    foot's newest event, as its sample and how many were measured by then.
    """

    lengths: Lengths
    kept: _Kept
    rhythm: Rhythm
    end: int
    looked: int
    fresh: list[tuple[FloatArray, IntArray]]
    evidence: tuple[float, float] = (0.0, 0.0)
    before: dict[Side, tuple[int, int]] = field(default_factory=dict)
    told: list[tuple[Landing, Side]] = field(default_factory=list)


class LowerBack:
    """SegmentBlock → GaitEvent and Figure of each step.

    An initial contact is told within ``LOOK_AHEAD_S``, but the first of a bout with the one that
    confirms it, and a final contact with the initial contact after it. ``quality.real_share`` is
    that of `inference.gait.events`: 0 where nothing leads to an event from the foot's one before;
    ``quality.withheld`` says that final contacts are not sure, and where steps are not.

    Figures ``vertical_excursion`` (m), with each step, and ``harmonic_ratio_forward``,
    ``harmonic_ratio_sideways``, ``harmonic_ratio_vertical`` and ``smoothness`` (1), with each
    stride of the left foot: those of the right foot have the same steps.
    """

    consumes: tuple[type, ...] = (SegmentBlock,)

    def __init__(self) -> None:
        self._state: _State | None = None

    def push(self, message: Message) -> Iterable[Message]:
        """Take a block and return what its steps come to."""
        assert isinstance(message, SegmentBlock)
        worn = message.places
        if not len(message.valid) or Place.PELVIS not in worn or not LEGS.isdisjoint(worn):
            return []
        state = self._ready(message)
        _take(state, message)
        upto = state.end - state.end % state.lengths.tick
        return _look(state, upto, message.person) if upto > state.looked else []

    def flush(self) -> Iterable[Message]:
        """Return nothing: a contact without what should follow it is not told."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert snapshot is None or isinstance(snapshot, _State)
        self._state = copy.deepcopy(snapshot)

    def _ready(self, block: SegmentBlock) -> _State:
        """Return the state, a new one where ``block`` does not continue it."""
        state = self._state
        if state is None or (state.lengths.rate_hz, state.end) != (block.rate_hz, block.start):
            state = self._state = _begun(block.rate_hz, block.start)
        return state


def _begun(rate_hz: float, start: int) -> _State:
    """Return the state before sample ``start``, with nothing but missing samples behind it."""
    lengths = Lengths.at(rate_hz)
    looked = start - start % lengths.tick
    behind = lengths.reach - 1 + start - looked
    fresh = [(np.zeros((3, behind)), np.zeros((2, behind), np.int64))]
    kept = _Kept.empty(lengths, looked - lengths.late)
    return _State(lengths, kept, Rhythm(rate_hz), start, looked, fresh)


def _take(state: _State, block: SegmentBlock) -> None:
    column = block.places.index(Place.PELVIS)
    valid, real = block.valid[:, column], block.real[:, column]
    rows = back_signals.levelled(block.acc[:, column], block.quat[:, column])
    state.fresh.append((rows, np.array([~valid, real & valid], np.int64)))
    state.end += len(valid)


def _look(state: _State, upto: int, person: str) -> list[Message]:
    """Look at all samples before number ``upto`` of the grid."""
    lengths, count = state.lengths, upto - state.looked
    level = np.concatenate([rows for rows, _ in state.fresh], axis=1)
    flags = np.concatenate([flags for _, flags in state.fresh], axis=1)
    smooth, change = back_signals.rises(level[:, : count + lengths.reach - 1], lengths)
    ahead = _ahead(state, smooth, change)
    now = slice(lengths.lead, lengths.lead + count)
    moved = back_signals.along(level[:, now], ahead)
    kept = state.kept.extended(moved, back_signals.caught(change, ahead), flags[:, now])
    state.looked, state.fresh = upto, [(level[:, count:], flags[:, count:])]
    state.kept = kept
    last = len(kept.rise) - back_steps.settling(lengths)
    first = last - count - 2 * lengths.apart
    found = back_signals.peaks(kept.rise[first:last], lengths.apart)
    made = [m for place in found.tolist() for m in _judge(state, first + place, person)]
    state.kept = kept.tail()
    return made


def _ahead(state: _State, smooth: FloatArray, change: FloatArray) -> FloatArray:
    """Return which way (2, N) is forward at each rise."""
    tick = state.lengths.tick
    evidence = back_signals.forward_evidence(smooth, change, tick)
    sums = back_signals.remembered(evidence, state.evidence)
    state.evidence = (float(sums[-1, 0]), float(sums[-1, 1]))
    return back_signals.forward(sums).repeat(tick, axis=1)


def _judge(state: _State, place: int, person: str) -> Iterator[Message]:
    """Yield what the rise at ``place`` among the samples kept leads to."""
    kept, rhythm, lengths = state.kept, state.rhythm, state.lengths
    rise_at, strength = kept.start + place, float(kept.rise[place])
    if not rhythm.is_step(rise_at, strength, int(kept.counts[0, place])):
        return
    landed, slope = back_steps.contact_place(kept.loads, place, lengths.rate_hz)
    if slope < SUDDEN * strength:
        return
    landing = _landing(kept, rhythm, (place, landed), strength)
    known = rise_at + lengths.late + lengths.apart + back_steps.settling(lengths)
    told_s = (known - known % lengths.tick + lengths.tick) / lengths.rate_hz
    for one, side in rhythm.add(landing):
        yield from _tell(state, one, side, told_s, person)


def _landing(kept: _Kept, rhythm: Rhythm, places: tuple[int, int], strength: float) -> Landing:
    """Return the landing at the ``places`` of its rise and contact, with what its step came to."""
    rate_hz = kept.lengths.rate_hz
    place, landed = places
    at = kept.start + landed
    joined = rhythm.leads_to(at)
    step = at - rhythm.recent[-1].at if joined else 0
    two = step + rhythm.recent[-1].step if joined and rhythm.recent[-1].joined else 0
    led = kept.moved[:, landed - (step or round(_FRONT_S * rate_hz)) : landed]
    up = kept.moved[2, :landed]
    return Landing(
        rise_at=kept.start + place,
        at=at,
        strength=strength,
        missing=int(kept.counts[0, place]),
        real=int(kept.counts[1, landed]),
        push=back_steps.push_m_s2(led[1]),
        excursion_m=back_steps.excursion_m(led[2], rate_hz) if joined else 0.0,
        over_two_m=back_steps.excursion_m(up[-two:], rate_hz) if two else 0.0,
        step=step,
    )


def _tell(
    state: _State, landing: Landing, side: Side, told_s: float, person: str
) -> Iterator[Message]:
    """Yield the contacts and figures of the step that ends with ``landing``."""
    last = state.told[-1] if state.told else None
    if last is None or not landing.joined or last[1] is side:
        state.told, state.before = [], {}
    state.told = [*state.told, (landing, side)][-3:]
    kind = GaitEventKind.INITIAL_CONTACT
    if len(state.told) > 1:
        yield _foot_off(state, told_s, person)
    yield _event(state, side, kind, (landing.at, landing.real), told_s, person)
    if len(state.told) > 1:
        yield from _figures(state, person)


def _foot_off(state: _State, told_s: float, person: str) -> GaitEvent:
    kept, (before, _), (landing, side) = state.kept, *state.told[-2:]
    place = back_steps.foot_off_place(
        kept.onward, before.at - kept.start, landing.at - kept.start, kept.lengths.rate_hz
    )
    now = (kept.start + place, int(kept.counts[1, place]))
    return _event(state, side, GaitEventKind.FINAL_CONTACT, now, told_s, person)


def _event(
    state: _State,
    side: Side,
    kind: GaitEventKind,
    now: tuple[int, int],
    told_s: float,
    person: str,
) -> GaitEvent:
    before = state.before.get(side)
    state.before[side] = now
    span = 0 if before is None else now[0] - before[0]
    share = (now[1] - before[1]) / span if before is not None and span > 0 else 0.0
    leaves = kind is GaitEventKind.FINAL_CONTACT
    quality = Quality(share, state.rhythm.doubt or (FOOT_OFF if leaves else ""))
    return GaitEvent(person, now[0] / state.lengths.rate_hz, told_s, side, kind, quality)


def _figures(state: _State, person: str) -> Iterator[Figure]:
    landing, side = state.told[-1]
    t_s = landing.at / state.lengths.rate_hz
    quality = _quality(state.told[-2][0], landing)
    yield Figure(person, t_s, "vertical_excursion", side, landing.excursion_m, "m", quality)
    if len(state.told) > 2 and side is Side.LEFT:
        begun, kept = state.told[-3][0], state.kept
        stride = kept.moved[:, begun.at - kept.start : landing.at - kept.start]
        ratios = back_steps.harmonic_ratios(stride).tolist()
        quality = _quality(begun, landing, state.rhythm.doubt)
        given = math.nan if quality.withheld else 1.0
        for name, value in zip(("forward", "sideways", "vertical"), ratios, strict=True):
            yield Figure(person, t_s, f"harmonic_ratio_{name}", None, value * given, "1", quality)
        smooth = back_steps.smoothness(stride, kept.lengths.rate_hz)
        yield Figure(person, t_s, "smoothness", None, smooth * given, "1", quality)


def _quality(begun: Landing, ended: Landing, withheld: str = "") -> Quality:
    return Quality((ended.real - begun.real) / (ended.at - begun.at), withheld)
