"""Device clocks: unwrapping counters, and mapping device time to the host's monotonic clock.

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

from gateway.common_clock import CommonClock
from gateway.envelope import fit_envelope, spacing
from gateway.messages import BoolArray, FloatArray, IntArray
from gateway.runs import Runs

SECOND_NS = 1_000_000_000
WINDOW_NS = 5 * SECOND_NS
WINDOWS_KEPT = 60
WINDOWS_A_FIT = 2
"""Once there is a line it is fitted anew at every second window: drift changes slowly."""
RESTART_NS = 2 * SECOND_NS
"""A device clock that departs this much from the arrivals has restarted."""
OUT_OF_ORDER_NS = SECOND_NS
"""A counter that steps back by less is a packet out of order; by more, a restart."""
PACE_NS = SECOND_NS // 5
FASTER = 1.25
"""Within so long, and by so much, it shows that samples had waited, and are not only bunched."""
_FAR = 1 << 54
_NEVER = 1 << 62


class Unwrapped(NamedTuple):
    """Samples on an unbroken device time: index of the ``row`` in the input, time and segment.

    ``step_ns`` is the device time since the sample before, 0 where that is not known, as where a
    connection begins; ``dropped_ns`` is then that of what came too late over the one before. Rows
    that came too late or ran backwards are left out. All arrays are (N,).
    """

    row: IntArray
    device_ns: IntArray
    step_ns: IntArray
    segment: IntArray
    dropped_ns: IntArray


@dataclass
class _Late:
    """The last that came too late, and the device time since what came in time before it.

    The first came at ``first_ns``; at ``from_ns`` ``taken_ns`` was ``from_taken_ns``.
    """

    raw_ns: float
    arrival_ns: int
    taken_ns: float
    first_ns: int
    from_ns: int
    from_taken_ns: float

    @property
    def had_waited(self) -> bool:
        """Whether more came than was taken meanwhile: then no whole turn was lost."""
        return self.taken_ns > FASTER * (self.arrival_ns - self.first_ns) + PACE_NS


class Unwrapper:
    """Carries the counters of several sensors across blocks, with the arrivals to guide it.

    Each step is the one, among those that differ by whole wraps, that agrees best with the step
    of arrival. A small step back means out of order, and the sample is dropped; a larger one, or
    departing by more than ``RESTART_NS``, means that the device restarted: a new segment begins.
    But what waited while nobody listened (the link, or this process) goes on where it left off,
    comes faster than it was taken, and is dropped: it is seconds late. Nor is a step of whole
    turns of a short counter believed before samples come at their own pace again.
    """

    def __init__(self, wrap_ns: Sequence[float]) -> None:
        count = len(wrap_ns)
        self._wrap_ns = np.minimum(np.array(wrap_ns, np.float64), 2.0**62)
        # How near to the arrivals a step needs no unwrapping; below 0 the next sample begins anew.
        self._near_ns = np.full(count, -1.0)
        self._raw_ns = np.zeros(count)
        self._device_ns = np.zeros(count, np.int64)
        self._arrival_ns = np.zeros(count, np.int64)
        self._segment = np.full(count, -1, np.int64)
        self._late: dict[int, _Late] = {}
        self._dropped_ns = np.zeros(count, np.int64)
        self._lag_ns = np.zeros(count)  # by how much a segment began too late

    def push(self, runs: Runs, raw_ns: FloatArray, arrival_ns: IntArray) -> Unwrapped:
        """Unwrap raw counter times (N,) in ns of the rows of ``runs``."""
        step, odd = self._steps(runs, raw_ns, arrival_ns)
        if odd is not None and odd.any():
            return self._with_odd_rows(runs.run, raw_ns, arrival_ns)
        device_ns, step_ns = self._take(runs, step, raw_ns, arrival_ns)
        none = np.zeros(len(raw_ns), np.int64)
        return Unwrapped(np.arange(len(raw_ns)), device_ns, step_ns, self._segment[runs.run], none)

    def restart(self, sensor: int) -> None:
        """Begin a new segment with the next sample of ``sensor``."""
        self._near_ns[sensor] = -1.0
        late = self._late.pop(sensor, None)
        if late is not None and late.arrival_ns > self._arrival_ns[sensor]:
            self._dropped_ns[sensor] += round(late.taken_ns)

    def _with_odd_rows(
        self, sensor: IntArray, raw_ns: FloatArray, arrival_ns: IntArray
    ) -> Unwrapped:
        """Take the regular rows up to each sensor's first odd one, then that one, and so on."""
        device_ns, step_ns, segment, dropped_ns = np.zeros((4, len(sensor)), np.int64)
        kept = np.ones(len(sensor), np.bool_)
        rows = np.arange(len(sensor))
        while len(rows):
            runs, raw, arrival = Runs(sensor[rows]), raw_ns[rows], arrival_ns[rows]
            step, odd = self._steps(runs, raw, arrival)
            odd = np.zeros(len(rows), np.bool_) if odd is None else odd
            odd_so_far = runs.cumulative_sum(odd.astype(np.int64))
            regular, heads = odd_so_far == 0, odd & (odd_so_far == 1)
            if regular.any():
                own, taken = Runs(runs.run[regular]), rows[regular]
                device_ns[taken], step_ns[taken] = self._take(
                    own, step[regular], raw[regular], arrival[regular]
                )
                segment[taken] = self._segment[own.run]
            for head in np.flatnonzero(heads):
                row, who = rows[head], int(runs.run[head])
                taken = self._odd(who, float(raw[head]), int(arrival[head]))
                kept[row] = taken is not None
                step_ns[row], dropped_ns[row] = taken or (0, 0)
                device_ns[row], segment[row] = self._device_ns[who], self._segment[who]
            rows = rows[~regular & ~heads]
        index = np.flatnonzero(kept)
        columns = (device_ns, step_ns, segment, dropped_ns)
        return Unwrapped(index, *(column[index] for column in columns))

    def _steps(
        self, runs: Runs, raw_ns: FloatArray, arrival_ns: IntArray
    ) -> tuple[FloatArray, BoolArray | None]:
        """Return the steps of device time (N,), and which of them are no regular step.

        None instead says at once that all are regular: they mostly are.
        """
        step = runs.steps(raw_ns, self._raw_ns)
        arrival_step = runs.steps(arrival_ns, self._arrival_ns)
        behind = arrival_step - step
        near = np.abs(behind) <= self._near_ns[runs.run]
        if np.count_nonzero(near & (step > 0)) == len(step):
            return step, None
        wrap_ns = self._wrap_ns[runs.run]
        step += np.rint(behind / wrap_ns) * wrap_ns
        odd = (step <= 0) | (step > wrap_ns) | (np.abs(step - arrival_step) > RESTART_NS)
        odd[runs.start] |= self._near_ns[runs.sensors] < 0
        return step, odd

    def _take(
        self, runs: Runs, step: FloatArray, raw_ns: FloatArray, arrival_ns: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Add regular steps up, and return the device times (N,) and the whole steps (N,)."""
        sensors, last = runs.sensors, runs.last
        step_ns = np.rint(step).astype(np.int64)
        device_ns: IntArray = self._device_ns[runs.run] + runs.cumulative_sum(step_ns)
        self._raw_ns[sensors] = raw_ns[last]
        self._arrival_ns[sensors] = arrival_ns[last]
        self._device_ns[sensors] = device_ns[last]
        return device_ns, step_ns

    def _odd(self, sensor: int, raw_ns: float, arrival_ns: int) -> tuple[int, int] | None:
        """Take a sample that is no regular step, and return its ``step_ns`` and ``dropped_ns``.

        None drops a sample that comes too late.
        """
        wrap_ns = float(self._wrap_ns[sensor])
        step = raw_ns - float(self._raw_ns[sensor])
        arrival_step = arrival_ns - int(self._arrival_ns[sensor])
        step += np.rint((arrival_step - step) / wrap_ns) * wrap_ns
        known = self._near_ns[sensor] >= 0
        if known and -OUT_OF_ORDER_NS < step <= 0:
            return None
        late = known and step > 0 and (arrival_step > step or step > wrap_ns)
        if late and self._waited(sensor, raw_ns, arrival_ns):
            return None
        if late and self._late[sensor].had_waited:
            step = self._late[sensor].taken_ns
        caught_up = known and 0 < step - arrival_step <= self._lag_ns[sensor] + RESTART_NS
        if known and step > 0 and abs(step - arrival_step) <= RESTART_NS:
            self._device_ns[sensor] += round(step)
        else:
            self._lag_ns[sensor] = arrival_step - step if late else 0.0
            self._segment[sensor] += 1
            self._near_ns[sensor] = min(wrap_ns / 2, RESTART_NS)
            self._device_ns[sensor] = round(raw_ns)
        self._raw_ns[sensor], self._arrival_ns[sensor] = raw_ns, arrival_ns
        dropped_ns, self._dropped_ns[sensor] = int(self._dropped_ns[sensor]), 0
        return round(step) if late or caught_up else 0, dropped_ns

    def _waited(self, sensor: int, raw_ns: float, arrival_ns: int) -> bool:
        """Say of a late sample whether it had waited: unless the pace of ``PACE_NS`` says no."""
        wrap_ns, last_ns = float(self._wrap_ns[sensor]), int(self._arrival_ns[sensor])
        late = self._late.get(sensor)
        if late is None or late.arrival_ns <= last_ns:
            since_ns = (raw_ns - float(self._raw_ns[sensor])) % wrap_ns
            begun = _Late(raw_ns, arrival_ns, since_ns, arrival_ns, arrival_ns, since_ns)
            self._late[sensor] = begun
            return True
        late.taken_ns += (raw_ns - late.raw_ns) % wrap_ns
        late.raw_ns, late.arrival_ns = raw_ns, arrival_ns
        passed_ns, taken_ns = arrival_ns - late.from_ns, late.taken_ns - late.from_taken_ns
        if passed_ns < PACE_NS:
            return True
        late.from_ns, late.from_taken_ns = arrival_ns, late.taken_ns
        return passed_ns > RESTART_NS or taken_ns > FASTER * passed_ns


class ClockFit:
    """Maps the device times of several sensors to host time along the arrivals' lower envelope.

    Until there are windows enough only the lowest delay is followed; afterwards a line is fitted
    under the lowest delays of windows of ``WINDOW_NS`` (``gateway.envelope``). Host times rise by
    at least half a sample period. ``timed`` tells which sensors send a time of their own, and
    ``wrap_ns`` after how long it begins again. Sensors that ``share`` a clock have one line.
    """

    def __init__(
        self,
        period_ns: Sequence[float],
        timed: Sequence[bool],
        wrap_ns: Sequence[float] | None = None,
    ) -> None:
        count = len(period_ns)
        self._common = CommonClock([math.inf] * count if wrap_ns is None else wrap_ns)
        self._least_ns = (np.array(period_ns) / 2).astype(np.int64)
        self._timed = tuple(timed)
        self._counted = None if all(timed) else ~np.array(self._timed, np.bool_)
        self._segment = np.full(count, -1, np.int64)
        self._origin_ns = np.zeros(count, np.int64)
        self._window_end_ns = np.zeros(count, np.int64)
        self._closed = np.zeros(count, np.int64)
        self._floor_ns = np.zeros(count, np.int64)
        self._lowest_ns = np.full(count, _NEVER)
        self._lowest_at = np.zeros(count, np.int64)
        self._windows: list[list[tuple[float, float, float]]] = [[] for _ in range(count)]
        self._delays: list[list[IntArray]] = [[] for _ in range(count)]
        self._fitted = np.zeros(count, np.bool_)
        self._offset_ns = np.zeros(count)
        self._slope = np.zeros(count)
        self._error_s = np.full(count, np.nan)
        self._host_ns = np.full(count, -_NEVER)

    def expect(self, sensor: int, period_ns: float) -> None:
        """Take ``period_ns`` as the nominal sample period of ``sensor`` from now on."""
        self._least_ns[sensor] = int(period_ns / 2)

    def share(self, sensor: int, *, shared: bool) -> None:
        """Say whether ``sensor`` has the clock of all that share one, from its next segment on."""
        self._common.share(sensor, shared=shared)

    def push(
        self, runs: Runs, device_ns: IntArray, arrival_ns: IntArray, segment: IntArray
    ) -> tuple[IntArray, FloatArray]:
        """Return host times (N,), and in seconds (N,) the bound within which they lie 95 in 100."""
        part = self._one_window(runs, device_ns, arrival_ns, segment)
        if np.count_nonzero(part) == len(part):
            return self._map(runs, device_ns, arrival_ns), self._error_s[runs.run]
        host_ns, error_s = np.empty(len(part), np.int64), np.empty(len(part))
        rows = np.arange(len(part))
        while len(rows):
            now = rows[part]
            own = Runs(runs.run[now])
            host_ns[now] = self._map(own, device_ns[now], arrival_ns[now])
            error_s[now] = self._error_s[own.run]
            rows = rows[~part]
            part = self._one_window(
                Runs(runs.run[rows]), device_ns[rows], arrival_ns[rows], segment[rows]
            )
        return host_ns, error_s

    def _one_window(
        self, runs: Runs, device_ns: IntArray, arrival_ns: IntArray, segment: IntArray
    ) -> BoolArray:
        """Enter the segment and window of each sensor's first row; return the rows (N,) in them."""
        part = self._in_window(runs, device_ns, segment)
        if all(part[runs.start].tolist()):
            return part
        for row in runs.start[~part[runs.start]]:
            sensor, at_ns = int(runs.run[row]), int(device_ns[row])
            if self._segment[sensor] != segment[row]:
                self._restart(sensor, int(segment[row]), at_ns)
                self._common.begin(sensor, at_ns, int(arrival_ns[row]))
                self._take_common_line()
            else:
                self._close_window(sensor, at_ns)
        return self._in_window(runs, device_ns, segment)

    def _in_window(self, runs: Runs, device_ns: IntArray, segment: IntArray) -> BoolArray:
        # Device time rises within a segment, so it can leave a window at its end only.
        part: BoolArray = device_ns < self._window_end_ns[runs.run]
        part &= segment == self._segment[runs.run]
        return part

    def _restart(self, sensor: int, segment: int, device_ns: int) -> None:
        self._segment[sensor], self._origin_ns[sensor] = segment, device_ns
        # Windows of the sensors end one after another, so that no hop has all of them to fit.
        first_ns = WINDOW_NS * (sensor + 1) // len(self._segment)
        self._window_end_ns[sensor], self._closed[sensor] = device_ns + first_ns, 0
        self._windows[sensor], self._delays[sensor] = [], []
        self._floor_ns[sensor] = self._lowest_ns[sensor] = _NEVER
        self._fitted[sensor], self._error_s[sensor] = False, np.nan

    def _close_window(self, sensor: int, at_ns: int) -> None:
        """Go on to the window of ``at_ns``: what was lowest in the one before joins the fit."""
        apart_ns = spacing(np.concatenate(self._delays[sensor]))
        closed = (float(self._lowest_at[sensor]), float(self._lowest_ns[sensor]), apart_ns)
        windows = [*self._windows[sensor][1 - WINDOWS_KEPT :], closed]
        self._windows[sensor], self._delays[sensor] = windows, []
        beyond_ns = at_ns - int(self._window_end_ns[sensor])
        self._window_end_ns[sensor] += (beyond_ns // WINDOW_NS + 1) * WINDOW_NS
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
            offset = self._at_floor(runs, delay)
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

    def _at_floor(self, runs: Runs, delay: IntArray) -> IntArray:
        """Return the least delay so far since the segment began."""
        base = delay[runs.start][runs.ordinal]
        lowest: IntArray = runs.running_min(delay - base) + base
        np.minimum(lowest, self._floor_ns[runs.run], out=lowest)
        self._floor_ns[runs.sensors] = lowest[runs.last]
        return lowest

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
