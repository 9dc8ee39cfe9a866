"""Leads a person through a calibration: stand, raise one knee and the other, walk, stand.

Each step says what to do, sees when it is done, and says when it is not good enough. Sensors may be
worn in any way, and at other places than they are said to be: both is told from the motion.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    GuideState,
    Message,
    OrientationBlock,
    Places,
    Side,
)
from inference.calibration.arm_placement import ARMS
from inference.calibration.nominal import nominal
from inference.calibration.placement import WHERE
from inference.calibration.tick import CalibrationTick, vectors_of
from inference.guide.result import Shown, found_on_arms, name, out_of_place, result
from inference.guide.steps import (
    BEND,
    Look,
    Repeat,
    Seen,
    Stand,
    Step,
    Walk,
    bend,
    bend_elbows,
    raise_arm,
    raise_knee,
    squat,
)
from inference.pairing import Pairing

TICK_S = 0.5
PATIENT_TICKS = 3
"""So many ticks in a row with a gap are said; fewer are left out, as radios lose packets."""

_STAND = "Stand upright and still, feet side by side, arms hanging, looking ahead"
_STAND_AGAIN = "Stand still once more, as at the beginning"
_DONE = "Done: the sensors are calibrated"


@dataclasses.dataclass
class _State:
    places: Places
    steps: list[Step]
    number: int = 0
    spoilt_ticks: int = 0
    shown: Shown | None = None
    seen: Seen = dataclasses.field(default_factory=Seen)
    told: tuple[object, ...] = ()


class CalibrationGuide:
    """Turns ``BodyBlock`` and ``OrientationBlock`` into ``GuideState`` and ``GuidedCalibration``.

    A state is told where anything of it has changed, the result once, at the end. With ``squats``
    nobody need stand on one leg: then walking alone tells the sides.
    """

    consumes: tuple[type, ...] = (BodyBlock, OrientationBlock)

    def __init__(self, *, squats: bool = False) -> None:
        self._squats = squats
        self._pairing = Pairing(BodyBlock, OrientationBlock)
        self._tick = CalibrationTick(0)
        self._state = _State((), [])

    def push(self, message: Message) -> list[Message]:
        """Take either block; return what there is to tell."""
        assert isinstance(message, BodyBlock | OrientationBlock)
        pairs = self._pairing.push(message)
        return [made for body, orientation in pairs for made in self._advance(body, orientation)]

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._pairing.snapshot(), copy.deepcopy((self._tick, self._state))

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, state = snapshot
        self._pairing.resume(held)
        self._tick, self._state = copy.deepcopy(state)

    def _advance(self, body: BodyBlock, orientation: OrientationBlock) -> Iterator[Message]:
        if body.places != self._state.places:
            self._state = _State(body.places, _steps(body.places, squats=self._squats))
            self._tick = CalibrationTick(len(body.places))
        size = max(1, round(TICK_S * body.rate_hz))
        vectors, valid = vectors_of(body, orientation), body.valid
        first = 0
        while first < len(valid) and self._state.number < len(self._state.steps):
            if not self._tick.count:
                self._tick.begin(size, np.ones(len(body.places), np.bool_))
            at = (body.start + first) % size
            last = min(len(valid), first + size - at)
            part = slice(first, last)
            self._tick.take(at, valid[part], orientation.valid[part], vectors[..., part])
            if at + last - first == size:
                yield from self._judge(body, (body.start + last) / body.rate_hz)
            first = last

    def _judge(self, body: BodyBlock, t_s: float) -> Iterator[Message]:
        """Judge the tick that has just ended, if it is whole."""
        tick, state = self._tick, self._state
        whole = tick.count == tick.size
        tick.count = 0
        if not whole:
            return
        seen = self._seen(body)
        state.number += seen.done
        finished = state.number == len(state.steps)
        if finished and (away := out_of_place(state.places, _known(state.shown))):
            self._begin_again()
            finished = False
            seen = Seen(0.0, _not_as_it_stood(away))
        yield from self._tell(body.person, t_s, seen, done=finished)
        if finished:
            yield result(body.person, t_s, state.places, _known(state.shown))

    def _seen(self, body: BodyBlock) -> Seen:
        """Show the tick to the step under way; keep what it is to remember."""
        tick, state = self._tick, self._state
        step = state.steps[state.number]
        acc, gyr, up = (np.array(part) for part in tick.motion)
        spoilt = not tick.present.all() or (state.shown is not None and not np.isfinite(up).all())
        state.spoilt_ticks = state.spoilt_ticks + 1 if spoilt else 0
        if spoilt and state.spoilt_ticks < PATIENT_TICKS:
            return state.seen
        if not tick.present.all():
            return Seen(0.0, _silent(body.places, tick.present))
        if spoilt:
            return Seen(0.0, "A sensor finds its way again; go on in a moment")
        standing = np.zeros((len(body.places), 3)) if state.shown is None else state.shown.standing
        arms = np.isin(body.places, ARMS) if state.shown is None else state.shown.on_arms
        seen = step.push(Look(body.places, (acc, gyr, up), tick.present, standing, TICK_S, arms))
        self._remember(step, (acc, gyr, up), body.rate_hz, done=seen.done)
        state.seen = Seen(0.0) if seen.done else seen
        return seen

    def _remember(
        self,
        step: Step,
        tick: tuple[FloatArray, FloatArray, FloatArray],
        rate_hz: float,
        *,
        done: bool,
    ) -> None:
        state = self._state
        shown = state.shown
        if isinstance(step, Stand):
            if step.up is not None and shown is None:
                state.shown = Shown(step.up, rate_hz, np.isin(state.places, ARMS))
            elif shown is not None:
                shown.slipped = step.slipped
            return
        shown = _known(shown)
        if isinstance(step, Repeat) and step.arms:
            if done:
                shown.arms[step.side] = step.rates_rad_s()
                shown.on_arms = found_on_arms(state.places, shown)
            return
        if isinstance(step, Repeat) and step.name == BEND:
            shown.bows.append(tick)
        else:
            shown.moves.append(tick)
        if done and isinstance(step, Repeat) and step.side is not None:
            shown.raised[step.side] = step.rates_rad_s()

    def _begin_again(self) -> None:
        state = self._state
        state.steps = _steps(state.places, squats=self._squats)
        state.number, state.shown = 0, None

    def _tell(self, person: str, t_s: float, seen: Seen, *, done: bool) -> Iterator[Message]:
        state = self._state
        step = state.steps[min(state.number, len(state.steps) - 1)]
        progress = seen.progress if done or not seen.done else 0.0
        text = _DONE if done else step.instruction
        told = ("done" if done else step.name, seen.hint, progress)
        if told != state.told:
            state.told = told
            number, steps = min(state.number + 1, len(state.steps)), len(state.steps)
            yield GuideState(person, t_s, told[0], number, steps, text, seen.hint, progress, done)


def _steps(places: Places, *, squats: bool) -> list[Step]:
    """Return what is to be done: knees and arms are raised only where they have a sensor."""
    sides = [s for s in Side if any(p.startswith(s) and p in WHERE for p in places)]
    legs: list[Repeat] = []
    for side in sides:
        legs.append(raise_knee(side, tuple(legs)))
    if squats and legs:
        legs = [squat()]
    bends = [bend(tuple(legs))] if nominal(places).trunk.any() else []
    worn = [side for side in Side if any(p.startswith(side) and p in ARMS for p in places)]
    arms: list[Repeat] = []
    for side in worn:
        arms.append(raise_arm(side, tuple(arms)))
    if arms:
        arms.append(bend_elbows())
    walk = [] if set(places) <= set(ARMS) else [Walk()]
    stand, again = Stand("stand still", _STAND), Stand("stand still again", _STAND_AGAIN)
    steps: list[Step] = [stand, *arms, *legs, *bends, *walk, again]
    return steps


def _silent(places: Places, present: BoolArray) -> str:
    if not present.any():
        return "Nothing comes from any sensor; are they switched on and near?"
    silent = [name(p) for p, there in zip(places, present, strict=True) if not there]
    it = "is it" if len(silent) == 1 else "are they"
    return f"Nothing comes from: {', '.join(silent)}; {it} switched on and near?"


def _known(shown: Shown | None) -> Shown:
    assert shown is not None
    return shown


def _not_as_it_stood(away: list[str]) -> str:
    return (
        f"{', '.join(away)}: far from how it was at the beginning. Either it slipped, or you were "
        "not standing upright then. Tighten its strap, and begin again"
    )
