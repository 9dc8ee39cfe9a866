"""Finds there and back in many angles at once, however rest drifts: a swing rises and falls.

An angle swings when it rises by its own threshold above its lowest since the last swing, and has
swung when it is back by ``BACK_SHARE`` of that rise. Everything is decided by comparisons and
extremes at absolute samples, so it is exact under any cutting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray
from inference.repetitions.tempo import Tempo

BACK_SHARE = 2 / 3
"""A swing is over when the angle has come back by this share of its rise."""

LONGEST_S = 15.0
"""What has not come back by then is a posture, and the rest of what follows."""

GAP_S = 1.5
"""Across a longer gap nobody knows what happened."""


def swing_end(angle: FloatArray, tempo: Tempo) -> int:
    """Return the sample of ``angle`` (N,), one repetition, at which its swing is over."""
    back = tempo.peak - BACK_SHARE * (tempo.peak - tempo.low)
    returned = np.flatnonzero(angle[tempo.left :] <= back)
    return tempo.left + int(returned[0]) if len(returned) else len(angle) - 1


class Phase(Enum):
    """What happened to an angle."""

    BEGUN = auto()
    DONE = auto()
    DROPPED = auto()


@dataclass(frozen=True, slots=True)
class Swing:
    """What happened at sample ``at`` to angle ``number``.

    ``low`` and ``peak`` are the angle's lowest before, at sample ``low_at``, and highest (rad).
    """

    at: int
    number: int
    phase: Phase
    low_at: int
    low: float
    peak: float


class Swings:
    """Follows K angles (rad); ``rise`` (K,) is how far each must rise."""

    def __init__(self, rise: FloatArray, rate_hz: float) -> None:
        count = len(rise)
        self._rise = rise
        self._longest = round(LONGEST_S * rate_hz)
        self._gap = round(GAP_S * rate_hz)
        self.up: BoolArray = np.zeros(count, dtype=bool)
        self.low: FloatArray = np.full(count, np.inf)
        self.peak: FloatArray = np.full(count, -np.inf)
        self.low_at: IntArray = np.zeros(count, np.int64)
        self.since: IntArray = np.zeros(count, np.int64)
        self.known: IntArray = np.full(count, -1)

    def snapshot(self) -> tuple[object, ...]:
        """Return a copy of the state."""
        return tuple(getattr(self, name).copy() for name in _STATE)

    def resume(self, snapshot: tuple[object, ...]) -> None:
        """Go on from ``snapshot``."""
        for name, value in zip(_STATE, snapshot, strict=True):
            assert isinstance(value, np.ndarray)
            setattr(self, name, value.copy())

    def advance(self, start: int, angle: FloatArray) -> list[Swing]:
        """Take the ``angle`` (K, T) of the samples from ``start`` on; return what happened."""
        quiet = self._stay(start, angle)
        return sorted(
            (swing for k in np.flatnonzero(~quiet) for swing in self._follow(int(k), start, angle)),
            key=lambda swing: (swing.at, swing.number),
        )

    def _stay(self, start: int, angle: FloatArray) -> BoolArray:
        """Advance those angles (K,) that only go on as they were, and say which."""
        up, low = self.up, self.low
        lowest, highest = angle.min(axis=1), angle.max(axis=1)
        end = start + angle.shape[1]
        peak = np.maximum(self.peak, highest)
        # On the safe side: the most that the angle can have risen, and come back, in the block.
        fell = peak - lowest >= self._drop(peak)
        rose = highest - np.minimum(low, lowest) >= self._rise
        late = end - 1 - self.since > self._longest
        quiet: BoolArray = np.where(up, ~(fell | late), ~rose) & (highest >= lowest)
        quiet &= start - self.known <= self._gap
        settle = quiet & ~up & (lowest < low)
        if np.count_nonzero(settle):
            where = np.flatnonzero(settle)
            self.low_at[where] = start + angle[where].argmin(axis=1)
            self.low[where] = lowest[where]
        climb = quiet & up
        self.peak[climb] = peak[climb]
        self.known[quiet] = end - 1
        return quiet

    def _drop(self, peak: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore"):
            back: FloatArray = np.maximum(BACK_SHARE * (peak - self.low), self._rise)
        return back

    def _follow(self, k: int, start: int, angle: FloatArray) -> Iterator[Swing]:
        """Follow angle ``k`` from one known stretch to the next."""
        known = np.flatnonzero(~np.isnan(angle[k]))
        edges = np.flatnonzero(np.diff(known) > 1) + 1
        for stretch in np.split(known, edges):
            if len(stretch):
                first = start + int(stretch[0])
                if first - self.known[k] > self._gap:
                    yield from self._lose(k, first)
                yield from self._walk(k, first, angle[k, stretch])
                self.known[k] = start + int(stretch[-1])

    def _lose(self, k: int, at: int) -> Iterator[Swing]:
        if self.up[k]:
            yield self._swing(k, at, Phase.DROPPED)
        self.up[k], self.low[k] = False, np.inf

    def _walk(self, k: int, start: int, angle: FloatArray) -> Iterator[Swing]:
        at = 0
        while at < len(angle):
            rest = angle[at:]
            here = start + at
            if self.up[k]:
                turned, phase = self._fall(k, here, rest)
            else:
                turned, phase = self._climb(k, here, rest), Phase.BEGUN
            if turned is None:
                return
            yield self._turn(k, here + turned, float(rest[turned]), phase)
            at += turned + 1

    def _climb(self, k: int, here: int, angle: FloatArray) -> int | None:
        """Return where the angle has risen far enough, and keep its lowest until there."""
        lowest = np.minimum.accumulate(np.concatenate([[self.low[k]], angle]))[1:]
        risen = np.flatnonzero(angle - lowest >= self._rise[k])
        end = int(risen[0]) if len(risen) else len(angle)
        if end:
            before = angle[:end]
            at = int(before.argmin())
            if before[at] < self.low[k]:
                self.low[k], self.low_at[k] = before[at], here + at
        return end if len(risen) else None

    def _fall(self, k: int, here: int, angle: FloatArray) -> tuple[int | None, Phase]:
        """Return where the swing is over or has become a posture, and keep its peak until there."""
        peak = np.maximum.accumulate(np.concatenate([[self.peak[k]], angle]))[1:]
        back = np.maximum(BACK_SHARE * (peak - self.low[k]), self._rise[k])
        fallen = np.flatnonzero(peak - angle >= back)
        over = int(fallen[0]) if len(fallen) else len(angle)
        late = max(0, int(self.since[k]) + self._longest + 1 - here)
        end = min(over, late)
        if end >= len(angle):
            self.peak[k] = peak[-1]
            return None, Phase.DONE
        self.peak[k] = peak[end]
        return end, Phase.DONE if over <= late else Phase.DROPPED

    def _turn(self, k: int, at: int, angle: float, phase: Phase) -> Swing:
        """Go over into what follows ``phase``, where the angle is ``angle``."""
        if phase is Phase.BEGUN:
            self.up[k], self.peak[k], self.since[k] = True, angle, at
            return self._swing(k, at, phase)
        swing = self._swing(k, at, phase)
        self.up[k], self.low[k], self.low_at[k] = False, angle, at
        return swing

    def _swing(self, k: int, at: int, phase: Phase) -> Swing:
        return Swing(at, k, phase, int(self.low_at[k]), float(self.low[k]), float(self.peak[k]))


_STATE = ("up", "low", "peak", "low_at", "since", "known")
