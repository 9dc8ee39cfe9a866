"""Leads a person through the poses that show what accelerometers are off."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import numpy as np

from gateway.decoding.accelerometer import Accelerometer, fitted
from gateway.messages import (
    AccelerometerCalibration,
    BodyBlock,
    FloatArray,
    GuideState,
    Message,
    Places,
)
from inference.calibration.alignment import angle_between, unit
from inference.calibration.stance import QUIET_ACC, QUIET_GYR, TICKS
from inference.guide.result import name

TICK_S = 0.5
POSES = 6
APART = np.radians(45)
"""A pose counts that is so far from all before, seen from the sensor."""
UNCERTAIN = 0.05
"""A bias that may be off by more, m/s², is said: that is 0.3° of tilt."""

_INSTRUCTION = (
    "Lay the sensors down, together in a box or one by one, on each of their six sides for three "
    "seconds"
)
_DONE = "Done: what the accelerometers are off is known"


@dataclasses.dataclass
class _State:
    """The ``poses`` of each sensor, and the means of the last ticks in which it lay ``still``."""

    places: Places
    poses: list[list[FloatArray]]
    still: list[list[FloatArray]]
    parts: list[tuple[FloatArray, FloatArray]]
    count: int = 0
    told: tuple[object, ...] = ()
    finished: bool = False


class AccelerometerGuide:
    """Turns ``BodyBlock`` into ``GuideState`` and, at the end, ``AccelerometerCalibration``."""

    consumes: tuple[type, ...] = (BodyBlock,)

    def __init__(self) -> None:
        self._state = _State((), [], [], [])

    def push(self, message: Message) -> list[Message]:
        """Take a block; return what there is to tell."""
        assert isinstance(message, BodyBlock)
        return list(self._advance(message))

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, _State)
        self._state = copy.deepcopy(snapshot)

    def _advance(self, body: BodyBlock) -> Iterator[Message]:
        if body.places != self._state.places:
            sensors = range(len(body.places))
            self._state = _State(body.places, [[] for _ in sensors], [[] for _ in sensors], [])
        state, size = self._state, max(1, round(TICK_S * body.rate_hz))
        first = 0
        while first < len(body.acc) and not state.finished:
            at = (body.start + first) % size
            last = min(len(body.acc), first + size - at)
            if at == 0:
                state.parts, state.count = [], 0
            state.parts.append((body.acc[first:last], body.gyr[first:last]))
            state.count += last - first
            if at + last - first == size and state.count == size:
                yield from self._judge(body.person, (body.start + last) / body.rate_hz)
            first = last

    def _judge(self, person: str, t_s: float) -> Iterator[Message]:
        state = self._state
        acc, gyr = (np.concatenate([part[k] for part in state.parts]) for k in (0, 1))
        state.parts = []
        # NaN compares as not still.
        still = (np.ptp(acc, axis=0) < QUIET_ACC).all(axis=1)
        still &= (np.ptp(gyr, axis=0) < QUIET_GYR).all(axis=1)
        for sensor, lies in enumerate(still.tolist()):
            self._look(sensor, acc[:, sensor].mean(axis=0) if lies else None)
        counts = [len(poses) for poses in state.poses]
        state.finished = min(counts) >= POSES
        yield from self._tell(person, t_s, counts, int(np.count_nonzero(still)))
        if state.finished:
            yield _result(person, t_s, state)

    def _look(self, sensor: int, mean: FloatArray | None) -> None:
        """Take the ``mean`` of a tick in which a sensor lay still; None: it did not."""
        state = self._state
        if mean is None:
            state.still[sensor] = []
            return
        state.still[sensor] = [*state.still[sensor], mean][-TICKS:]
        if len(state.still[sensor]) < TICKS or len(state.poses[sensor]) >= POSES:
            return
        pose = np.mean(state.still[sensor], axis=0)
        if all(angle_between(unit(pose), unit(other)) > APART for other in state.poses[sensor]):
            state.poses[sensor].append(pose)

    def _tell(self, person: str, t_s: float, counts: list[int], still: int) -> Iterator[Message]:
        state = self._state
        progress = sum(counts) / (POSES * len(counts))
        number = min(min(counts) + 1, POSES)
        behind = [name(p) for p, n in zip(state.places, counts, strict=True) if n < max(counts)]
        hint = ""
        if behind:
            hint = f"Not yet on as many sides as the others: {', '.join(behind)}"
        elif still == len(counts) and all(len(s) == TICKS for s in state.still):
            hint = "Now lay them on another side"
        told = (number, hint, progress)
        if told != state.told:
            state.told = told
            yield GuideState(
                person=person,
                t_s=t_s,
                step="done" if state.finished else f"side {number}",
                number=number,
                steps=POSES,
                instruction=_DONE if state.finished else _INSTRUCTION,
                hint="" if state.finished else hint,
                progress=progress,
                done=state.finished,
            )


def _result(person: str, t_s: float, state: _State) -> AccelerometerCalibration:
    found: list[Accelerometer] = [fitted(np.array(poses)) for poses in state.poses]
    remarks = [
        f"{name(place)}: a bias may be off by {one.bias_sd.max():.2f} m/s²; lay it on six sides at "
        "right angles"
        for place, one in zip(state.places, found, strict=True)
        if one.bias_sd.max() > UNCERTAIN
    ]
    return AccelerometerCalibration(
        person=person,
        t_s=t_s,
        places=state.places,
        bias=np.array([one.bias for one in found]),
        scale=np.array([one.scale for one in found]),
        bias_sd=np.array([one.bias_sd for one in found]),
        remarks=tuple(remarks),
    )
