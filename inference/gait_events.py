"""Initial and final contacts of both feet, from feet or shanks; the method is in docs/gait.md."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from gateway.messages import (
    BodyBlock,
    FloatArray,
    GaitEvent,
    IntArray,
    Message,
    Quality,
)
from inference.contact_kernels import LOOK_AHEAD_S, Windows, signals, windows
from inference.contact_rules import Candidate, Leg, foot_offs, landings
from inference.leg_motion import SIDES, LegMotion, LegSource

__all__ = ["LOOK_AHEAD_S", "GaitEvents"]


@dataclass
class _Buffer:
    """The newest samples, (·, 2, N); its first sample is number ``start`` of the grid.

    ``missing`` and ``real`` (2, N) count, up to each sample, those without a value and those
    that were measured.
    """

    start: int
    acc: FloatArray
    gyr: FloatArray
    missing: IntArray
    real: IntArray

    @classmethod
    def empty(cls, next_sample: int, count: int) -> _Buffer:
        """Return ``count`` missing samples up to ``next_sample`` (exclusive)."""
        nothing = np.zeros((3, 2, count))
        missing = np.tile(np.arange(1, count + 1), (2, 1))
        return cls(next_sample - count, nothing, nothing, missing, np.zeros((2, count), np.int64))

    def extended(self, motion: LegMotion) -> _Buffer:
        """Return the buffer with ``motion`` behind it."""
        missing = np.concatenate([self.missing[:, -1:], ~motion.valid], axis=1).cumsum(axis=1)
        real = np.concatenate([self.real[:, -1:], motion.real], axis=1).cumsum(axis=1)
        return _Buffer(
            self.start,
            np.concatenate([self.acc, motion.acc], axis=2),
            np.concatenate([self.gyr, motion.gyr], axis=2),
            np.concatenate([self.missing, missing[:, 1:]], axis=1),
            np.concatenate([self.real, real[:, 1:]], axis=1),
        )

    @property
    def end(self) -> int:
        """Number of the sample that comes next."""
        return self.start + int(self.acc.shape[2])

    def missing_between(self, leg: int, first: int, last: int) -> bool:
        """Tell whether samples after ``first`` up to ``last`` are missing."""
        return bool(self.missing[leg, last] > self.missing[leg, first])

    def count(self, leg: int, at: int) -> _Count:
        """Return the counts of ``leg`` at position ``at``."""
        return _Count(self.start + at, int(self.missing[leg, at]), int(self.real[leg, at]))

    def tail(self, count: int) -> _Buffer:
        """Return the newest ``count`` samples."""
        first = self.acc.shape[2] - count
        return _Buffer(
            self.start + first,
            self.acc[..., first:].copy(),
            self.gyr[..., first:].copy(),
            self.missing[:, first:].copy(),
            self.real[:, first:].copy(),
        )


@dataclass(frozen=True)
class _Count:
    """Counts of the buffer at an event."""

    sample: int
    missing: int
    real: int


@dataclass
class _State:
    lengths: Windows
    buffer: _Buffer
    source: LegSource = field(default_factory=LegSource)
    legs: list[Leg] = field(default_factory=lambda: [Leg(), Leg()])
    before: list[_Count | None] = field(default_factory=lambda: [None, None])


class GaitEvents:
    """BodyBlock → GaitEvent, told ``LOOK_AHEAD_S`` after the sample that stands out.

    ``quality.real_share`` of an event is the share of measured samples since the foot's event
    before. It is 0 where nothing leads from one to the other: at the start and after missing
    samples, which make a foot forget what it did.
    """

    consumes: tuple[type, ...] = (BodyBlock,)

    def __init__(self) -> None:
        self._state: _State | None = None

    def push(self, message: Message) -> Iterable[Message]:
        """Take a block and return the contacts that it decides, in order."""
        assert isinstance(message, BodyBlock)
        if not len(message.valid):
            return []
        state = self._ready(message)
        lengths = state.lengths
        buffer = state.buffer.extended(state.source.take(message))
        state.buffer = buffer.tail(lengths.back + lengths.ahead)
        last = buffer.acc.shape[2] - lengths.ahead
        found = signals(buffer.acc, buffer.gyr, lengths)
        candidates = foot_offs(found, lengths.back, last, lengths)
        candidates += landings(found, lengths.back, last, lengths)
        told = (_told(state, buffer, candidate, message.person) for candidate in sorted(candidates))
        return [event for event in told if event is not None]

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

    def _ready(self, block: BodyBlock) -> _State:
        """Return the state, a new one where ``block`` does not continue it."""
        state = self._state
        if state is None or (state.lengths.rate_hz, state.buffer.end) != (
            block.rate_hz,
            block.start,
        ):
            lengths = windows(block.rate_hz)
            empty = _Buffer.empty(block.start, lengths.back + lengths.ahead)
            state = self._state = _State(lengths, empty)
        return state


def _told(state: _State, buffer: _Buffer, candidate: Candidate, person: str) -> GaitEvent | None:
    """Return the event that ``candidate`` is, or None."""
    leg, lengths = candidate.leg, state.lengths
    _forget_over_gap(state, buffer, candidate)
    if buffer.missing_between(leg, candidate.at - lengths.back, candidate.at + lengths.ahead):
        return None
    offset, rate_hz = candidate.sample, lengths.rate_hz
    sample = buffer.start + offset
    if not state.legs[leg].accept(candidate.kind, sample, candidate.sustained, rate_hz):
        return None
    now = buffer.count(leg, int(offset))
    before, state.before[leg] = state.before[leg], now
    return GaitEvent(
        person=person,
        t_s=sample / rate_hz,
        detected_s=(buffer.start + candidate.at + lengths.ahead) / rate_hz,
        side=SIDES[leg],
        kind=candidate.kind,
        quality=Quality(real_share=_real_share(before, now)),
    )


def _forget_over_gap(state: _State, buffer: _Buffer, candidate: Candidate) -> None:
    """Make the leg forget its last event where samples are missing since."""
    before = state.before[candidate.leg]
    now = int(buffer.missing[candidate.leg, candidate.at + state.lengths.ahead])
    if before is not None and now > before.missing:
        state.legs[candidate.leg], state.before[candidate.leg] = Leg(), None


def _real_share(before: _Count | None, now: _Count) -> float:
    if before is None or now.sample <= before.sample:
        return 0.0
    return (now.real - before.real) / (now.sample - before.sample)
