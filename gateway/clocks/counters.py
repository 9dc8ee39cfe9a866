"""Counters of devices: of any width, that begin again, restart, or come late and out of order.

All sensors of a person are worked on together, as in ``gateway.clocks.device``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.messages import BoolArray, FloatArray, IntArray
from gateway.runs import Runs

RESTART_NS = 2 * SECOND_NS
"""A device clock that departs this much from the arrivals has restarted."""
OUT_OF_ORDER_NS = SECOND_NS
"""A counter that steps back by less may be a packet out of order; by more, it is a restart. A short
one may step back by an eighth of a turn."""
BEHIND_NS = SECOND_NS // 20
BEHIND_LEAST = 3
"""But so many, and for so long, one after another behind what came before them are a restart too:
no link puts them all out of order."""
AHEAD_NS = 60 * SECOND_NS
"""A counter that steps ahead of the arrivals by less goes on behind what came late, and what lies
between is lost; by more, a restart. A short one may do so by an eighth of a turn."""
PACE_NS = SECOND_NS // 5
FASTER = 1.25
"""Within so long, and by so much, it shows that samples had waited, and are not only bunched."""


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

    At ``from_ns`` ``taken_ns`` was ``from_taken_ns``.
    """

    raw_ns: float
    arrival_ns: int
    taken_ns: float
    from_ns: int
    from_taken_ns: float


@dataclass
class _Behind:
    """``count`` samples, one after another since ``from_ns``, that lie behind ``after_raw_ns``.

    The last, ``taken_ns`` of device time after the first, was ``raw_ns``.
    """

    after_raw_ns: float
    raw_ns: float
    from_ns: int
    taken_ns: float = 0.0
    count: int = 1


class Unwrapper:
    """Carries the counters of several sensors across blocks, with the arrivals to guide it.

    Each step is the one, among those that differ by whole wraps, that agrees best with the step
    of arrival. A small step back means out of order, and the sample is dropped; a larger one, or
    going on from there, or departing by more than ``RESTART_NS``, means that the device restarted:
    a new segment begins.
    But what waited while nobody listened (the link, or this process) goes on where it left off,
    comes faster than it was taken, and is dropped: it is seconds late. Nor is a step of whole
    turns of a short counter believed before samples come at their own pace again; if these turns
    were lost, or the sensor stood still, nobody knows, and a new segment begins.
    """

    def __init__(self, wrap_ns: Sequence[float]) -> None:
        count = len(wrap_ns)
        self._wrap_ns = np.minimum(np.array(wrap_ns, np.float64), 2.0**62)
        self._back_ns = np.minimum(self._wrap_ns / 8, OUT_OF_ORDER_NS)
        # How near to the arrivals a step needs no unwrapping; below 0 the next sample begins anew.
        self._near_ns = np.full(count, -1.0)
        self._raw_ns = np.zeros(count)
        self._device_ns = np.zeros(count, np.int64)
        self._arrival_ns = np.zeros(count, np.int64)
        self._segment = np.full(count, -1, np.int64)
        self._late: dict[int, _Late] = {}
        self._behind: dict[int, _Behind] = {}
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
            self._dropped_ns[sensor] += self._told(sensor, late)

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
        step = _turned(step, arrival_step, wrap_ns, self._back_ns[runs.run])
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
        step, back_ns = raw_ns - float(self._raw_ns[sensor]), float(self._back_ns[sensor])
        arrival_step = arrival_ns - int(self._arrival_ns[sensor])
        step = float(_turned(step, arrival_step, wrap_ns, back_ns))
        known = self._near_ns[sensor] >= 0
        if known and -back_ns < step <= 0 and not self._goes_on_behind(sensor, raw_ns, arrival_ns):
            return None
        late = known and step > 0 and (arrival_step > step or step > wrap_ns)
        if late and self._waited(sensor, raw_ns, arrival_ns):
            return None
        if late:
            step = self._told(sensor, self._late[sensor])
            late = step > 0
        ahead_ns = max(min(wrap_ns / 8, AHEAD_NS), self._lag_ns[sensor] + RESTART_NS)
        caught_up = known and 0 < step - arrival_step <= ahead_ns
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

    def _goes_on_behind(self, sensor: int, raw_ns: float, arrival_ns: int) -> bool:
        """Say of a sample out of order whether its clock was set back; those before it are lost."""
        behind, newest_ns = self._behind.get(sensor), float(self._raw_ns[sensor])
        step_ns = 0.0 if behind is None else (raw_ns - behind.raw_ns) % float(self._wrap_ns[sensor])
        if behind is None or behind.after_raw_ns != newest_ns or step_ns > RESTART_NS:
            behind = self._behind[sensor] = _Behind(newest_ns, raw_ns, arrival_ns)
        elif step_ns > 0:
            behind.raw_ns = raw_ns
            behind.taken_ns += step_ns
            behind.count += 1
        if behind.count < BEHIND_LEAST or arrival_ns - behind.from_ns < BEHIND_NS:
            return False
        self._dropped_ns[sensor] += round(behind.taken_ns)
        return True

    def _told(self, sensor: int, late: _Late) -> int:
        """Return the device time up to what came late; 0 where whole turns may be missing.

        What came tells no more than the parts of turns; they add up to the time that passed unless
        whole ones were lost.
        """
        passed_ns = late.arrival_ns - int(self._arrival_ns[sensor])
        known = abs(passed_ns - late.taken_ns) < self._wrap_ns[sensor] / 2
        return round(late.taken_ns) if known else 0

    def _waited(self, sensor: int, raw_ns: float, arrival_ns: int) -> bool:
        """Say of a late sample whether it had waited: unless the pace of ``PACE_NS`` says no."""
        wrap_ns, last_ns = float(self._wrap_ns[sensor]), int(self._arrival_ns[sensor])
        late = self._late.get(sensor)
        if late is None or late.arrival_ns <= last_ns:
            since_ns = (raw_ns - float(self._raw_ns[sensor])) % wrap_ns
            self._late[sensor] = _Late(raw_ns, arrival_ns, since_ns, arrival_ns, since_ns)
            return True
        late.taken_ns += (raw_ns - late.raw_ns) % wrap_ns
        late.raw_ns, late.arrival_ns = raw_ns, arrival_ns
        passed_ns, taken_ns = arrival_ns - late.from_ns, late.taken_ns - late.from_taken_ns
        if passed_ns < PACE_NS:
            return True
        late.from_ns, late.from_taken_ns = arrival_ns, late.taken_ns
        return passed_ns > RESTART_NS or taken_ns > FASTER * passed_ns


def _turned(
    step_ns: FloatArray | float,
    arrival_step_ns: IntArray | int,
    wrap_ns: FloatArray | float,
    back_ns: FloatArray | float,
) -> FloatArray:
    """Return steps of counters with those whole turns by which they agree best with the arrivals.

    None goes back by more than ``back_ns`` where one turn more is possible: what came before was
    late.
    """
    step_ns = step_ns + np.rint((arrival_step_ns - step_ns) / wrap_ns) * wrap_ns
    ahead_ns = step_ns + wrap_ns
    late = (step_ns < -back_ns) & (ahead_ns - arrival_step_ns <= RESTART_NS)
    return np.where(late, ahead_ns, step_ns)
