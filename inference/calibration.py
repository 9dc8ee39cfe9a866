"""Sensor-to-segment calibration: from standing still, refined by movement.

What is assumed: the person first stands upright and still for two seconds, feet flat, looking
ahead, with straight knees; that stance is zero for every joint. Where on the strap a sensor sits
does not matter. Sitting is told from standing where sensors are worn as described; a stance of a
sensor that comes later counts only while the sensors already known say that the person stands.
A sensor that was moved on its segment is known no more, until the next stance.
"""

from __future__ import annotations

import copy
import dataclasses
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
    Places,
    SegmentBlock,
)
from inference import alignment
from inference.calibration_tick import CalibrationTick, vectors_of
from inference.inclination import without_heading
from inference.nominal import nominal
from inference.pairing import Pairing
from inference.remounting import moved_at_rest, moved_in_walking
from inference.stance import Stance
from inference.walking_direction import push_evidence

TICK_S = 0.5
"""While a sensor waits for a stance, it is looked for at multiples of this on the grid."""

LONG_TICK_S, PHASE_S = 1.0, 0.2
"""Once all stand calibrated, only movement is looked at, so much after multiples of the first: in
the hop that ends a second others have enough to do."""

UPRIGHT = np.radians(15)
"""A known segment within this of its calibration stance is upright."""

RENEW_AFTER_S = 30.0
"""A sensor that was silent for longer may have been taken off: the next stance renews it."""

EVIDENCE_S = (1.0, 5.0)
"""Seconds of clear tilt after which the forward axis is set, and set again."""

SWING_S = 0.25
"""The same at first for a foot, which tilts so far only in swing: one swing will do."""

LEAST_TURN = np.radians(2)
"""A forward axis that would turn by less stays, so that the angles make no needless step."""

MOVED = "a sensor was moved"
LEAST_JUDGED = 3
"""Fewer sensors do not say which of them was moved."""

AGREEMENT = 0.6
"""Share of the tilt that must point one way for the forward axis to be taken from it."""


@dataclasses.dataclass
class _State:
    """What is known of each sensor, all in sensor axes, rows in the order of ``places``.

    ``axes`` and ``known`` are replaced, never written to: segments already made hold on to them.
    """

    places: Places
    axes: FloatArray
    up: FloatArray
    known: BoolArray
    tick_s: float
    silent_s: FloatArray
    stale: BoolArray
    tilt: FloatArray
    weight: FloatArray
    clear: FloatArray
    refined: IntArray
    suspect: BoolArray

    @classmethod
    def nominal(cls, places: Places) -> _State:
        axes, count = nominal(places).axes, len(places)
        return cls(
            places=places,
            axes=axes,
            up=axes[:, :, 1].copy(),
            known=np.zeros(count, dtype=bool),
            tick_s=TICK_S,
            silent_s=np.zeros(count),
            stale=np.zeros(count, dtype=bool),
            tilt=np.zeros((count, 3)),
            weight=np.zeros(count),
            clear=np.zeros(count),
            refined=np.zeros(count, dtype=np.int64),
            suspect=np.zeros(count, dtype=bool),
        )

    @property
    def phase_s(self) -> float:
        """Where a tick begins, beyond a multiple of its length."""
        return PHASE_S if self.tick_s == LONG_TICK_S else 0.0

    def align(self, places: BoolArray, up: FloatArray) -> None:
        """Take ``up`` (S, 3) of a stance as the long axis of ``places`` (S,)."""
        standing = alignment.axes_from_standing(nominal(self.places), up)
        self.axes = np.where(places[:, None, None], standing, self.axes)
        self.up[places] = up[places]
        self.known = self.known | places
        self.stale &= ~places
        self.refined[places] = 0
        self.forget_movement(places)

    def refine(self, places: BoolArray, signed: BoolArray) -> bool:
        """Take the gathered tilt of ``places`` (S,) as the direction of their movement.

        Where it is not ``signed`` (S,) front stays where it was, within a quarter turn. Returns
        whether that changed anything.
        """
        forward = nominal(self.places).forward_sign[:, None] * self.tilt
        flip = ~signed & ((forward * self.axes[:, :, 0]).sum(axis=1) < 0)
        forward = np.where(flip[:, None], -forward, forward)
        self.refined[places] += 1
        axes = self.axes.copy()
        axes[places] = alignment.axes_from(self.up[places], forward[places])
        turned = alignment.angle_between(axes[:, :, 0], self.axes[:, :, 0])
        if not (turned > LEAST_TURN).any():
            return False
        self.axes = axes
        return True

    def unfinished(self) -> BoolArray:
        """Return (S,) which places a stance or movement could still tell more about."""
        return self.stale | ~self.known | self.unrefined()

    def unrefined(self) -> BoolArray:
        """Return (S,) which places movement could still tell more about."""
        return nominal(self.places).sagittal & (self.refined < len(EVIDENCE_S))

    def lose(self, places: BoolArray) -> None:
        """Know nothing of how the sensors at ``places`` (8,) sit any more."""
        self.known = self.known & ~places
        self.suspect = np.zeros_like(places)

    def forget_movement(self, places: BoolArray) -> None:
        self.tilt[places], self.weight[places], self.clear[places] = 0.0, 0.0, 0.0


