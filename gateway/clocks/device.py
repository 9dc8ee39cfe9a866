"""Device clocks: mapping device time (``gateway.clocks.counters``) to the host's monotonic clock.

A packet can only be late, never early, so the smallest (arrival − device time) of a stretch is
the best view of the clocks' offset: the mapping follows the lower envelope of the arrivals.
Least squares through all arrivals is misled by stalls (by 10 to 100 times in slope).

All sensors of a person are worked on together, as runs of rows (``gateway.runs``): a hop holds
two samples a sensor, and calls a sensor would cost more than the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.clocks.common import CommonClock
from gateway.clocks.envelope import fit_envelope, spacing
from gateway.messages import BoolArray, FloatArray, IntArray
from gateway.runs import Runs

SECOND_NS = 1_000_000_000
WINDOW_NS = 5 * SECOND_NS
COUNTED_WINDOW_NS = SECOND_NS
"""A sensor that sends no time is timed by its rate, and that has to be found first."""
SLOWER = 10
"""Until then it may be slower than it was asked to be by one part in so many, and is not late."""
MANY = 8
"""And so many times as fast, without running ahead."""
WINDOWS_KEPT = 60
WINDOWS_A_FIT = 2
"""Once there is a line it is fitted anew at every second window: drift changes slowly."""
_FAR = 1 << 54
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class _Rows:
    """Samples, a row (N,) each."""

    runs: Runs
    device_ns: IntArray
    arrival_ns: IntArray
    segment: IntArray


class Mapped(NamedTuple):
    """Host times (N,), and in seconds (N,) the bound within which they lie 95 in 100.

    ``pace`` (N,) is how long the device time of a sensor that sends none lasts by the host's
    clock, relative; NaN while that is not known.
    """

    host_ns: IntArray
    error_s: FloatArray
    pace: FloatArray


class ClockFit:
    """Maps the device times of several sensors to host time along the arrivals' lower envelope.

    Until there are windows enough only the lowest delay is followed; afterwards a line is fitted
    under the lowest delays of windows of ``WINDOW_NS`` (``gateway.clocks.envelope``). Host times
    rise by at least half a sample period. ``timed`` tells which sensors send a time of their own,
    and ``wrap_ns`` after how long it begins again. Sensors that ``share`` a clock have one line.

    The device time of one that sends none is counted, by a period that need not be its own: its
    windows are short, and its line may have any slope.
    """

    def __init__(
        self,
        period_ns: Sequence[float],
        timed: Sequence[bool],
        wrap_ns: Sequence[float] | None = None,
    ) -> None:
        count = len(period_ns)
        self._common = CommonClock([math.inf] * count if wrap_ns is None else wrap_ns)
        self._timed = tuple(timed)
        self._least_ns = np.zeros(count, np.int64)
        for sensor, own_ns in enumerate(period_ns):
            self.expect(sensor, own_ns)
        self._counted = None if all(timed) else ~np.array(self._timed, np.bool_)
        self._segment = np.full(count, -1, np.int64)
        self._origin_ns = np.zeros(count, np.int64)
        self._window_end_ns = np.zeros(count, np.int64)
        self._closed = np.zeros(count, np.int64)
        self._floor_ns = np.zeros(count, np.int64)
        self._lowest_ns = np.full(count, _NEVER)
        self._lowest_at = np.zeros(count, np.int64)
        self._window_ns = np.where(self._timed, WINDOW_NS, COUNTED_WINDOW_NS)
        self._windows: list[list[tuple[float, float, float]]] = [[] for _ in range(count)]
        self._delays: list[list[IntArray]] = [[] for _ in range(count)]
        self._fitted = np.zeros(count, np.bool_)
        self._offset_ns = np.zeros(count)
        self._slope = np.zeros(count)
        self._pace = np.where(self._timed, 1.0, np.nan)
        self._error_s = np.full(count, np.nan)
        self._host_ns = np.full(count, -_NEVER)

    def expect(self, sensor: int, period_ns: float) -> None:
        """Take ``period_ns`` as the nominal sample period of ``sensor`` from now on."""
        self._least_ns[sensor] = int(period_ns / (2 if self._timed[sensor] else MANY))

    def share(self, sensor: int, *, shared: bool) -> None:
        """Say whether ``sensor`` has the clock of all that share one, from its next segment on."""
        self._common.share(sensor, shared=shared)

    def push(
        self, runs: Runs, device_ns: IntArray, arrival_ns: IntArray, segment: IntArray
    ) -> Mapped:
        """Map the device times (N,) of the rows of ``runs``."""
        where = _Rows(runs, device_ns, arrival_ns, segment)
        if self._in_one_window(where):
            host_ns = self._map(runs, device_ns, arrival_ns)
            return Mapped(host_ns, self._error_s[runs.run], self._pace[runs.run])
        host_ns, (error_s, pace) = np.empty(len(segment), np.int64), np.empty((2, len(segment)))
        at, beyond = runs.start.tolist(), (runs.last + 1).tolist()
        while at:
            ends = [self._leaves(where, *span) for span in zip(at, beyond, strict=True)]
            left = [position for position, end in enumerate(ends) if end < beyond[position]]
            if left and self._common.any_share:
                left, ends = _first_left(where, at, ends, left)
            now = np.concatenate([np.arange(*span) for span in zip(at, ends, strict=True)])
            if len(now):
                own = Runs(runs.run[now])
                host_ns[now] = self._map(own, device_ns[now], arrival_ns[now])
                error_s[now], pace[now] = self._error_s[own.run], self._pace[own.run]
            for position in left:
                self._enter(where, ends[position])
            rest = [(end, last) for end, last in zip(ends, beyond, strict=True) if end < last]
            at, beyond = [end for end, _ in rest], [last for _, last in rest]
        return Mapped(host_ns, error_s, pace)

    def _in_one_window(self, where: _Rows) -> bool:
        """Say whether all rows lie in the segments and windows that their sensors are in."""
        part: BoolArray = where.device_ns < self._window_end_ns[where.runs.run]
        part &= where.segment == self._segment[where.runs.run]
        return int(np.count_nonzero(part)) == len(part)

    def _enter(self, where: _Rows, row: int) -> None:
        """Enter the segment and window of ``row``."""
        sensor, at_ns = int(where.runs.run[row]), int(where.device_ns[row])
        if self._segment[sensor] != where.segment[row]:
            self._restart(sensor, int(where.segment[row]), at_ns)
            self._common.begin(sensor, at_ns, int(where.arrival_ns[row]))
            self._take_common_line()
        elif at_ns >= self._window_end_ns[sensor]:
            self._close_window(sensor, at_ns)

    def _leaves(self, where: _Rows, first: int, beyond: int) -> int:
        """Return the first row of a sensor's, ``first`` to ``beyond``, that is not in its window.

        Segments follow each other, and device time rises within one.
        """
        sensor = where.runs.run[first]
        alike = where.segment[first:beyond].searchsorted(self._segment[sensor], "right")
        own_ns = where.device_ns[first : first + int(alike)]
        return first + int(own_ns.searchsorted(self._window_end_ns[sensor]))

    def _restart(self, sensor: int, segment: int, device_ns: int) -> None:
        self._segment[sensor], self._origin_ns[sensor] = segment, device_ns
        # Windows of the sensors end one after another, so that no hop has all of them to fit.
        first_ns = int(self._window_ns[sensor]) * (sensor + 1) // len(self._segment)
        self._window_end_ns[sensor], self._closed[sensor] = device_ns + first_ns, 0
        self._windows[sensor], self._delays[sensor] = [], []
        self._floor_ns[sensor] = self._lowest_ns[sensor] = _NEVER
        self._fitted[sensor], self._error_s[sensor] = False, np.nan
        self._pace[sensor] = 1.0 if self._timed[sensor] else np.nan

    def _close_window(self, sensor: int, at_ns: int) -> None:
        """Go on to the window of ``at_ns``: what was lowest in the one before joins the fit."""
        apart_ns = spacing(np.concatenate(self._delays[sensor]))
        closed = (float(self._lowest_at[sensor]), float(self._lowest_ns[sensor]), apart_ns)
        windows = [*self._windows[sensor][1 - WINDOWS_KEPT :], closed]
        self._windows[sensor], self._delays[sensor] = windows, []
        beyond_ns = at_ns - int(self._window_end_ns[sensor])
        window_ns = int(self._window_ns[sensor])
        self._window_end_ns[sensor] += (beyond_ns // window_ns + 1) * window_ns
        self._lowest_ns[sensor] = _NEVER
        self._closed[sensor] += 1
        if self._common.add(sensor, closed):
            self._take_common_line()
            return
        if self._fitted[sensor] and self._closed[sensor] % WINDOWS_A_FIT:
            return
        line = fit_envelope(np.array(windows), timed=self._timed[sensor])
        if line is not None:
            self._offset_ns[sensor], self._slope[sensor] = line.offset_ns, line.slope
            self._error_s[sensor], self._fitted[sensor] = line.error_s, True
            if not self._timed[sensor]:
                self._pace[sensor] = 1.0 + line.slope

    def _take_common_line(self) -> None:
        """Have all who share a clock on its line."""
        for sensor, line in self._common.lines():
            self._offset_ns[sensor], self._slope[sensor] = line.offset_ns, line.slope
            self._error_s[sensor], self._fitted[sensor] = line.error_s, True

    def _map(self, runs: Runs, device_ns: IntArray, arrival_ns: IntArray) -> IntArray:
        """Return host times (N,) of rows within one window a sensor; follow its minimum."""
        delay = arrival_ns - device_ns
        self._follow(runs, device_ns, delay)
        fitted = self._fitted[runs.run]
        share = np.count_nonzero(fitted)
        if share == len(fitted):
            offset = self._on_line(runs, device_ns)
        else:
            offset = self._at_floor(runs, device_ns, delay)
            if share:
                offset = np.where(fitted, self._on_line(runs, device_ns), offset)
        if self._counted is not None:
            # What was lost uncounted bends the line: yet no sample came before it was taken.
            late = self._counted[runs.run] & (offset > delay)
            offset = np.where(late, delay, offset)
        host_ns = self._rising(runs, device_ns + offset)
        self._host_ns[runs.sensors] = host_ns[runs.last]
        return host_ns

    def _on_line(self, runs: Runs, device_ns: IntArray) -> IntArray:
        elapsed = device_ns - self._origin_ns[runs.run]
        line = self._offset_ns[runs.run] + self._slope[runs.run] * elapsed
        offset: IntArray = np.rint(line).astype(np.int64)
        return offset

    def _at_floor(self, runs: Runs, device_ns: IntArray, delay: IntArray) -> IntArray:
        """Return the least delay since the segment began; that of counted samples may rise."""
        rise: IntArray | int = 0
        if self._counted is not None:
            rise = self._counted[runs.run] * ((device_ns - self._origin_ns[runs.run]) // SLOWER)
        delay = delay - rise
        base = delay[runs.start][runs.ordinal]
        lowest: IntArray = runs.running_min(delay - base) + base
        np.minimum(lowest, self._floor_ns[runs.run], out=lowest)
        self._floor_ns[runs.sensors] = lowest[runs.last]
        return lowest + rise

    def _follow(self, runs: Runs, device_ns: IntArray, delay: IntArray) -> None:
        for sensor, first, last in zip(
            runs.sensors.tolist(), runs.start.tolist(), runs.last.tolist(), strict=True
        ):
            self._delays[sensor].append(delay[first : last + 1])
        least = np.minimum.reduceat(delay, runs.start)
        for position in (least < self._lowest_ns[runs.sensors]).nonzero()[0]:
            sensor, first = runs.sensors[position], runs.start[position]
            row = first + int(np.argmax(delay[first:] == least[position]))
            self._lowest_ns[sensor] = least[position]
            self._lowest_at[sensor] = device_ns[row] - self._origin_ns[sensor]

    def _rising(self, runs: Runs, host_ns: IntArray) -> IntArray:
        """Return host times (N,), put off where they do not rise enough."""
        least_ns = self._least_ns[runs.run]
        if np.count_nonzero(runs.steps(host_ns, self._host_ns) >= least_ns) == len(host_ns):
            return host_ns
        before = np.maximum(self._host_ns[runs.sensors], host_ns[runs.start] - _FAR // 2)
        ramp = before[runs.ordinal] + (runs.rank + 1) * least_ns
        rising: IntArray = np.maximum(runs.running_max(host_ns - ramp), 0) + ramp
        return rising


def _first_left(
    where: _Rows, at: list[int], ends: list[int], left: list[int]
) -> tuple[list[int], list[int]]:
    """Return whose window, of those ``left`` at ``ends``, is left first, and the ends until then.

    What is left moves the line of all who share a clock from then on, however the rows are cut
    into hops.
    """
    came_ns = where.arrival_ns
    first = min(left, key=lambda position: (came_ns[ends[position]], position))
    until_ns = came_ns[ends[first]]
    before = [
        begin + int(came_ns[begin:end].searchsorted(until_ns))
        for begin, end in zip(at, ends, strict=True)
    ]
    before[first] = ends[first]
    return [first], before
