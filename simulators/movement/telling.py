"""What a person who goes on and on really does, told piece by piece: a truth without an end."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from gateway.messages import GaitEvent, JointAngleBlock, Marker, Message, Repetition, Stride
from simulators.movement.motion import Pass, Performer, Window
from simulators.movement.sampling import Stitched, stitch
from simulators.movement.stepping import Swing
from simulators.movement.truth import gait_events, joint_flexion, strides

Happening = GaitEvent | Stride | Repetition | Marker


class Telling:
    """Tells what a performance is by and by, as messages in a session's own time.

    The performance is that of a ``Performer`` with the same arguments, and ``began_s`` after the
    session's origin, NaN before it has; ``marks`` are in its time. Angles are on the session's
    grid of ``grid_hz``.
    """

    def __init__(
        self,
        performer: Performer,
        grid_hz: float,
        *,
        person: str,
        began_s: float = math.nan,
        marks: Sequence[Marker] = (),
    ) -> None:
        self.began_s = began_s
        self._performer = performer
        self._rate_hz = grid_hz
        self._person = person
        self._coming: list[Happening] = list(marks)
        self._windows = stitch(self._played())
        self._window: Stitched | None = None
        self._told = 0

    def until(self, t_s: float) -> list[Message]:
        """Return what is true from where it was told last to ``t_s`` since the origin."""
        if math.isnan(self.began_s):
            return []
        end_s = t_s - self.began_s
        told: list[Message] = list(self._angles(end_s))
        over = [happening for happening in self._coming if _end_s(happening) < end_s]
        self._coming = [happening for happening in self._coming if _end_s(happening) >= end_s]
        return [*told, *(self._in_session(one) for one in sorted(over, key=_end_s))]

    def _played(self) -> Iterator[Window]:
        """Yield the windows; what a pass holds is noted as it begins."""
        last: Pass | None = None
        for done, window in self._performer.windows():
            if done is not last:
                self._note(done, last)
                last = done
            yield window

    def _note(self, done: Pass, before: Pass | None) -> None:
        swings = sorted(done.timeline.swings, key=_land_s)
        self._coming += [*gait_events(swings), *done.timeline.repetitions]
        self._coming += strides([*_last_ones(before), *swings])

    def _angles(self, end_s: float) -> Iterator[JointAngleBlock]:
        """Yield the angles of the grid's samples up to ``end_s`` of the performance."""
        window = self._window or next(self._windows)
        self._told = max(self._told, int(np.ceil(self.began_s * self._rate_hz)))
        end = int(np.ceil((end_s + self.began_s) * self._rate_hz))
        while self._told < end:
            last = min(int(np.ceil((window.until_s + self.began_s) * self._rate_hz)), end)
            if last > self._told:
                yield self._block(window, self._told, last)
                self._told = last
            if last < end:
                window = next(self._windows)
        self._window = window

    def _block(self, window: Stitched, first: int, last: int) -> JointAngleBlock:
        t_s = np.arange(first, last) / self._rate_hz - self.began_s
        flexion = joint_flexion(window.window.quat)
        angle_rad = np.stack([np.interp(t_s, window.window.t_s, own) for own in flexion.T], axis=1)
        known = np.ones(angle_rad.shape, np.bool_)
        return JointAngleBlock(
            person=self._person,
            start=first,
            rate_hz=self._rate_hz,
            ready_ns=0,
            angle_rad=angle_rad,
            valid=known,
            real=known.copy(),
        )

    def _in_session(self, happening: Happening) -> Happening:
        names = [field.name for field in dataclasses.fields(happening)]
        moved = {
            name: getattr(happening, name) + self.began_s
            for name in ("t_s", "detected_s", "start_s", "end_s")
            if name in names
        }
        return dataclasses.replace(happening, person=self._person, **moved)


def _last_ones(before: Pass | None) -> list[Swing]:
    """Return the last step of either foot in a pass, with which a stride may begin."""
    if before is None:
        return []
    own = sorted(before.timeline.swings, key=_land_s)
    last = {swing.side: swing for swing in own if swing.step}
    return sorted(last.values(), key=_land_s)


def _land_s(swing: Swing) -> float:
    return swing.land_s


def _end_s(happening: Happening) -> float:
    return happening.t_s if isinstance(happening, GaitEvent | Marker) else happening.end_s
