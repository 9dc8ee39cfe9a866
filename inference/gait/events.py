"""Initial and final contacts of both feet, from feet or shanks; the method is in docs/gait.md."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.messages import (
    BodyBlock,
    GaitEvent,
    GaitEventKind,
    Message,
    OrientationBlock,
    Quality,
    Side,
)
from inference.gait.contact_kernels import LOOK_AHEAD_S, Windows, signals, windows
from inference.gait.contact_rules import (
    LONGEST_HOLD_S,
    Candidate,
    Leg,
    Verdict,
    foot_offs,
    landings,
    thrusts,
)
from inference.gait.leg_buffer import Contact, LegBuffer
from inference.gait.leg_motion import FEET, SHANKS, SIDES, LegSource
from inference.pairing import Pairing

__all__ = ["LOOK_AHEAD_S", "GaitEvents"]

LEGS = frozenset(FEET + SHANKS)

LEAST_REAL_SHARE = 0.8
"""With fewer measured samples around it the time of a contact is a guess."""

MOST_UNSEEN_RAD = 1.0
"""A landing is timed by how the foot falls, and which way is up is carried over the swing by its
rate of turn. Bridging misses a third of the turning at most; where a sensor is clipped, all of it
may be false."""

UNSEEN = "how far the foot turned before it was not measured"
DOUBT = "neither was the foot seen to leave the ground, nor the other one to stand on it"


@dataclass
class _Leg:
    """One leg's rules, its newest event, and a landing that waits for the other foot."""

    side: Side
    rules: Leg = field(default_factory=Leg)
    before: Contact | None = None
    held: Contact | None = None


@dataclass
class _State:
    lengths: Windows
    buffer: LegBuffer
    source: LegSource = field(default_factory=LegSource)
    legs: list[_Leg] = field(default_factory=lambda: [_Leg(side) for side in SIDES])


