"""Sensor-to-segment calibration: from standing still, refined by movement.

What is assumed: the person first stands upright and still for two seconds, feet flat, looking
ahead, with straight knees; that stance is zero for every joint. Where on the strap a sensor sits
does not matter. Sitting is told from standing where sensors are worn as described; a stance of a
sensor that comes later counts only while the sensors already known say that the person stands.
A sensor that was moved on its segment is known no more, until the next stance.

A calibration that was kept gives the fronts at the first stance already, of the sensors in which up
is where it was then. One that sits otherwise is said to, and calibrated anew.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    Calibration,
    FloatArray,
    Marker,
    Message,
    OrientationBlock,
    SegmentBlock,
)
from gateway.worn import anywhere
from inference.calibration import alignment, remounting
from inference.calibration.kept import Kept
from inference.calibration.nominal import nominal
from inference.calibration.placement_watch import PlacementWatch
from inference.calibration.remounting import AS_BEFORE, Moved
from inference.calibration.stance import Stance
from inference.calibration.state import EVIDENCE_S, CalibrationState
from inference.calibration.tick import CalibrationTick, motion_of, vectors_of, whole_ticks
from inference.calibration.tick_evidence import TickEvidence, gathered
from inference.inclination import without_heading
from inference.pairing import Pairing

UPRIGHT = np.radians(15)
"""A known segment within this of its calibration stance is upright."""

WALKED_SHARE = 0.5
"""The fronts of pelvis and trunk are settled only if so much of what told them was walking."""

SWING_S = 0.25
"""A foot's first front takes only so long, as it tilts so far only in swing: one swing will do."""

STANDING, MOVING = "standing still", "standing still and movement"
STORED = "standing still, with what was kept"
MOVED = "a sensor was moved"
LEAST_JUDGED = 3
"""Fewer sensors do not say which of them was moved."""

AGREEMENT = 0.6
"""Share of the tilt that must point one way for the forward axis to be taken from it."""


