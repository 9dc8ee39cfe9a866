"""Every foot's way between its rests: BodyBlock, OrientationBlock and GaitEvent → FootStep."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    FootStep,
    GaitEvent,
    Message,
    OrientationBlock,
    Side,
    Tick,
)
from gateway.worn import at_places
from inference.gait.foot_rest import MEMORY_S, SMOOTHING_S, SWING_RAD_S, movements, still, turning
from inference.gait.foot_way import ACC, GYR, QUAT, REAL, ROW, THERE, Way, steps
from inference.gait.leg_motion import FEET, SIDES
from inference.pairing import Pairing

LOOK_AHEAD_S = 0.4
"""So much of the rest after a step is waited for, to level the step by gravity."""

LONGEST_S = 3.0
"""A movement that lasts longer is no step: what was integrated so long is not known."""

PERIOD_S = 0.2
"""Steps are looked for half-way between whole multiples of this on the grid: little work at other
hops, and none in which the second ends."""

LONGEST_WAIT_S = LOOK_AHEAD_S + SMOOTHING_S + PERIOD_S
"""A step is told so much after the foot has come to rest, at most."""

_FEET = frozenset(FEET)
_KEPT_S = LONGEST_S + 2 * LOOK_AHEAD_S + MEMORY_S + 2 * PERIOD_S


@dataclass
class _Feet:
    """The newest samples of both feet, ``rows`` (N, 2, ROW) and then those ``waiting``.

    The first is number ``start`` of the grid; steps told before sample ``looked`` have been told.
    """

    person: str
    rate_hz: float
    start: int
    looked: int
    rows: FloatArray
    waiting: list[FloatArray] = field(default_factory=list)

    @classmethod
    def begun(cls, body: BodyBlock) -> _Feet:
        """Return the state before ``body``."""
        rows = np.zeros((0, len(SIDES), ROW))
        return cls(body.person, body.rate_hz, body.start, body.start, rows)

    @property
    def end(self) -> int:
        """Number of the sample that comes next."""
        return self.start + len(self.rows) + sum(len(rows) for rows in self.waiting)

    @property
    def boundary(self) -> int:
        """Up to where steps may be looked for now."""
        period = max(1, round(PERIOD_S * self.rate_hz))
        return (self.end + period // 2) // period * period - period // 2

    def followed_by(self, body: BodyBlock) -> bool:
        """Tell whether ``body`` goes on where this ends."""
        return (self.rate_hz, self.end) == (body.rate_hz, body.start)


class FootSteps:
    """Tells each step ``LOOK_AHEAD_S`` after the foot has come to rest, with the Tick after that.

    Where samples or orientation are missing, and where a movement goes on for longer than
    ``LONGEST_S``, the way is not known and there is no step.
    """

    consumes: tuple[type, ...] = (BodyBlock, OrientationBlock, GaitEvent, Tick)

    def __init__(self) -> None:
        self._pairing = Pairing(BodyBlock, OrientationBlock)
        self._feet: _Feet | None = None
        self._events: list[GaitEvent] = []

    def push(self, message: Message) -> Iterable[Message]:
        """Take a message and, where it is a Tick, return the steps that are now known, in order."""
        if isinstance(message, Tick):
            return self._told()
        if isinstance(message, GaitEvent):
            self._events.append(message)
            return []
        assert isinstance(message, BodyBlock | OrientationBlock)
        if _FEET.isdisjoint(message.places):
            return []
        return [
            step
            for body, orientation in self._pairing.push(message)
            for step in self._take(body, orientation)
        ]

    def flush(self) -> Iterable[Message]:
        """Return the steps that are known; one without the rest after it is not."""
        return self._told()

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._pairing.snapshot(), copy.deepcopy(self._feet), list(self._events)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._pairing.resume(snapshot[0])
        self._feet, self._events = copy.deepcopy(snapshot[1]), list(snapshot[2])

    def _take(self, body: BodyBlock, orientation: OrientationBlock) -> list[FootStep]:
        told: list[FootStep] = []
        if self._feet is None or not self._feet.followed_by(body):
            told = self._told()
            self._feet = _Feet.begun(body)
        self._feet.waiting.append(_rows(body, orientation))
        return told

    def _told(self) -> list[FootStep]:
        feet = self._feet
        if feet is None or feet.boundary <= feet.looked:
            return []
        steps = _look(feet, self._events)
        first_s = feet.start / feet.rate_hz
        self._events = [event for event in self._events if event.t_s >= first_s]
        return steps


def _rows(body: BodyBlock, orientation: OrientationBlock) -> FloatArray:
    there = at_places(body.valid, body.places, FEET)
    there = there & at_places(orientation.valid, orientation.places, FEET)
    rows = np.empty((*there.shape, ROW))
    rows[..., ACC] = at_places(body.acc, body.places, FEET)
    rows[..., GYR] = at_places(body.gyr, body.places, FEET)
    rows[..., QUAT] = at_places(orientation.quat, orientation.places, FEET)
    rows[..., THERE] = there
    rows[..., REAL] = at_places(body.real, body.places, FEET)
    rows[~there] = 0.0
    return rows


def _look(feet: _Feet, events: Sequence[GaitEvent]) -> list[FootStep]:
    """Return the steps told before the boundary, in order, and forget what is not needed."""
    rows, boundary = np.concatenate([feet.rows, *feet.waiting]), feet.boundary
    known = rows[: boundary - feet.start]
    level = turning(known[..., GYR], feet.rate_hz)
    at_rest = still(level, known[..., ACC], feet.rate_hz)
    found = [
        told
        for foot, side in enumerate(SIDES)
        if known[:, foot, THERE].any()
        for told in _ways(
            feet, known[:, foot], level[:, foot].copy(), at_rest[:, foot].copy(), side, events
        )
    ]
    first = max(0, boundary - feet.start - round(_KEPT_S * feet.rate_hz))
    feet.rows, feet.waiting = rows[first:].copy(), []
    feet.start, feet.looked = feet.start + first, boundary
    return steps(feet.person, [way for _, way in sorted(found, key=lambda told: told[0])])


def _ways(
    feet: _Feet,
    rows: FloatArray,
    level: FloatArray,
    at_rest: BoolArray,
    side: Side,
    events: Sequence[GaitEvent],
) -> Iterator[tuple[int, Way]]:
    """Yield the ways of one foot, ``rows`` (N, ROW), with the samples at which they are told.

    ``level`` (N,) rad/s is how fast it turns, and ``at_rest`` (N,) where it rests.
    """
    rate_hz = feet.rate_hz
    wait, longest = round(LOOK_AHEAD_S * rate_hz), round(LONGEST_S * rate_hz)
    found = movements(at_rest, level, rate_hz)
    for leaves, rests in zip(found.leaves.tolist(), found.rests.tolist(), strict=True):
        told = feet.start + rests + wait + round(SMOOTHING_S * rate_hz)
        if not feet.looked <= told < feet.start + len(rows) or rests - leaves > longest:
            continue
        before = leaves + 1 - _lasting(at_rest[leaves::-1][:wait], level[leaves::-1][:wait])
        after = rests + _lasting(at_rest[rests : rests + wait], level[rests : rests + wait])
        if rows[before:after, THERE].all():
            known = [event for event in events if event.detected_s * rate_hz <= told]
            yield (
                told,
                Way(
                    side=side,
                    rows=rows[before:after],
                    start=feet.start + before,
                    rate_hz=rate_hz,
                    leaves=leaves - before,
                    rests=rests - before,
                    events=known,
                ),
            )


def _lasting(at_rest: BoolArray, level: FloatArray) -> int:
    """Return for how many samples a rest lasts, over shifts of weight, that these begin with."""
    swings = level >= SWING_RAD_S
    first = int(swings.argmax())
    calm = at_rest[:first] if swings[first] else at_rest
    return len(calm) - int(calm[::-1].argmax())
