"""One step of a foot from the samples between its rests, and which contacts belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.messages import FloatArray, FootStep, GaitEvent, GaitEventKind, Quality, Side
from gateway.quaternion import conjugate, multiply, rotate
from inference.foot_path import levelled, on_the_level, path, sole_angle

ACC, GYR, QUAT, THERE, REAL, ROW = slice(0, 3), slice(3, 6), slice(6, 10), 10, 11, 12
"""A row of samples: acceleration m/s², angular velocity rad/s, orientation sensor → earth,
whether all of these are there, whether they were measured; and its length."""

NEAR_S = 0.1
"""A contact may lie so much outside of the movement that it belongs to."""


@dataclass(frozen=True)
class Way:
    """``rows`` (N, ROW) from the last sample of a rest to the first of the next.

    The first is number ``start`` of the grid.
    """

    rows: FloatArray
    start: int
    rate_hz: float

    def step(
        self,
        person: str,
        side: Side,
        felt: tuple[FloatArray, FloatArray],
        events: Sequence[GaitEvent],
    ) -> FootStep:
        """Return the step between rests at which ``felt`` (3,) m/s² was felt in earth axes."""
        quat = self.rows[:, QUAT]
        upright = levelled(rotate(quat, self.rows[:, ACC]), *felt)
        position = on_the_level(path(upright, self.rate_hz))
        lift_s = self._first(events, GaitEventKind.FINAL_CONTACT)
        contact_s = self._last(events, GaitEventKind.INITIAL_CONTACT)
        return FootStep(
            person=person,
            side=side,
            start_s=self.start / self.rate_hz,
            end_s=(self.start + len(quat) - 1) / self.rate_hz,
            displacement_m=position[-1].copy(),
            peak_m=float(position[:, 2].max()),
            turn_rad=_heading_change(quat[0], quat[-1]),
            lift_s=lift_s,
            contact_s=contact_s,
            lift_angle_rad=self._angle(lift_s, position[-1]),
            contact_angle_rad=self._angle(contact_s, position[-1]),
            quality=Quality(float(np.count_nonzero(self.rows[:, REAL]) / len(quat))),
        )

    def _times(self, events: Sequence[GaitEvent], kind: GaitEventKind) -> list[float]:
        first_s = self.start / self.rate_hz - NEAR_S
        last_s = (self.start + len(self.rows)) / self.rate_hz + NEAR_S
        return [e.t_s for e in events if e.kind is kind and first_s <= e.t_s <= last_s]

    def _first(self, events: Sequence[GaitEvent], kind: GaitEventKind) -> float:
        return min(self._times(events, kind), default=np.nan)

    def _last(self, events: Sequence[GaitEvent], kind: GaitEventKind) -> float:
        return max(self._times(events, kind), default=np.nan)

    @cached_property
    def _flat(self) -> FloatArray:
        """Up in sensor axes (3,) while the foot lies flat: the mean of both rests."""
        ends = self.rows[[0, -1]]
        up: FloatArray = rotate(conjugate(ends[:, QUAT]), np.array([[0.0, 0.0, 1.0]] * 2))
        mean: FloatArray = (up[0] + up[1]) / 2
        return mean

    def _angle(self, t_s: float, ahead: FloatArray) -> float:
        """Return the angle of the sole at ``t_s``, NaN where that is."""
        if np.isnan(t_s):
            return np.nan
        at = min(max(round(t_s * self.rate_hz) - self.start, 0), len(self.rows) - 1)
        return sole_angle(rotate(self.rows[at, QUAT], self._flat), ahead)


def _heading_change(before: FloatArray, after: FloatArray) -> float:
    """Return the turn about the vertical (rad, -π..π) from one orientation (4,) to another."""
    turn = multiply(after, conjugate(before))
    angle = 2 * np.arctan2(turn[3], turn[0])
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
