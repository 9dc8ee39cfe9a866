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


class Tally:
    """Counts of all sensors for every second that has not been told yet."""

    def __init__(self, sensors: int, origin_ns: int) -> None:
        self._sensors = sensors
        self._origin_ns = origin_ns
        self._battery: list[BatteryLevel] = []
        self._level: dict[str, float] = {}
        self._error_s = np.full(sensors, np.nan)
        self._received: dict[int, IntArray] = {}
        self._errors: dict[int, FloatArray] = {}
        self._real: dict[int, IntArray] = {}

    def battery(self, level: BatteryLevel) -> None:
        """Add what a sensor says of its battery."""
        self._battery.append(level)

    def append(self, block: ImuBlock, hold_back_ns: int) -> None:
        """Add a block: samples, lost, refused, late and clipped by second of arrival."""
        late = block.arrival_ns > block.host_ns + hold_back_ns
        seconds = (block.arrival_ns - self._origin_ns) // SECOND_NS
        first = int(seconds.min())
        span = int(seconds.max()) - first + 1
        cell = (seconds - first) * self._sensors + block.sensor
        counts = np.empty((5, span * self._sensors))
        counts[0] = np.bincount(cell, minlength=counts.shape[1])
        for row, values in enumerate((block.lost, block.refused, late, block.clipped), start=1):
            counts[row] = np.bincount(cell, values, counts.shape[1])
        errors = np.full(span * self._sensors, np.nan)
        errors[cell] = block.clock_error_s
        for offset in range(span):
            own = slice(offset * self._sensors, (offset + 1) * self._sensors)
            self._add(first + offset, counts[:, own].astype(np.int64), errors[own])

    def _add(self, second: int, counts: IntArray, errors: FloatArray) -> None:
        if second not in self._received:
            self._received[second], self._errors[second] = counts, errors
            return
        self._received[second] += counts
        fresh = counts[0] > 0
        self._errors[second][fresh] = errors[fresh]

    def count_real(self, real: BoolArray, start: int, rate_hz: float) -> None:
        """Add the real samples (T, S) of the grid from ``start`` on to their seconds."""
        seconds = (np.arange(start, start + len(real)) / rate_hz).astype(np.int64)
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
        expected: int,
    ) -> list[SensorStatus]:
        """Take out the second that ends at ``end_ns`` and tell of it, a status a sensor."""
        counts = self._received.pop(second, np.zeros((5, self._sensors), np.int64))
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