class SegmentCalibration:
    """Turns ``BodyBlock`` and ``OrientationBlock`` into ``SegmentBlock`` and ``Calibration``.

    Until a place is calibrated its segment rests on the nominal mounting and is marked so.
    ``Calibration`` comes when a stance or movement has changed the alignment of at least one
    place, in between the segments made with the old and the new one.
    """

    consumes: tuple[type, ...] = (BodyBlock, OrientationBlock)

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or Kept()
        self._news: list[tuple[str, str]] = []
        self._watch = PlacementWatch(())
        self._pairing = Pairing(BodyBlock, OrientationBlock)
        self._state = CalibrationState.nominal(())
        self._tick = CalibrationTick(0)
        self._stance = Stance()

    def push(self, message: Message) -> list[Message]:
        """Take either block; return the segments of the samples for which both have come."""
        assert isinstance(message, BodyBlock | OrientationBlock)
        pairs = self._pairing.push(message)
        return [made for body, orientation in pairs for made in self._advance(body, orientation)]

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        held = self._pairing.snapshot()
        state = copy.deepcopy((self._state, self._tick, self._watch))
        return held, state, self._stance.snapshot()

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, state, stance = snapshot
        self._pairing.resume(held)
        self._state, self._tick, self._watch = copy.deepcopy(state)
        self._stance.resume(stance)

    def _advance(self, body: BodyBlock, orientation: OrientationBlock) -> Iterable[Message]:
        if body.places != self._state.places:
            self._state = CalibrationState.nominal(body.places)
            self._tick = CalibrationTick(len(body.places))
            self._watch = PlacementWatch(body.places)
        vectors = vectors_of(body, orientation)
        valid = body.valid & orientation.valid
        flags = valid, body.real & orientation.converged
        done = first = 0
        while first < len(valid):
            axes, known = self._state.axes, self._state.known
            last, method = self._take(body, orientation, vectors, first)
            if method:
                yield _segments(body, vectors, flags, slice(done, last), axes, known)
                yield self._calibration(body, last, method)
                done = last
            if self._news:
                yield from self._told(body, last)
            first = last
        if done < len(valid):
            rest = slice(done, len(valid))
            axes, known = self._state.axes, self._state.known
            yield _segments(body, vectors, flags, rest, axes, known)

    def _take(
        self, body: BodyBlock, orientation: OrientationBlock, vectors: FloatArray, first: int
    ) -> tuple[int, str]:
        """Take samples from ``first`` on: whole ticks, or what there is of one.

        Returns where to go on, and by what method an alignment changed there, if any.
        """
        tick, state, rate_hz = self._tick, self._state, body.rate_hz
        if not tick.count:
            self._begin_tick(rate_hz)
        at = (body.start + first - round(state.phase_s * rate_hz)) % tick.size
        whole = 0 if at or not state.settled() else whole_ticks(body.valid[first:], tick.size)
        if whole:
            span = slice(first, first + whole * tick.size)
            ticks = motion_of(vectors[..., span], orientation.converged[span], tick.size)
            judged, method = self._judge_settled(ticks, rate_hz)
            return first + judged * tick.size, method
        last = min(len(body.valid), first + tick.size - at)
        part = slice(first, last)
        tick.take(at, body.valid[part], orientation.converged[part], vectors[..., part])
        return last, self._judge(rate_hz) if at + last - first == tick.size else ""

    def _begin_tick(self, rate_hz: float) -> None:
        size = max(1, round(self._state.tick_s * rate_hz))
        self._tick.begin(size, self._wanted())

    def _wanted(self) -> BoolArray:
        """Return which places (S,) a tick could tell anything of."""
        wanted = self._state.unfinished()
        if len(self._state.places) >= LEAST_JUDGED:
            wanted |= self._state.known
        return wanted

    def _judge_settled(self, motion: FloatArray, rate_hz: float) -> tuple[int, str]:
        """Judge whole ticks, ``motion`` (3, 3, S, T, N), of which none can be a stance any more.

        Returns how many, and by what method the last of them changed an alignment, if any.
        """
        state, count = self._state, motion.shape[3]
        everyone = np.ones(len(state.places), np.bool_)
        state.hear(everyone)
        self._stance.forget()
        if not anywhere(self._wanted()):
            return count, ""
        moved = self._look_for_moved(motion, everyone)
        told = self._evidence(motion, motion, everyone, rate_hz)
        for tick in self._telling(moved, told, self._watch.looks_at(motion[1])):
            self._watch_places(motion[..., tick, :], everyone, rate_hz)
            refined = state.refined.copy()
            method = self._moved(moved, tick) or self._move(told, tick, everyone)
            # What further ticks say was told of places as they were.
            if method or self._news or not np.array_equal(refined, state.refined):
                return tick + 1, method
        return count, ""

    def _judge(self, rate_hz: float) -> str:
        """Judge the tick that has just ended; say by what method an alignment changed, if any."""
        tick = self._tick
        complete = tick.count == tick.size
        tick.count = 0
        if not complete:  # the session, or ticks of this length, began within this one
            return ""
        self._state.hear(tick.heard)
        if not tick.gathers:
            self._stance.forget()
            return ""
        acc, gyr, _ = tick.motion
        present, motion = tick.present, tick.motion[..., None, :]
        usable = present & self._state.usable()
        self._watch_places(tick.motion, usable, rate_hz)
        return (
            self._moved(self._look_for_moved(motion, usable), 0)
            or self._stand(acc, gyr, present)
            or self._move(self._evidence(motion, tick.second(rate_hz), usable, rate_hz), 0, usable)
        )

    def _watch_places(self, motion: FloatArray, usable: BoolArray, rate_hz: float) -> None:
        exchanged = self._watch.push(motion, self._state.up, usable, rate_hz)
        self._news += [("sensor_exchanged", text) for text in exchanged]

    def _look_for_moved(self, motion: FloatArray, judged: BoolArray) -> Moved | None:
        """Return what ticks (3, 3, S, T, N) say of ``judged`` (S,) sensors' having been moved."""
        state = self._state
        if np.count_nonzero(judged) < LEAST_JUDGED:
            return None
        refined = judged & (state.refined > 0)
        return remounting.moved(state.places, motion, state.up, state.axes, judged, refined)

    def _moved(self, told: Moved | None, tick: int) -> str:
        """Lose the sensors that were moved, as one of the ticks ``told`` shows."""
        state = self._state
        if told is None:
            return ""
        if told.at_rest.rests[tick]:
            moved = state.rest(told.at_rest, tick)
        else:
            moved = state.move(told.in_motion, tick)
        if not anywhere(moved):
            return ""
        state.lose(moved)
        again, then = moved & (state.moved > 1), "stand still for two seconds"
        self._tell(moved & ~again, f"it was moved since it was calibrated; {then}")
        self._tell(again, f"it was moved again: tighten its strap, and {then}")
        self._watch.begin()
        return MOVED

    def _stand(self, acc: FloatArray, gyr: FloatArray, present: BoolArray) -> str:
        state = self._state
        if not anywhere(present & ~state.usable()):
            self._stance.forget()
            return ""
        found = self._stance.push(acc.T, gyr.T, present)
        if found is None or not self._upright(*found):
            return ""
        there, up = found
        aligned = there & ~state.usable()
        state.align(aligned, up)
        self._watch.begin()
        return self._take_kept(aligned) or STANDING

    def _take_kept(self, aligned: BoolArray) -> str:
        """Take the fronts that were kept of ``aligned`` (S,) where up is as it was."""
        state, kept = self._state, self._kept
        axes = kept.axes(state.places)
        there = aligned & np.isfinite(axes[:, 0, 0])
        if not there.any():
            return ""
        off = np.zeros(len(there))
        off[there] = alignment.angle_between(state.up[there], axes[there, :, 1])
        as_kept = there & (off < AS_BEFORE)
        self._tell(
            there & ~as_kept,
            f"it sits otherwise than in the calibration of {kept.made}; it was calibrated anew by "
            "standing",
        )
        if not as_kept.any():
            return ""
        state.take_fronts(as_kept, axes[:, :, 0])
        return STORED

    def _upright(self, there: BoolArray, up: FloatArray) -> bool:
        state = self._state
        known = nominal(state.places)
        trusted = there & state.usable() & known.sagittal
        if not trusted.any():
            return not alignment.looks_seated(known, up, there)
        return bool((alignment.angle_between(up, state.up)[trusted] < UPRIGHT).all())

    def _evidence(
        self, motion: FloatArray, second: FloatArray, usable: BoolArray, rate_hz: float
    ) -> TickEvidence | None:
        """Return what ticks (3, 3, S, T, N) tell of the fronts of ``usable`` (S,) places."""
        state = self._state
        wanted = usable & state.unrefined()
        if not anywhere(wanted):
            return None
        return gathered(nominal(state.places), motion, second, state.up, usable, wanted, rate_hz)

    def _telling(
        self, moved: Moved | None, told: TickEvidence | None, watched: BoolArray
    ) -> Iterable[int]:
        """Return which ticks say anything, those that are ``watched`` (T,) among them."""
        telling = watched if told is None else watched | told.told
        if moved is not None:
            remembered = self._state.suspect | self._state.odd
            begun = anywhere(moved.in_motion.moved) or anywhere(moved.at_rest.odd)
            if begun or anywhere(remembered):
                return range(len(telling))
            telling = telling | moved.at_rest.moved.any(axis=1)
        numbers: list[int] = telling.nonzero()[0].tolist()
        return numbers

    def _move(self, told: TickEvidence | None, tick: int, usable: BoolArray) -> str:
        state = self._state
        # Only what a tick adds can make a place ready.
        if told is None or not told.told[tick]:
            return ""
        state.gather(told, tick)
        known = nominal(state.places)
        needed = np.array([*EVIDENCE_S, np.inf])[state.refined] * told.rate_hz
        needed[known.foot & (state.refined == 0)] = SWING_S * told.rate_hz
        ready = told.wanted & (state.clear >= needed)
        agreed = ready & (np.sqrt((state.tilt**2).sum(axis=1)) >= AGREEMENT * state.weight)
        state.forget_movement(ready & ~agreed)
        before = state.axes
        if not agreed.any():
            return ""
        changed = state.refine(agreed, alignment.thigh_known(known, usable))
        # Who bends or squats leans forward, but who sits down may lean back: walking decides.
        walked = state.pushed >= WALKED_SHARE * state.clear
        settled = agreed & (state.refined > 1)
        state.keep_open(settled & known.trunk & known.hips & ~walked)
        if not changed:
            return ""
        self._tell_turned(before, agreed)
        return MOVING

    def _tell_turned(self, before: FloatArray, agreed: BoolArray) -> None:
        """Say which of the sensors ``agreed`` (S,) to have moved were not as they were kept."""
        state = self._state
        kept = agreed & np.isfinite(self._kept.axes(state.places)[:, 0, 0]) & (state.refined > 1)
        turned = alignment.angle_between(before[:, :, 0], state.axes[:, :, 0]) > remounting.MOVED
        self._tell(
            kept & turned,
            f"it was turned round its limb since the calibration of {self._kept.made}; its front "
            "was found anew",
        )

    def _tell(self, which: BoolArray, text: str) -> None:
        """Keep something to say of sensors ``which`` (S,) until the tick has been judged."""
        places = zip(self._state.places, which, strict=True)
        self._news += [("sensor_moved", f"{place}: {text}") for place, named in places if named]

    def _told(self, body: BodyBlock, last: int) -> Iterable[Message]:
        """Return the news as remarks, once."""
        news, self._news = self._news, []
        t_s = (body.start + last) / body.rate_hz
        return [Marker(body.person, t_s, kind, text) for kind, text in news]

    def _calibration(self, body: BodyBlock, last: int, method: str) -> Calibration:
        return Calibration(
            person=body.person,
            t_s=(body.start + last) / body.rate_hz,
            quat=alignment.quaternions(self._state.axes),
            known=self._state.known,
            method=method,
            places=body.places,
            front=self._state.refined > 0,
        )


def _segments(
    body: BodyBlock,
    vectors: FloatArray,
    flags: tuple[BoolArray, BoolArray],
    part: slice,
    axes: FloatArray,
    known: BoolArray,
) -> SegmentBlock:
    vectors = vectors[..., part]
    valid, real = (flag[part] for flag in flags)
    along = axes.T[..., None]
    turned = vectors[:, None, 0] * along[:, 0]
    turned += vectors[:, None, 1] * along[:, 1]
    turned += vectors[:, None, 2] * along[:, 2]
    return SegmentBlock(
        person=body.person,
        start=body.start + part.start,
        rate_hz=body.rate_hz,
        ready_ns=body.ready_ns,
        places=body.places,
        acc=turned[0].T,
        gyr=turned[1].T,
        quat=without_heading(turned[2].T),
        valid=valid,
        real=real & valid,
        calibrated=known,
    )