class GaitEvents:
    """BodyBlock → GaitEvent, told ``LOOK_AHEAD_S`` after the sample that stands out.

    ``quality.real_share`` of an event is the share of measured samples since the foot's event
    before. It is 0 where nothing leads from one to the other: at the start and after missing
    samples, which make a foot forget what it did. ``quality.withheld`` says where too little was
    measured around an event for its time to be sure, or too little of what must go with it.
    """

    consumes: tuple[type, ...] = (BodyBlock, OrientationBlock)

    def __init__(self) -> None:
        self._pairing = Pairing(BodyBlock, OrientationBlock)
        self._state: _State | None = None

    def push(self, message: Message) -> Iterable[Message]:
        """Take a block and return the contacts that it decides, in order."""
        assert isinstance(message, BodyBlock | OrientationBlock)
        if LEGS.isdisjoint(message.places):
            return []
        return [
            event
            for body, orientation in self._pairing.push(message)
            for event in self._decided(body, orientation)
        ]

    def _decided(self, body: BodyBlock, orientation: OrientationBlock) -> list[GaitEvent]:
        state = self._ready(body)
        lengths = state.lengths
        buffer = state.buffer.extended(state.source.take(body, orientation))
        state.buffer = buffer.tail(lengths.back + lengths.ahead)
        found = signals(buffer.motion, lengths)
        span = (lengths.back + lengths.ahead, buffer.counts.shape[2])
        candidates = foot_offs(found, buffer.on_foot, span, lengths)
        candidates += thrusts(found, buffer.on_foot, span, lengths)
        candidates += landings(found, buffer.on_foot, span, lengths)
        if not candidates:
            return []
        return [
            event
            for candidate in sorted(candidates)
            for event in _judge(state, buffer, candidate, body.person)
        ]

    def flush(self) -> Iterable[Message]:
        """Return nothing: a contact without what should follow it is not told."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._pairing.snapshot(), copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._pairing.resume(snapshot[0])
        self._state = copy.deepcopy(snapshot[1])

    def _ready(self, block: BodyBlock) -> _State:
        """Return the state, a new one where ``block`` does not continue it."""
        state = self._state
        if state is None or (state.lengths.rate_hz, state.buffer.end) != (
            block.rate_hz,
            block.start,
        ):
            lengths = windows(block.rate_hz)
            empty = LegBuffer.empty(block.start, lengths.back + lengths.ahead)
            state = self._state = _State(lengths, empty)
        return state


def _judge(
    state: _State, buffer: LegBuffer, candidate: Candidate, person: str
) -> Iterator[GaitEvent]:
    """Yield the events that ``candidate`` leads to."""
    lengths, leg, other = state.lengths, state.legs[candidate.leg], state.legs[1 - candidate.leg]
    _forget_over_gap(leg, int(buffer.counts[0, candidate.leg, candidate.told]))
    if not _seen(buffer, candidate.leg, candidate, lengths):
        return
    contact = buffer.contact(candidate, lengths)
    partner = other.rules if _seen(buffer, 1 - candidate.leg, candidate, lengths) else None
    verdict = _verdict(leg.rules, candidate, contact.sample, lengths.rate_hz, partner)
    told_s = (buffer.start + candidate.told) / lengths.rate_hz
    if verdict is Verdict.HELD:
        leg.held = contact
    if verdict in {Verdict.EVENT, Verdict.DOUBTED}:
        leg.held = None
        if contact.kind is GaitEventKind.FINAL_CONTACT:
            yield from _released(other, contact.sample, lengths.rate_hz, told_s, person)
        doubt = DOUBT if verdict is Verdict.DOUBTED else ""
        yield _event(leg, contact, lengths.rate_hz, told_s, person, doubt)


def _verdict(
    rules: Leg, candidate: Candidate, sample: float, rate_hz: float, other: Leg | None
) -> Verdict:
    if candidate.kind is GaitEventKind.FINAL_CONTACT:
        return rules.leaves(sample, rate_hz, candidate.sure, other)
    return rules.lands(sample, rate_hz, candidate, other)


def _released(
    leg: _Leg, sample: float, rate_hz: float, told_s: float, person: str
) -> Iterator[GaitEvent]:
    """Yield the landing that ``leg`` held, now that the other foot has left the ground."""
    held, leg.held = leg.held, None
    if held is None or not 0 <= sample - held.sample <= LONGEST_HOLD_S * rate_hz:
        return
    leg.rules.landing = held.sample
    yield _event(leg, held, rate_hz, told_s, person)


def _event(
    leg: _Leg, contact: Contact, rate_hz: float, told_s: float, person: str, doubt: str = ""
) -> GaitEvent:
    before, leg.before = leg.before, contact
    return GaitEvent(
        person=person,
        t_s=contact.sample / rate_hz,
        detected_s=told_s,
        side=leg.side,
        kind=contact.kind,
        quality=Quality(
            real_share=_real_share(before, contact),
            withheld=_untimed(contact) or doubt,
        ),
    )


def _untimed(contact: Contact) -> str:
    """Return why the time of ``contact`` is a guess; empty if it is not."""
    if contact.timed < LEAST_REAL_SHARE:
        return f"only {contact.timed:.0%} of the samples around it were measured"
    lands = contact.kind is GaitEventKind.INITIAL_CONTACT
    return UNSEEN if lands and contact.unseen_rad > MOST_UNSEEN_RAD else ""


def _seen(buffer: LegBuffer, leg: int, candidate: Candidate, lengths: Windows) -> bool:
    """Tell whether ``leg`` misses no sample around ``candidate``."""
    first = candidate.at - lengths.back
    return bool(buffer.counts[0, leg, candidate.told] == buffer.counts[0, leg, first])


def _forget_over_gap(leg: _Leg, missing: int) -> None:
    """Make ``leg`` forget contacts since which samples are missing."""
    if leg.before is not None and missing > leg.before.missing:
        leg.rules, leg.before = Leg(), None
    if leg.held is not None and missing > leg.held.missing:
        leg.held = None


def _real_share(before: Contact | None, now: Contact) -> float:
    span = 0 if before is None else int(now.sample) - int(before.sample)
    return (now.real - before.real) / span if before is not None and span > 0 else 0.0
