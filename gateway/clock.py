"""Device clocks: unwrapping counters, and mapping device time to the host's monotonic clock.

A packet can only be late, never early, so the smallest (arrival − device time) of a stretch is
the best view of the clocks' offset: the mapping follows the lower envelope of the arrivals.
Least squares through all arrivals is misled by stalls (by 10 to 100 times in slope).

All sensors of a person are worked on together, as runs of rows (``gateway.runs``): a hop holds
two samples a sensor, and calls a sensor would cost more than the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway import runs
from gateway.messages import BoolArray, FloatArray, IntArray, message

SECOND_NS = 1_000_000_000
WINDOW_NS = 2 * SECOND_NS
WINDOWS_KEPT = 150
WINDOWS_A_FIT = 5
"""Once there is a line it is fitted anew at every fifth window: drift changes slowly."""
MIN_WINDOWS_FOR_ERROR = 3
RESTART_NS = 2 * SECOND_NS
"""A device clock that departs this much from the arrivals has restarted."""
OUT_OF_ORDER_NS = SECOND_NS
"""A counter that steps back by less is a packet out of order; by more, a restart."""
TIMED_SLOPE_AFTER_NS = 60 * SECOND_NS
"""30 ppm of drift are under 2 ms a minute: until then only the offset is followed."""
TIMED_MAX_DRIFT = 300e-6
"""Crystals stay within tens of parts per million; more is a fault of the fit."""
COUNTED_SLOPE_AFTER_NS = 10 * SECOND_NS
COUNTED_MAX_DRIFT = 0.05
"""A sensor that sends no time is timed by its nominal rate, which may be a few per cent off."""
_FAR = 1 << 54


@message
class Unwrapped:
    """Samples on an unbroken device time: index of the ``row`` in the input, time and segment.

    Rows that ran backwards are left out. All arrays are (N,).
    """

    row: IntArray
    device_ns: IntArray
    segment: IntArray


class Unwrapper:
    """Carries the counters of several sensors across blocks, with the arrivals to guide it.

    Each step is the one, among those that differ by whole wraps, that agrees best with the step
    of arrival. A small step back means out of order, and the sample is dropped; a larger one, or
    departing by more than ``RESTART_NS``, means that the device restarted: a new segment begins.
    """

    def __init__(self, wrap_ns: Sequence[float]) -> None:
        count = len(wrap_ns)
        self._wrap_ns = np.minimum(np.array(wrap_ns, np.float64), 2.0**62)
        self._raw_ns = np.zeros(count)
        self._device_ns = np.zeros(count, np.int64)
        self._arrival_ns = np.zeros(count, np.int64)
        self._segment = np.full(count, -1, np.int64)

    def push(self, sensor: IntArray, raw_ns: FloatArray, arrival_ns: IntArray) -> Unwrapped:
        """Unwrap raw counter times (N,) in ns; ``sensor`` (N,) rising."""
        device_ns, segment = np.zeros(len(sensor), np.int64), np.zeros(len(sensor), np.int64)
        kept = np.ones(len(sensor), np.bool_)
        rows = np.arange(len(sensor))
        while len(rows):
            who, raw, arrival = sensor[rows], raw_ns[rows], arrival_ns[rows]
            start = runs.starts(who)
            step, odd = self._steps(who, start, raw, arrival)
            regular = np.ones(len(rows), np.bool_)
            if odd.any():
                regular = runs.up_to_first(odd, start) == 0
            if regular.any():
                taken = rows[regular]
                device_ns[taken] = self._take(who[regular], step[regular], raw, arrival, regular)
                segment[taken] = self._segment[who[regular]]
            heads = odd & (runs.up_to_first(odd, start) == 1) if odd.any() else odd
            for row in np.flatnonzero(heads):
                kept[rows[row]] = self._odd(int(who[row]), float(raw[row]), int(arrival[row]))
                device_ns[rows[row]] = self._device_ns[who[row]]
                segment[rows[row]] = self._segment[who[row]]
            rows = rows[~regular & ~heads]
        index = np.flatnonzero(kept)
        return Unwrapped(index, device_ns[index], segment[index])

    def _steps(
        self, who: IntArray, start: IntArray, raw_ns: FloatArray, arrival_ns: IntArray
    ) -> tuple[FloatArray, BoolArray]:
        """Return the steps of device time (N,), and which of them are no regular step."""
        first = who[start]
        step = raw_ns - runs.previous(raw_ns, start, self._raw_ns[first])
        arrival_step = arrival_ns - runs.previous(arrival_ns, start, self._arrival_ns[first])
        wrap_ns = self._wrap_ns[who]
        step += np.rint((arrival_step - step) / wrap_ns) * wrap_ns
        odd = (step <= 0) | (np.abs(step - arrival_step) > RESTART_NS)
        odd[start] |= self._segment[first] < 0
        return step, odd

    def _take(
        self,
        who: IntArray,
        step: FloatArray,
        raw_ns: FloatArray,
        arrival_ns: IntArray,
        regular: BoolArray,
    ) -> IntArray:
        """Add regular steps up, and return the device times."""
        start = runs.starts(who)
        last, sensors = runs.lasts(start, len(who)), who[start]
        elapsed = runs.cumulative_sum(np.rint(step).astype(np.int64), start)
        device_ns: IntArray = self._device_ns[who] + elapsed
        self._raw_ns[sensors] = raw_ns[regular][last]
        self._arrival_ns[sensors] = arrival_ns[regular][last]
        self._device_ns[sensors] = device_ns[last]
        return device_ns

    def _odd(self, sensor: int, raw_ns: float, arrival_ns: int) -> bool:
        """Drop a sample that is out of order, or start a new segment; tell whether it is kept."""
        wrap_ns = float(self._wrap_ns[sensor])
        step = raw_ns - float(self._raw_ns[sensor])
        arrival_step = arrival_ns - int(self._arrival_ns[sensor])
        step += np.rint((arrival_step - step) / wrap_ns) * wrap_ns
        if self._segment[sensor] >= 0 and -OUT_OF_ORDER_NS < step <= 0:
            return False
        self._segment[sensor] += 1
        self._raw_ns[sensor], self._device_ns[sensor] = raw_ns, round(raw_ns)
        self._arrival_ns[sensor] = arrival_ns
        return True


class ClockFit:
    """Maps the device times of several sensors to host time along the arrivals' lower envelope.

    Until enough device time has been seen only the offset is followed; afterwards a line is
    fitted through the minima of two-second windows, after those far above it have been left
    out. Host times rise by at least half a sample period. ``timed`` tells which sensors send a
    time of their own.
    """

    def __init__(self, period_ns: Sequence[float], timed: Sequence[bool]) -> None:
        count = len(period_ns)
        self._least_ns = (np.array(period_ns) / 2).astype(np.int64)
        self._timed = tuple(timed)
        self._segment = np.full(count, -1, np.int64)
        self._origin_ns = np.zeros(count, np.int64)
        self._window = np.zeros(count, np.int64)
        self._floor_ns = np.zeros(count, np.int64)
        self._lowest_ns = np.full(count, _FAR)
        self._lowest_at = np.zeros(count, np.int64)
        self._minima: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self._fitted = np.zeros(count, np.bool_)
        self._line = np.zeros((count, 2))
        self._error_s = np.full(count, np.nan)
        self._host_ns = np.zeros(count, np.int64)

    def push(
        self, sensor: IntArray, device_ns: IntArray, arrival_ns: IntArray, segment: IntArray
    ) -> tuple[IntArray, FloatArray]:
        """Return host times (N,) and the fit's residual in seconds (N,) at each sample."""
        host_ns, error_s = np.empty(len(sensor), np.int64), np.empty(len(sensor))
        rows = np.arange(len(sensor))
        while len(rows):
            part = self._one_window(sensor[rows], device_ns[rows], segment[rows])
            now = rows if part.all() else rows[part]
            who = sensor[now]
            host_ns[now] = self._map(who, device_ns[now], arrival_ns[now])
            error_s[now] = self._error_s[who]
            rows = rows[~part]
        return host_ns, error_s

    def _one_window(self, who: IntArray, device_ns: IntArray, segment: IntArray) -> BoolArray:
        """Enter the segment and window of each sensor's first row; return the rows in them."""
        start = runs.starts(who)
        sensors = who[start]
        for position in np.flatnonzero(self._segment[sensors] != segment[start]):
            row = start[position]
            self._restart(int(who[row]), int(segment[row]), int(device_ns[row]))
        window = (device_ns - self._origin_ns[who]) // WINDOW_NS
        for position in np.flatnonzero(self._window[sensors] != window[start]):
            self._enter(int(sensors[position]), int(window[start[position]]))
        part: BoolArray = (window == self._window[who]) & (segment == self._segment[who])
        return part

    def _restart(self, sensor: int, segment: int, device_ns: int) -> None:
        first = self._segment[sensor] < 0
        self._segment[sensor], self._origin_ns[sensor] = segment, device_ns
        self._window[sensor], self._minima[sensor] = 0, []
        self._floor_ns[sensor] = self._lowest_ns[sensor] = 1 << 62
        self._fitted[sensor], self._error_s[sensor] = False, np.nan
        if first:
            self._host_ns[sensor] = -(1 << 62)

    def _enter(self, sensor: int, window: int) -> None:
        """Close the window before ``window``: its minimum joins the fit."""
        minimum = (int(self._lowest_at[sensor]), int(self._lowest_ns[sensor]))
        minima = [*self._minima[sensor][1 - WINDOWS_KEPT :], minimum]
        self._minima[sensor], self._window[sensor] = minima, window
        self._lowest_ns[sensor] = 1 << 62
        if self._fitted[sensor] and window % WINDOWS_A_FIT:
            return
        line, self._error_s[sensor] = fit_envelope(
            np.array(minima, np.float64), timed=self._timed[sensor]
        )
        if line is not None:
            self._line[sensor], self._fitted[sensor] = line, True

    def _map(self, who: IntArray, device_ns: IntArray, arrival_ns: IntArray) -> IntArray:
        """Return host times (N,) of rows within one window a sensor; follow its minimum."""
        start = runs.starts(who)
        sensors, last = who[start], runs.lasts(start, len(who))
        origin_ns = self._origin_ns[who]
        elapsed, delay = device_ns - origin_ns, arrival_ns - device_ns
        self._follow(who, start, elapsed, delay)
        fitted = self._fitted[who]
        offset = np.rint(self._line[who, 0] + self._line[who, 1] * elapsed).astype(np.int64)
        if not fitted.all():
            base = delay[start][runs.ordinals(who)]
            running = runs.running_min(delay - base, who) + base
            running = np.minimum(running, self._floor_ns[who])
            self._floor_ns[sensors] = running[last]
            offset = np.where(fitted, offset, running)
        host_ns = self._rising(who, start, device_ns + offset)
        self._host_ns[sensors] = host_ns[last]
        return host_ns

    def _follow(self, who: IntArray, start: IntArray, elapsed: IntArray, delay: IntArray) -> None:
        sensors, least = who[start], np.minimum.reduceat(delay, start)
        for position in np.flatnonzero(least < self._lowest_ns[sensors]):
            sensor = sensors[position]
            row = start[position] + int(np.argmax(delay[start[position] :] == least[position]))
            self._lowest_ns[sensor], self._lowest_at[sensor] = least[position], elapsed[row]

    def _rising(self, who: IntArray, start: IntArray, host_ns: IntArray) -> IntArray:
        before = np.maximum(self._host_ns[who[start]], host_ns[start] - _FAR // 2)
        ordinal = runs.ordinals(who)
        ramp = before[ordinal] + (runs.ranks(start, len(who)) + 1) * self._least_ns[who]
        rising: IntArray = np.maximum(runs.running_max(host_ns - ramp, who), 0) + ramp
        return rising


def fit_envelope(minima: FloatArray, *, timed: bool) -> tuple[tuple[float, float] | None, float]:
    """Fit a line through window minima (N, 2) of (elapsed ns, delay ns).

    Returns (offset ns, slope) or None while the minima span too little, and the residual's
    standard deviation in seconds (NaN below three windows).
    """
    slope_after_ns = TIMED_SLOPE_AFTER_NS if timed else COUNTED_SLOPE_AFTER_NS
    max_drift = TIMED_MAX_DRIFT if timed else COUNTED_MAX_DRIFT
    at, delay = minima[:, 0], minima[:, 1]
    if len(minima) < MIN_WINDOWS_FOR_ERROR:
        return None, np.nan
    if at[-1] - at[0] < slope_after_ns:
        return None, float(np.std(delay)) * 1e-9
    offset, slope = _least_squares(at, delay)
    residual = np.abs(delay - offset - slope * at)
    near = residual <= 3 * 1.4826 * np.median(residual) + 1.0
    at, delay = at[near], delay[near]
    offset, slope = _least_squares(at, delay)
    if abs(slope) > max_drift:
        slope = float(np.clip(slope, -max_drift, max_drift))
        offset = float(np.mean(delay - slope * at))
    return (offset, slope), float(np.std(delay - offset - slope * at)) * 1e-9


def _least_squares(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    x_mean, y_mean = float(np.mean(x)), float(np.mean(y))
    centred = x - x_mean
    slope = float(np.sum(centred * (y - y_mean)) / np.sum(centred * centred))
    return y_mean - slope * x_mean, slope
