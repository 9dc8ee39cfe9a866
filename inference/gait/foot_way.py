"""Steps of the feet from the samples between their rests, and which contacts belong to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import (
    FloatArray,
    FootStep,
    GaitEvent,
    GaitEventKind,
    IntArray,
    Quality,
    Side,
)
from gateway.quaternion import conjugate, from_rotation_vector, multiply, rotate
from inference.gait.foot_path import UP, ends, levelled, on_the_level, path, sole_angle
from inference.gait.stride_turns import heading_change

ACC, GYR, QUAT, THERE, REAL, ROW = slice(0, 3), slice(3, 6), slice(6, 10), 10, 11, 12
"""A row of samples: acceleration m/s², angular velocity rad/s, orientation sensor → earth,
whether all of these are there, whether they were measured; and its length."""

NEAR_S = 0.1
"""A contact may lie so much outside of the movement that it belongs to."""


@dataclass(frozen=True)
class Way:
    """``rows`` (N, ROW) from the rest before a step to the end of the rest after it.

    The first is number ``start`` of the grid; the foot at ``side`` leaves the ground after row
    ``leaves`` and is at rest again at row ``rests``. ``events`` are contacts known by then.
    """

    side: Side
    rows: FloatArray
    start: int
    rate_hz: float
    leaves: int
    rests: int
    events: Sequence[GaitEvent]

    def time_of(self, row: int) -> float:
        """Return the time of a row."""
        return (self.start + row) / self.rate_hz

    def contacts(self) -> tuple[float, float]:
        """Return when the foot left the ground and when it came down, NaN where none was seen."""
        lift_s = self._time(GaitEventKind.FINAL_CONTACT, min)
        return lift_s, self._time(GaitEventKind.INITIAL_CONTACT, max)

    def _time(self, kind: GaitEventKind, which: Callable[..., float]) -> float:
        """Return when the step's first or last contact of a kind was, NaN where there is none."""
        first_s = self.time_of(self.leaves) - NEAR_S
        last_s = self.time_of(self.rests + 1) + NEAR_S
        times = [
            e.t_s
            for e in self.events
            if e.side is self.side and e.kind is kind and first_s <= e.t_s <= last_s
        ]
        return which(times, default=math.nan)

    def at(self, contacts: Iterable[float]) -> FloatArray:
        """Return the samples (4, ROW) at both rests and at each of ``contacts``."""
        rows = [
            self.leaves if math.isnan(t_s) else round(t_s * self.rate_hz) - self.start
            for t_s in contacts
        ]
        rows = [min(max(row, self.leaves), self.rests) for row in rows]
        return self.rows[[self.leaves, self.rests, *rows]]

    def real_share(self) -> float:
        """Return what share of the movement was measured."""
        moving = self.rows[self.leaves : self.rests + 1, REAL]
        return float(np.count_nonzero(moving) / len(moving))


def steps(person: str, ways: Sequence[Way]) -> list[FootStep]:
    """Return the step of each way; they are worked on together, which costs little more than one.

    All have the same rate.
    """
    if not ways:
        return []
    count = np.array([way.rests + 1 - way.leaves for way in ways])
    position = _positions(ways, count)
    contacts = [way.contacts() for way in ways]
    rows = np.array([way.at(own) for way, own in zip(ways, contacts, strict=True)])
    quat = _orientation(rows, ways[0].rate_hz)
    angles = _sole_angles(quat, ends(position, count))
    angles[np.isnan(contacts)] = math.nan
    position = on_the_level(position, count, angles[:, 1])
    figures = zip(
        ways,
        contacts,
        ends(position, count),
        _highest(position, count),
        heading_change(quat[:, 0], quat[:, 1]).tolist(),
        angles.tolist(),
        strict=True,
    )
    return [
        FootStep(
            person=person,
            side=way.side,
            start_s=way.time_of(way.leaves),
            end_s=way.time_of(way.rests),
            displacement_m=displacement_m.copy(),
            peak_m=peak_m,
            turn_rad=turn_rad,
            lift_s=lift_s,
            contact_s=contact_s,
            lift_angle_rad=lift_rad,
            contact_angle_rad=contact_rad,
            quality=Quality(way.real_share()),
        )
        for way, (lift_s, contact_s), displacement_m, peak_m, turn_rad, (
            lift_rad,
            contact_rad,
        ) in figures
    ]


def _orientation(rows: FloatArray, rate_hz: float) -> FloatArray:
    """Return the orientation (..., 4) at the times of ``rows`` (..., ROW).

    The filter lets the angular velocity of a sample last for the whole interval before it, which
    over many samples is where the sensor points half an interval later. At 25 Hz that made strides
    7 cm too long.
    """
    return multiply(rows[..., QUAT], from_rotation_vector(rows[..., GYR] * (-0.5 / rate_hz)))


def _positions(ways: Sequence[Way], count: IntArray) -> FloatArray:
    """Return the paths (K, N, 3) m of the feet, from where they left the ground."""
    rows = np.concatenate([way.rows for way in ways])
    felt = np.split(
        rotate(_orientation(rows, ways[0].rate_hz), rows[:, ACC]),
        np.cumsum([len(way.rows) for way in ways[:-1]]),
    )
    before, after = np.empty((2, len(ways), 3))
    moving = np.zeros((len(ways), count.max(), 3))
    for number, (way, own) in enumerate(zip(ways, felt, strict=True)):
        before[number] = _calm(own[: way.leaves + 1])
        after[number] = _calm(own[way.rests :])
        moving[number, : count[number]] = own[way.leaves : way.rests + 1]
    level = levelled(moving, count, before, after)
    return path(level, count, ways[0].rate_hz)


def _highest(position: FloatArray, count: IntArray) -> list[float]:
    """Return how high each path (K, N, 3) rises."""
    return [float(own[:last, 2].max()) for own, last in zip(position, count, strict=True)]


def _sole_angles(quat: FloatArray, ahead: FloatArray) -> FloatArray:
    """Return the angles of the sole (K, 2) at both contacts.

    ``quat`` (K, 4, 4) is the orientation at both rests and both contacts, ``ahead`` (K, 3) the way
    of the steps.
    """
    # Up in sensor axes while the foot lies flat is the mean of both rests.
    up = rotate(conjugate(quat[:, :2]), UP)
    flat = rotate(quat[:, 2:], ((up[:, 0] + up[:, 1]) / 2)[:, None])
    return sole_angle(flat, ahead[:, None])


def _calm(felt: FloatArray) -> FloatArray:
    """Return the mean (3,) of what is ``felt`` (N, 3) in the middle half of a rest."""
    quarter = len(felt) // 4
    calm = felt[quarter : len(felt) - quarter]
    mean: FloatArray = calm.cumsum(axis=0)[-1] / len(calm)
    return mean
