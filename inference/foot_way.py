"""One step of a foot from the samples between its rests, and which contacts belong to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray, FootStep, GaitEvent, GaitEventKind, Quality, Side
from gateway.quaternion import conjugate, multiply, rotate
from inference.foot_path import UP, levelled, on_the_level, path, sole_angle

ACC, GYR, QUAT, THERE, REAL, ROW = slice(0, 3), slice(3, 6), slice(6, 10), 10, 11, 12
"""A row of samples: acceleration m/s², angular velocity rad/s, orientation sensor → earth,
whether all of these are there, whether they were measured; and its length."""

NEAR_S = 0.1
"""A contact may lie so much outside of the movement that it belongs to."""


@dataclass(frozen=True)
class Way:
    """``rows`` (N, ROW) from the rest before a step to the end of the rest after it.

    The first is number ``start`` of the grid; the foot leaves the ground after row ``leaves`` and
    is at rest again at row ``rests``.
    """

    rows: FloatArray
    start: int
    rate_hz: float
    leaves: int
    rests: int

    def step(self, person: str, side: Side, events: Sequence[GaitEvent]) -> FootStep:
        """Return the step."""
        moving = slice(self.leaves, self.rests + 1)
        felt = rotate(self.rows[:, QUAT], self.rows[:, ACC])
        before, after = _calm(felt[: self.leaves + 1]), _calm(felt[self.rests :])
        position = on_the_level(path(levelled(felt[moving], before, after), self.rate_hz))
        contacts = (
            self._time(events, GaitEventKind.FINAL_CONTACT, min),
            self._time(events, GaitEventKind.INITIAL_CONTACT, max),
        )
        lift_rad, contact_rad = self._angles(contacts, position[-1])
        first, last = self.rows[[self.leaves, self.rests], QUAT]
        measured = np.count_nonzero(self.rows[moving, REAL])
        return FootStep(
            person=person,
            side=side,
            start_s=self._time_of(self.leaves),
            end_s=self._time_of(self.rests),
            displacement_m=position[-1].copy(),
            peak_m=float(position[:, 2].max()),
            turn_rad=_heading_change(first, last),
            lift_s=contacts[0],
            contact_s=contacts[1],
            lift_angle_rad=lift_rad,
            contact_angle_rad=contact_rad,
            quality=Quality(float(measured / len(position))),
        )

    def _time_of(self, row: int) -> float:
        return (self.start + row) / self.rate_hz

    def _time(
        self, events: Sequence[GaitEvent], kind: GaitEventKind, which: Callable[..., float]
    ) -> float:
        """Return when the step's first or last contact of a kind was, NaN where there is none."""
        first_s = self._time_of(self.leaves) - NEAR_S
        last_s = self._time_of(self.rests + 1) + NEAR_S
        times = [e.t_s for e in events if e.kind is kind and first_s <= e.t_s <= last_s]
        return which(times, default=math.nan)

    def _angles(self, times_s: Sequence[float], ahead: FloatArray) -> list[float]:
        """Return the angle of the sole at each of ``times_s``, NaN where that is."""
        rows = [
            self.leaves if math.isnan(t_s) else round(t_s * self.rate_hz) - self.start
            for t_s in times_s
        ]
        rows = [min(max(row, self.leaves), self.rests) for row in rows]
        quat = self.rows[[self.leaves, self.rests, *rows], QUAT]
        # Up in sensor axes while the foot lies flat is the mean of both rests.
        up = rotate(conjugate(quat[:2]), UP)
        flat = rotate(quat[2:], (up[0] + up[1]) / 2)
        return [
            math.nan if math.isnan(t_s) else sole_angle(up, ahead)
            for t_s, up in zip(times_s, flat, strict=True)
        ]


def _calm(felt: FloatArray) -> FloatArray:
    """Return the mean (3,) of what is ``felt`` (N, 3) in the middle half of a rest."""
    quarter = len(felt) // 4
    calm = felt[quarter : len(felt) - quarter]
    mean: FloatArray = calm.cumsum(axis=0)[-1] / len(calm)
    return mean


def _heading_change(before: FloatArray, after: FloatArray) -> float:
    """Return the turn about the vertical (rad, -π..π) from one orientation (4,) to another."""
    turn = multiply(after, conjugate(before))
    angle = 2 * np.arctan2(turn[3], turn[0])
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
