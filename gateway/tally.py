"""What is told of every sensor once a second: packets by arrival, losses by grid time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.clock import SECOND_NS
from gateway.messages import (
    BatteryLevel,
    BoolArray,
    FloatArray,
    ImuBlock,
    IntArray,
    SensorSpec,
    SensorStatus,
)

_COUNTED = ("sensor", "arrival_ns", "host_ns", "lost", "refused", "clipped", "clock_error_s")


class Tally:
    """What has come of all sensors, until the second that it belongs to is told."""

    def __init__(self, sensors: int, origin_ns: int, rate_hz: float) -> None:
        self._sensors = sensors
        self._origin_ns = origin_ns
        self._rate_hz = rate_hz
        self._battery: list[BatteryLevel] = []
        self._level: dict[str, float] = {}
        self._error_s = np.full(sensors, np.nan)
        self._blocks: list[ImuBlock] = []
        self._counts: dict[int, IntArray] = {}
        self._errors: dict[int, FloatArray] = {}
        self._grid: list[BoolArray] = []
        self._grid_start = 0
        self._real: dict[int, IntArray] = {}

    def battery(self, level: BatteryLevel) -> None:
        """Add what a sensor says of its battery."""
        self._battery.append(level)

    def append(self, block: ImuBlock) -> None:
        """Add a block of samples."""
        self._blocks.append(block)

    def append_grid(self, real: BoolArray) -> None:
        """Add which samples (T, S) of the grid are real; they follow those added before."""
        self._grid.append(real)

    def _sort_samples(self, hold_back_ns: int) -> None:
        """Count samples, lost, refused, late and clipped by their second of arrival."""
        if not self._blocks:
            return
        blocks, self._blocks = self._blocks, []
        sensor, arrival_ns, host_ns, lost, refused, clipped, error_s = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in _COUNTED
        )
        seconds = (arrival_ns - self._origin_ns) // SECOND_NS
        first = int(seconds.min())
        span = int(seconds.max()) - first + 1
        cell = (seconds - first) * self._sensors + sensor
        late = arrival_ns > host_ns + hold_back_ns
        cells = span * self._sensors
        rows = [np.bincount(cell, minlength=cells)]
        rows += [np.bincount(cell, each, cells) for each in (lost, refused, late, clipped)]
        counts = np.stack(rows).astype(np.int64).reshape(5, span, self._sensors)
        errors = np.full(cells, np.nan)
        errors[cell] = error_s
        for offset in range(span):
            own = slice(offset * self._sensors, (offset + 1) * self._sensors)
            self._add(first + offset, counts[:, offset], errors[own])

    def _add(self, second: int, counts: IntArray, errors: FloatArray) -> None:
        if second not in self._counts:
            self._counts[second], self._errors[second] = counts, errors
            return
        self._counts[second] += counts
        fresh = counts[0] > 0
        self._errors[second][fresh] = errors[fresh]

    def _sort_grid(self) -> None:
        """Count real samples of the grid by second."""
        if not self._grid:
            return
        real = np.concatenate(self._grid)
        self._grid = []
        index = np.arange(self._grid_start, self._grid_start + len(real))
        self._grid_start += len(real)
        seconds = (index / self._rate_hz).astype(np.int64)
        edges = np.flatnonzero(np.diff(seconds, prepend=-1))
        counts = np.add.reduceat(real.astype(np.int64), edges, axis=0)
        for edge, count in zip(edges, counts, strict=True):
            second = int(seconds[edge])
            self._real[second] = self._real.get(second, 0) + count

    def close(
        self,
        person: str,
        sensors: Sequence[SensorSpec],
        second: int,
        end_ns: int,
        hold_back_ns: int,
    ) -> list[SensorStatus]:
        """Take out the second that ends at ``end_ns`` and tell of it, a status a sensor."""
        self._sort_samples(hold_back_ns)
        self._sort_grid()
        first = int(np.ceil(second * self._rate_hz))
        expected = int(np.ceil((second + 1) * self._rate_hz)) - first
        counts = self._counts.pop(second, np.zeros((5, self._sensors), np.int64))
        errors = self._errors.pop(second, self._error_s)
        self._error_s = np.where(counts[0] > 0, errors, self._error_s)
        real = self._real.pop(second, np.zeros(self._sensors, np.int64))
        told = [level for level in self._battery if level.arrival_ns < end_ns]
        self._battery = [level for level in self._battery if level.arrival_ns >= end_ns]
        self._level |= {level.sensor: level.level for level in told}
        return [
            SensorStatus(
                person=person,
                t_s=float(second + 1),
                sensor=spec.sensor,
                place=spec.place,
                rate_hz=float(counts[0, index]),
                loss=1.0 - float(real[index]) / expected,
                lost=int(counts[1, index]),
                refused=int(counts[2, index]),
                late=int(counts[3, index]),
                clipped=int(counts[4, index]),
                clock_error_s=float(self._error_s[index]),
                battery=self._level.get(spec.sensor, np.nan),
            )
            for index, spec in enumerate(sensors)
        ]
