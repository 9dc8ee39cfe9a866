"""What the samples of a sensor, or those of several together, show to be wrong with it.

A gyroscope or an accelerometer has noise: an axis that keeps its value to the last bit while the
sensor moves is stuck, or dead. And shank and foot of a leg move together while those of the other
leg do something else: where they go with the other leg, left and right are exchanged. Only of one
kind of segment: legs that are exchanged altogether look like legs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.messages import BoolArray, FloatArray, SensorSpec

TICK_S = 1.0
"""Samples are judged between multiples of this on the grid; what is found holds from there on."""
MOVING_RAD_S = 0.5
"""A sensor whose rate of turn varies by so much within a tick moves all of its axes; one that keeps
its value over more than half of the tick's steps does not."""

WINDOW_TICKS = 4
"""Four seconds: some strides of each leg."""
STEPPING_RAD_S = 0.3
"""A leg whose rate of turn varies less, a standard deviation, tells nothing."""
CLEAR, ACROSS = 0.4, -0.08
"""Rates of turn correlate better within a leg than across: in walking by 0.55 to 1.5 for shank and
foot, and by 0.12 to 0.9 for thigh and foot; where left is right, by as much worse. So thighs can
say which of the other two is wrong, but not be told to be wrong themselves: in other movement they
go together."""

_AXES = tuple(f"{what} {axis}" for what in ("accelerometer", "gyroscope") for axis in "xyz")
_PLURAL = {"shank": "shanks", "foot": "feet"}
_SEGMENTS = tuple(_PLURAL)
_SIDES = ("left", "right")


@dataclass(frozen=True)
class Finding:
    """What is wrong with a sensor from ``at`` (grid index) on, in words; empty: nothing more."""

    at: int
    sensor: int
    text: str


@dataclass
class _State:
    gathered: FloatArray
    measured: BoolArray
    count: int
    stuck: list[str]
    exchanged: list[str]
    window: list[FloatArray] = field(default_factory=list)


class Plausibility:
    """Judges the sensors of a person, and strikes out what those say that are wrong."""

    def __init__(self, sensors: Sequence[SensorSpec], rate_hz: float) -> None:
        self._tick = max(4, round(TICK_S * rate_hz))
        self._row = {str(spec.place): number for number, spec in enumerate(sensors)}
        count = len(sensors)
        self._state = _State(
            gathered=np.zeros((count, self._tick, 6)),
            measured=np.zeros((count, self._tick), np.bool_),
            count=0,
            stuck=[""] * count,
            exchanged=[""] * count,
        )

    def judge(self, start: int, motion: FloatArray, real: BoolArray) -> list[Finding]:
        """Take ``motion`` (S, T, 6 or more) from grid index ``start`` on; return what is news.

        Acceleration and rate of turn are judged, not a magnetic field that may come after them.
        ``real`` (S, T) is cleared where what a sensor says is wrong.
        """
        found: list[Finding] = []
        first = 0
        while first < real.shape[1]:
            at = (start + first) % self._tick
            last = min(real.shape[1], first + self._tick - at)
            self._gather(at, motion[:, first:last], real[:, first:last])
            self._strike_out(real[:, first:last])
            if at + last - first == self._tick:
                found += self._end_tick(start + last)
            first = last
        return found

    def _gather(self, at: int, motion: FloatArray, real: BoolArray) -> None:
        state, count = self._state, real.shape[1]
        if at == 0:
            state.count = 0
        state.gathered[:, at : at + count] = motion[..., :6]
        state.measured[:, at : at + count] = real
        state.count += count

    def _strike_out(self, real: BoolArray) -> None:
        for sensor, wrongs in enumerate(zip(self._state.stuck, self._state.exchanged, strict=True)):
            if any(wrongs):
                real[sensor] = False

    def _end_tick(self, end: int) -> Iterator[Finding]:
        state = self._state
        if state.count < self._tick:  # the session began within it
            return
        whole = state.measured.all(axis=1)
        for sensor in np.flatnonzero(whole).tolist():
            yield from self._told(end, state.stuck, sensor, self._stuck(sensor))
        speed = np.sqrt(np.einsum("sti,sti->st", state.gathered[..., 3:], state.gathered[..., 3:]))
        speed[~state.measured] = np.nan
        state.window = [*state.window[1 - WINDOW_TICKS :], speed]
        if len(state.window) == WINDOW_TICKS:
            yield from self._exchanges(end)

    def _told(self, end: int, known: list[str], sensor: int, now: str | None) -> Iterator[Finding]:
        """Take what is wrong ``now`` (None: that cannot be told), and tell it if it is news."""
        if now is not None and now != known[sensor]:
            known[sensor] = now
            yield Finding(end, sensor, now)

    def _stuck(self, sensor: int) -> str | None:
        """Return which axes are stuck; None of a sensor that hardly moves."""
        motion = self._state.gathered[sensor]
        spread = motion.max(axis=0) - motion.min(axis=0)
        if not spread[3:].max() > MOVING_RAD_S:
            return None
        same = np.count_nonzero(motion[1:] == motion[:-1], axis=0)
        axes = [n for n, steps in zip(_AXES, same.tolist(), strict=True) if 2 * steps > self._tick]
        return f"the {' and the '.join(axes)} says the same all the time" if axes else ""

    def _exchanges(self, end: int) -> Iterator[Finding]:
        speed = np.concatenate(self._state.window, axis=1)
        shank_foot, thigh_foot = (
            self._within_minus_across(speed, *pair)
            for pair in (("shank", "foot"), ("thigh", "foot"))
        )
        wrong = _exchanged(shank_foot, thigh_foot)
        if wrong is None:
            return
        if wrong and any(self._state.exchanged):  # which ones was told as it began
            return
        for place, sensor in self._row.items():
            segment = place.rpartition("_")[2]
            if segment in _SEGMENTS:
                others = " or ".join(_PLURAL[one] for one in _SEGMENTS if one in wrong)
                text = f"it moves with the other leg: left and right {others} are exchanged"
                now = text if segment in wrong else ""
                yield from self._told(end, self._state.exchanged, sensor, now)

    def _within_minus_across(self, speed: FloatArray, one: str, other: str) -> float:
        """Return by how much two segments go with each other more than with the other leg's."""
        places = [[f"{side}_{segment}" for side in _SIDES] for segment in (one, other)]
        if not all(place in self._row for pair in places for place in pair):
            return np.nan
        rows = [[self._row[place] for place in pair] for pair in places]
        (ll, lr), (rl, rr) = ([_correlation(speed[a], speed[b]) for b in rows[1]] for a in rows[0])
        return (ll + rr - lr - rl) / 2


def _exchanged(shank_foot: float, thigh_foot: float) -> set[str] | None:
    """Return which segments' sensors are exchanged, from how much each two belong together.

    None: that cannot be told.
    """
    if not abs(shank_foot) >= CLEAR:
        return None
    if shank_foot > 0:
        return set()
    if thigh_foot < ACROSS:
        return {"foot"}
    return {"shank"} if thigh_foot > -ACROSS else {"shank", "foot"}


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """Return the correlation of two series (N,) where both are known; NaN where little moves."""
    known = np.isfinite(one) & np.isfinite(other)
    if 2 * np.count_nonzero(known) < len(known):
        return np.nan
    one, other = one[known] - one[known].mean(), other[known] - other[known].mean()
    spread = np.sqrt(np.array([(one * one).mean(), (other * other).mean()]))
    if spread.min() < STEPPING_RAD_S:
        return np.nan
    return float((one * other).mean() / spread.prod())
