"""What the samples of a sensor, or those of several together, show to be wrong with it.

A gyroscope or an accelerometer has noise: an axis that keeps its value to the last bit while the
sensor moves is stuck, or dead. No movement holds a sensor at the end of its range for long. And
shank and foot of a leg move together while those of the other leg do something else: where they go
with the other leg, left and right are exchanged. Only of one kind of segment: legs that are
exchanged altogether look like legs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.grid.resample import OnGrid
from gateway.messages import BoolArray, FloatArray, SensorSpec

TICK_S = 1.0
"""Samples are judged between multiples of this on the grid; what is found holds from there on."""
MOVING_RAD_S = 0.5
"""A sensor whose rate of turn varies by so much within a tick moves all of its axes; one that keeps
its value over more than half of the tick's steps on end does not."""

MOSTLY, HARDLY = 0.5, 0.25
"""A sensor that is at the end of its range for more than this share of a tick tells nothing, until
it is there for less than this: one with a small range is at its end for a tenth of a stride."""

WINDOW_TICKS = 4
"""Four seconds: some strides of each leg."""
STEPPING_RAD_S = 0.3
"""A leg whose rate of turn varies less, a standard deviation, tells nothing."""
CLEAR, ACROSS = 0.4, -0.08
"""Rates of turn correlate better within a leg than across: in walking by 0.55 to 1.5 for shank and
foot, and by 0.12 to 0.9 for thigh and foot; where left is right, by as much worse. So thighs can
say which of the other two is wrong, but not be told to be wrong themselves: in other movement they
go together. And a shank that is the other leg's goes with the other foot on both sides: where
sensors disagree in time, or somebody turns, both legs may go against themselves, but hardly so."""

AT_THE_END = "it is at the end of its range all the time: set a wider range, or exchange it"
_AXES = tuple(f"{what} {axis}" for what in ("accelerometer", "gyroscope") for axis in "xyz")
_PLURAL = {"shank": "shanks", "foot": "feet"}
_SEGMENTS = tuple(_PLURAL)
_SIDES = ("left", "right")
_PAIRS = (("shank", "foot"), ("thigh", "foot"))
_UNKNOWN = np.full((2, 2), np.nan)


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
    clipped: BoolArray
    count: int
    stuck: list[str]
    full: list[str]
    exchanged: list[str]
    window: list[FloatArray] = field(default_factory=list)


