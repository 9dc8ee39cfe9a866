"""By how much each stride turned, and which are straight ahead: those in turns are not like others.

Strides in turns are shorter and unlike on the two sides, so variability and asymmetry are those of
straight walking; a gait cycle that turns by more than 20° is one of a turn (B. Mariani et al., J.
Biomech. 2010, 43(15), 2999-3006). A stride beside it is already led into the turn.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gateway.messages import FloatArray, OrientationBlock, Place, Side, Stride
from gateway.quaternion import conjugate, multiply
from inference.gait.strides import LONGEST_S

TURNING_RAD = math.radians(20.0)
"""A stride that turns by as much is one of a turn."""

BREAK_S = 3.0
"""A longer break ends a bout of walking (Mobilise-D); the next begins anew."""

KEPT_S = 30.0
"""Strides are told within a second or two; a Tick after a stall brings many blocks at once."""

_SENSORS = {side: (Place(f"{side}_foot"), Place(f"{side}_shank"), Place.PELVIS) for side in Side}
"""Any of them turns as the body does, from one contact of a foot to its next."""


class Headings:
    """Orientations without a hole, of the last ``KEPT_S`` at least: how far a stride turned."""

    def __init__(self, blocks: Iterable[OrientationBlock] = ()) -> None:
        self._blocks = deque(blocks)

    def take(self, block: OrientationBlock) -> None:
        """Add the block that follows, and forget what is too old to be asked for."""
        if not len(block.valid):
            return
        if self._blocks and _end(self._blocks[-1]) != block.start:
            self._blocks.clear()
        self._blocks.append(block)
        while _end(self._blocks[0]) < block.start - KEPT_S * block.rate_hz:
            self._blocks.popleft()

    def blocks(self) -> tuple[OrientationBlock, ...]:
        """Return what is kept."""
        return tuple(self._blocks)

    def turned_rad(self, stride: Stride) -> float:
        """Return by how much ``stride`` turned, to the left, -π..π; NaN where it is not known."""
        begun, ended = self._at(stride.start_s), self._at(stride.end_s)
        for place in _SENSORS[stride.side]:
            if (
                begun is not None
                and ended is not None
                and begun.knows(place)
                and ended.knows(place)
            ):
                return float(heading_change(begun.quat(place), ended.quat(place)))
        return math.nan

    def _at(self, t_s: float) -> _Sample | None:
        for block in reversed(self._blocks):  # what is asked for is among the newest
            row = round(t_s * block.rate_hz) - block.start
            if row >= 0:
                return _Sample(block, row) if row < len(block.valid) else None
        return None


class _Sample(NamedTuple):
    """A row of a block."""

    block: OrientationBlock
    row: int

    def knows(self, place: Place) -> bool:
        """Tell whether the orientation of the sensor at ``place`` is known."""
        places = self.block.places
        return place in places and bool(self.block.valid[self.row, places.index(place)])

    def quat(self, place: Place) -> FloatArray:
        """Return the orientation (4,) of the sensor at ``place``."""
        quat: FloatArray = self.block.quat[self.row, self.block.places.index(place)]
        return quat


@dataclass(frozen=True)
class Course:
    """A stride's times, in which bout it was, how far it turned, and whether that was judged."""

    side: Side
    start_s: float
    end_s: float
    bout: int
    turned_rad: float
    judged: bool = False

    @property
    def turns(self) -> bool:
        """Tell whether it is one of a turn."""
        return abs(self.turned_rad) >= TURNING_RAD


@dataclass(frozen=True)
class Courses:
    """The newest strides of both feet in the order in which they were told, and their bout."""

    strides: tuple[Course, ...] = ()
    bout: int = 0

    def after(self, stride: Stride, turned_rad: float) -> tuple[Courses, list[tuple[Course, bool]]]:
        """Return what is remembered after ``stride``, and the strides that it lets be judged.

        With each comes whether it is straight ahead: neither it nor one that overlaps it turns.
        """
        newest_s = max((own.end_s for own in self.strides), default=-math.inf)
        bout = self.bout + (stride.start_s > newest_s + BREAK_S)
        course = Course(stride.side, stride.start_s, stride.end_s, bout, turned_rad)
        kept = [own for own in self.strides if own.end_s > course.start_s - LONGEST_S]
        known = [*kept, course]
        due = [own for own in kept if not own.judged and own.end_s >= course.start_s]
        judged = [(own, _straight(own, known)) for own in due]
        marked = (replace(own, judged=own.judged or own in due) for own in kept)
        return Courses((*marked, course), bout), judged


def heading_change(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the turns about the vertical (...) rad, -π..π, between two orientations (..., 4)."""
    turn = multiply(after, conjugate(before))
    angle = 2 * np.arctan2(turn[..., 3], turn[..., 0])
    change: FloatArray = (angle + np.pi) % (2 * np.pi) - np.pi
    return change


def _straight(own: Course, known: list[Course]) -> bool:
    beside = (one for one in known if one.start_s < own.end_s and one.end_s > own.start_s)
    return math.isfinite(own.turned_rad) and not any(one.turns for one in beside)


def _end(block: OrientationBlock) -> int:
    return block.start + len(block.valid)