class SegmentCalibration:
    """Turns ``BodyBlock`` and ``OrientationBlock`` into ``SegmentBlock`` and ``Calibration``.

    Until a place is calibrated its segment rests on the nominal mounting and is marked so.
    ``Calibration`` comes when a stance or movement has changed the alignment of at least one
    place, in between the segments made with the old and the new one.
    """

    consumes: tuple[type, ...] = (BodyBlock, OrientationBlock)

    def __init__(self) -> None:
        self._pairing = Pairing(BodyBlock, OrientationBlock)
        self._state = _State.nominal(())
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
        return held, copy.deepcopy((self._state, self._tick)), self._stance.snapshot()

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, state, stance = snapshot
        self._pairing.resume(held)
        self._state, self._tick = copy.deepcopy(state)
        self._stance.resume(stance)

    def _advance(self, body: BodyBlock, orientation: OrientationBlock) -> Iterable[Message]:
        if body.places != self._state.places:
            self._state = _State.nominal(body.places)
            self._tick = CalibrationTick(len(body.places))
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
                if method == MOVED:
                    yield from self._lost(body, last, known & ~self._state.known)
                done = last
            first = last
        if done < len(valid):
            rest = slice(done, len(valid))
            axes, known = self._state.axes, self._state.known
            yield _segments(body, vectors, flags, rest, axes, known)

    def _begin_tick(self, rate_hz: float) -> None:
        size = max(1, round(self._state.tick_s * rate_hz))
        self._tick.begin(size, self._state.unfinished() | self._state.known)

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
        return (
            self._moved(acc, gyr, present)
            or self._stand(acc, gyr, present)
            or self._move(present, rate_hz)
        )

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
        state.align(there & (state.stale | ~state.known), up)
        return "standing still"

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
        self._gather(usable, wanted, rate_hz)
        known = nominal(state.places)
        needed = np.array([*EVIDENCE_S, np.inf])[state.refined] * rate_hz
        needed[known.foot & (state.refined == 0)] = SWING_S * rate_hz
        ready = wanted & (state.clear >= needed)
        agreed = ready & (np.sqrt((state.tilt**2).sum(axis=1)) >= AGREEMENT * state.weight)
        state.forget_movement(ready & ~agreed)
        changed = agreed.any() and state.refine(agreed, alignment.thigh_known(known, usable))
        return "standing still and movement" if changed else ""

    def _lost(self, body: BodyBlock, last: int, lost: BoolArray) -> Iterable[Message]:
        for place in np.array(body.places)[lost].tolist():
            text = f"{place}: it was moved since it was calibrated; stand still for two seconds"
            yield Marker(body.person, (body.start + last) / body.rate_hz, "sensor_moved", text)

    def _gather(self, usable: BoolArray, wanted: BoolArray, rate_hz: float) -> None:
        """Gather what the tick that has just ended tells of the fronts of ``wanted`` (S,)."""
        state = self._state
        acc, gyr, up = self._tick.motion
        known = nominal(state.places)
        evidence = alignment.tilt_evidence(known, up, gyr, state.up, usable, wanted)
        if evidence is not None:
            state.tilt[wanted] += evidence[0]
            state.weight[wanted] += evidence[1]
            state.clear[wanted] += evidence[2]
        trunk = np.flatnonzero(wanted & known.trunk)
        # Hips need the fronts of pelvis and trunk; worn alone, they are best left where they are.
        if len(trunk) and (known.forward_sign > 0).any():
            push = push_evidence(acc[:, trunk], up[:, trunk], rate_hz)
            size = np.sqrt((push**2).sum(axis=1))
            state.tilt[trunk] += known.forward_sign[trunk, None] * push * self._tick.size
            state.weight[trunk] += size * self._tick.size
            state.clear[trunk] += np.where(size > 0, self._tick.size, 0)

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