class Plausibility:
    """Judges the sensors of a person, and strikes out what those say that are wrong.

    Without ``judge_places`` left and right are not told apart: who asks will find the places.
    """

    def __init__(
        self, sensors: Sequence[SensorSpec], rate_hz: float, *, judge_places: bool = True
    ) -> None:
        self._tick = max(4, round(TICK_S * rate_hz))
        self._row = {str(spec.place): number for number, spec in enumerate(sensors) if spec.place}
        self._pairs = dict(self._rows_of_pairs()) if judge_places else {}
        count = len(sensors)
        self._state = _State(
            gathered=np.zeros((count, 6, self._tick)),
            measured=np.zeros((count, self._tick), np.bool_),
            clipped=np.zeros((count, self._tick), np.bool_),
            count=0,
            stuck=[""] * count,
            full=[""] * count,
            exchanged=[""] * count,
        )

    def _rows_of_pairs(self) -> Iterator[tuple[tuple[str, str], list[list[int]]]]:
        """Yield two segments and the rows of both legs' sensors, where all four are worn."""
        for pair in _PAIRS:
            places = [[f"{side}_{segment}" for side in _SIDES] for segment in pair]
            if all(place in self._row for segment in places for place in segment):
                yield pair, [[self._row[place] for place in segment] for segment in places]

    def judge(self, start: int, placed: OnGrid) -> list[Finding]:
        """Take what was measured from grid index ``start`` on; return what is news.

        Acceleration and rate of turn are judged, not a magnetic field that may come after them.
        Where what a sensor says is wrong, its part of ``placed`` becomes as that of one that is
        missing.
        """
        found: list[Finding] = []
        first = 0
        while first < placed.real.shape[1]:
            at = (start + first) % self._tick
            last = min(placed.real.shape[1], first + self._tick - at)
            self._gather(at, placed, slice(first, last))
            self._strike_out(placed, slice(first, last))
            if at + last - first == self._tick:
                found += self._end_tick(start + last)
            first = last
        return found

    def _gather(self, at: int, placed: OnGrid, part: slice) -> None:
        state, count = self._state, part.stop - part.start
        if at == 0:
            state.count = 0
        state.gathered[..., at : at + count] = placed.motion[:, part, :6].swapaxes(1, 2)
        state.measured[:, at : at + count] = placed.real[:, part]
        state.clipped[:, at : at + count] = placed.clipped[:, part]
        state.count += count

    def _strike_out(self, placed: OnGrid, part: slice) -> None:
        state = self._state
        for sensor, wrongs in enumerate(zip(state.stuck, state.full, state.exchanged, strict=True)):
            if any(wrongs):
                placed.motion[sensor, part] = np.nan
                placed.valid[sensor, part] = placed.real[sensor, part] = False

    def _end_tick(self, end: int) -> Iterator[Finding]:
        state = self._state
        if state.count < self._tick:  # the session began within it
            return
        same = state.gathered[..., 1:] == state.gathered[..., :-1]
        if any(state.stuck) or np.count_nonzero(same) >= self._tick // 2:
            judged = _moves(state.gathered) & state.measured.all(axis=1)
            stuck = _on_end(same, self._tick // 2)
            for sensor in np.flatnonzero(judged).tolist():
                yield from self._told(end, state.stuck, sensor, _words(stuck[sensor]))
        if any(state.full) or np.count_nonzero(state.clipped) >= self._tick * MOSTLY:
            yield from self._at_the_end(end)
        if self._pairs:
            yield from self._exchanges(end)

    def _at_the_end(self, end: int) -> Iterator[Finding]:
        """Yield which sensors are at the end of their ranges, or are so no longer."""
        state = self._state
        for sensor, share in enumerate(state.clipped.mean(axis=1).tolist()):
            if not HARDLY <= share <= MOSTLY:
                yield from self._told(end, state.full, sensor, AT_THE_END if share > HARDLY else "")

    def _told(self, end: int, known: list[str], sensor: int, now: str) -> Iterator[Finding]:
        """Take what is wrong ``now``, and tell it if it is news."""
        if now != known[sensor]:
            known[sensor] = now
            yield Finding(end, sensor, now)

    def _exchanges(self, end: int) -> Iterator[Finding]:
        state = self._state
        gyr = state.gathered[:, 3:]
        speed = np.sqrt(np.einsum("sit,sit->st", gyr, gyr))
        speed[~state.measured] = np.nan
        state.window = [*state.window[1 - WINDOW_TICKS :], speed]
        if len(state.window) < WINDOW_TICKS:
            return
        together = _correlations(np.concatenate(state.window, axis=1))
        shank_foot, thigh_foot = (
            together[np.ix_(*self._pairs[pair])] if pair in self._pairs else _UNKNOWN
            for pair in _PAIRS
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


def _moves(motion: FloatArray) -> BoolArray:
    """Return which sensors move (S,), of ``motion`` (S, 6, T)."""
    gyr = motion[:, 3:]
    moves: BoolArray = (gyr.max(axis=2) - gyr.min(axis=2)).max(axis=1) > MOVING_RAD_S
    return moves


def _on_end(same: BoolArray, steps: int) -> BoolArray:
    """Return where (S, 6) so many steps on end are the ``same`` (S, 6, T)."""
    so_far = same.cumsum(axis=2)
    on_end: BoolArray = (so_far[..., steps:] - so_far[..., :-steps] == steps).any(axis=2)
    return on_end


def _words(stuck: BoolArray) -> str:
    axes = [name for name, one in zip(_AXES, stuck.tolist(), strict=True) if one]
    return f"the {' and the '.join(axes)} says the same all the time" if axes else ""


def _within_minus_across(together: FloatArray) -> float:
    """Return by how much two segments go with each other more than with the other leg's.

    ``together`` (2, 2) is how they correlate: rows and columns are left and right.
    """
    (ll, lr), (rl, rr) = together.tolist()
    return float(ll + rr - lr - rl) / 2


def _exchanged(shank_foot: FloatArray, thigh_foot: FloatArray) -> set[str] | None:
    """Return which segments' sensors are exchanged, from how two of each correlate (2, 2).

    None: that cannot be told.
    """
    apart = _within_minus_across(shank_foot)
    if apart >= CLEAR:
        return set()
    if not (apart <= -CLEAR and min(shank_foot[0, 1], shank_foot[1, 0]) >= CLEAR):
        return None
    thigh = _within_minus_across(thigh_foot)
    if thigh < ACROSS:
        return {"foot"}
    return {"shank"} if thigh > -ACROSS else {"shank", "foot"}


def _correlations(series: FloatArray) -> FloatArray:
    """Return the correlation (S, S) of each two of (S, N) where both are known.

    NaN where that is less than half of them, or one of the two hardly varies.
    """
    known = np.isfinite(series)
    there, value = known.astype(np.float64), np.where(known, series, 0.0)
    count = np.maximum(there @ there.T, 1.0)
    mean = value @ there.T / count
    variance = (value * value) @ there.T / count - mean * mean
    shared = value @ value.T / count - mean * mean.T
    spread = np.sqrt(np.maximum(variance, 0.0))
    tells = np.minimum(spread, spread.T) >= STEPPING_RAD_S
    tells &= 2 * count >= series.shape[1]
    correlation: FloatArray = np.full_like(shared, np.nan)
    np.divide(shared, spread * spread.T, out=correlation, where=tells)
    return correlation
