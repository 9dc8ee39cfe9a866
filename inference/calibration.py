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
    IntArray,
    Marker,
    Message,
    OrientationBlock,
    SegmentBlock,
)
from gateway.worn import anywhere
from inference import alignment, remounting
from inference.calibration_state import EVIDENCE_S, LONG_TICK_S, TICK_S, CalibrationState
from inference.calibration_tick import CalibrationTick, vectors_of
from inference.inclination import without_heading
from inference.kept import Kept
from inference.nominal import nominal
from inference.pairing import Pairing
from inference.placement_watch import PlacementWatch
from inference.remounting import AS_BEFORE, moved_at_rest, moved_in_walking
from inference.stance import Stance
from inference.walking_direction import push_evidence

UPRIGHT = np.radians(15)
"""A known segment within this of its calibration stance is upright."""

RENEW_AFTER_S = 30.0
"""A sensor that was silent for longer may have been taken off: the next stance renews it."""

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
            if not self._tick.count:
                self._begin_tick(body.rate_hz)
            size = self._tick.size
            at = (body.start + first - round(self._state.phase_s * body.rate_hz)) % size
            last = min(len(valid), first + size - at)
            self._tick.take(
                at,
                body.valid[first:last],
                orientation.converged[first:last],
                vectors[..., first:last],
            )
            axes, known = self._state.axes, self._state.known
            method = self._judge(body.rate_hz) if at + last - first == size else ""
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

    def _begin_tick(self, rate_hz: float) -> None:
        state = self._state
        size = max(1, round(state.tick_s * rate_hz))
        wanted = state.unfinished()
        if len(state.places) >= LEAST_JUDGED:
            wanted |= state.known
        self._tick.begin(size, wanted)

    def _judge(self, rate_hz: float) -> str:
        """Judge the tick that has just ended; say by what method an alignment changed, if any."""
        tick = self._tick
        complete = tick.count == tick.size
        tick.count = 0
        if not complete:  # the session, or ticks of this length, began within this one
            return ""
        self._notice_silence(tick.heard)
        if not tick.gathers:
            self._stance.forget()
            return ""
        acc, gyr, _ = tick.motion
        present = tick.present
        self._watch_places(present, rate_hz)
        return (
            self._moved(acc, gyr, present)
            or self._stand(acc, gyr, present)
            or self._move(present, rate_hz)
        )

    def _watch_places(self, present: BoolArray, rate_hz: float) -> None:
        state = self._state
        usable = present & state.known & ~state.stale
        exchanged = self._watch.push(self._tick.motion, state.up, usable, rate_hz)
        self._news += [("sensor_exchanged", text) for text in exchanged]

    def _moved(self, acc: FloatArray, gyr: FloatArray, present: BoolArray) -> str:
        """Lose the sensors that were moved; in walking two ticks must say so."""
        state = self._state
        judged = present & state.known & ~state.stale
        if np.count_nonzero(judged) < LEAST_JUDGED:
            return ""
        moved = moved_at_rest(state.places, acc, gyr, state.up, judged)
        if moved is None:
            refined = judged & (state.refined > 0)
            suspect = moved_in_walking(state.places, gyr, state.axes[:, :, 2], refined)
            moved, state.suspect = suspect & state.suspect, suspect
        if not moved.any():
            return ""
        state.lose(moved)
        again, then = moved & (state.moved > 1), "stand still for two seconds"
        self._tell(moved & ~again, f"it was moved since it was calibrated; {then}")
        self._tell(again, f"it was moved again: tighten its strap, and {then}")
        self._watch.begin()
        return MOVED

    def _notice_silence(self, heard: BoolArray) -> None:
        state = self._state
        state.silent_s = np.where(heard, 0.0, state.silent_s + state.tick_s)
        state.stale |= state.silent_s > RENEW_AFTER_S
        waiting = (heard & (state.stale | ~state.known)).any()
        state.tick_s = TICK_S if waiting else LONG_TICK_S

    def _stand(self, acc: FloatArray, gyr: FloatArray, present: BoolArray) -> str:
        state = self._state
        if not (present & (state.stale | ~state.known)).any():
            self._stance.forget()
            return ""
        found = self._stance.push(acc.T, gyr.T, present)
        if found is None or not self._upright(*found):
            return ""
        there, up = found
        aligned = there & (state.stale | ~state.known)
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
        trusted = there & state.known & ~state.stale & known.sagittal
        if not trusted.any():
            return not alignment.looks_seated(known, up, there)
        return bool((alignment.angle_between(up, state.up)[trusted] < UPRIGHT).all())

    def _move(self, present: BoolArray, rate_hz: float) -> str:
        state = self._state
        usable = present & state.known & ~state.stale
        wanted = usable & state.unrefined()
        # Only what a tick adds can make a place ready.
        if not anywhere(wanted) or not self._gather(usable, wanted, rate_hz):
            return ""
        known = nominal(state.places)
        needed = np.array([*EVIDENCE_S, np.inf])[state.refined] * rate_hz
        needed[known.foot & (state.refined == 0)] = SWING_S * rate_hz
        ready = wanted & (state.clear >= needed)
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

    def _gather(self, usable: BoolArray, wanted: BoolArray, rate_hz: float) -> bool:
        """Gather what the tick that has just ended tells of the fronts of ``wanted`` (S,).

        Returns whether that was anything.
        """
        state = self._state
        _, gyr, up = self._tick.motion
        known = nominal(state.places)
        evidence = alignment.tilt_evidence(known, up, gyr, state.up, usable, wanted)
        if evidence is not None:
            state.tilt[wanted] += evidence[0]
            state.weight[wanted] += evidence[1]
            state.clear[wanted] += evidence[2]
        trunk = wanted & known.trunk
        # Hips need the fronts of pelvis and trunk; worn alone, they are best left where they are.
        pushed = known.hips and anywhere(trunk) and self._push(np.flatnonzero(trunk), rate_hz)
        return evidence is not None or pushed

    def _push(self, trunk: IntArray, rate_hz: float) -> bool:
        """Gather which way walking pushed ``trunk`` (K,); return whether it did."""
        state = self._state
        push = push_evidence(*self._second(trunk, rate_hz), rate_hz)
        size = np.sqrt((push**2).sum(axis=1))
        if not anywhere(size > 0):
            return False
        forward_sign = nominal(state.places).forward_sign[trunk, None]
        state.tilt[trunk] += forward_sign * push * self._tick.size
        state.weight[trunk] += size * self._tick.size
        pushed = np.where(size > 0, self._tick.size, 0)
        state.clear[trunk] += pushed
        state.pushed[trunk] += pushed
        return True

    def _second(self, trunk: IntArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
        """Return acceleration and up (3, K, N) of ``trunk`` in the last second or more."""
        motion = self._tick.motion[:, :, trunk]
        if self._tick.size < LONG_TICK_S * rate_hz:
            motion = np.concatenate([self._tick.earlier[:, :, trunk], motion], axis=-1)
        return motion[0], motion[2]

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
