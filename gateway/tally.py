"""What is told of every sensor once a second: packets by arrival, losses by grid time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.messages import (
    BatteryLevel,
    BoolArray,
    ImuBlock,
    IntArray,
    SensorSpec,
    SensorStatus,
)


class Tally:
    """Counts of all sensors since the last second that was told."""

    def __init__(self, sensors: int) -> None:
        self.battery: list[BatteryLevel] = []
        self._blocks: list[ImuBlock] = []
        self._late: list[BoolArray] = []
        self._level: dict[str, float] = {}
        self._error_s = np.full(sensors, np.nan)
        self._real: dict[int, IntArray] = {}

    def append(self, block: ImuBlock, hold_back_ns: int) -> None:
        """Add a block's samples."""
        self._blocks.append(block)
        self._late.append(block.arrival_ns > block.host_ns + hold_back_ns)

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
        counts = self._take(end_ns, len(sensors))
        real = self._real.pop(second, np.zeros(len(sensors), np.int64))
        while self.battery and self.battery[0].arrival_ns < end_ns:
            level = self.battery.pop(0)
            self._level[level.sensor] = level.level
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

    def _take(self, end_ns: int, sensors: int) -> IntArray:
        """Take out what arrived before ``end_ns``: samples, lost, refused, late, clipped (5, S)."""
        counts = np.zeros((5, sensors), np.int64)
        blocks, late = self._blocks, self._late
        self._blocks, self._late = [], []
        for block, is_late in zip(blocks, late, strict=True):
            now = block.arrival_ns < end_ns
            who = block.sensor[now]
            for row, values in enumerate((now, block.lost, block.refused, is_late, block.clipped)):
                counts[row] += np.bincount(who, values[now], sensors).astype(np.int64)
            self._error_s[who] = block.clock_error_s[now]
            if not now.all():
                self._keep(block, is_late, ~now)
        return counts

    def _keep(self, block: ImuBlock, late: BoolArray, rest: BoolArray) -> None:
        self._blocks.append(
            ImuBlock(**{name: getattr(block, name)[rest] for name in ImuBlock.__annotations__})
        )
        self._late.append(late[rest])
