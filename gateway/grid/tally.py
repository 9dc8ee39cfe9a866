"""What is told of every sensor once a second: packets by arrival, losses by grid time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.decoding.rate_watch import RATE
from gateway.decoding.streams import Streams
from gateway.messages import (
    BatteryLevel,
    BoolArray,
    FloatArray,
    ImuBlock,
    IntArray,
    LinkNews,
    LinkState,
    SensorNews,
    SensorSpec,
    SensorStatus,
)

WRONG = "wrong"
"""News of what is wrong with what a sensor measures."""
COUNT_AT = 8
"""So many blocks are counted together, so that no hop has a whole second to count."""
Said = BatteryLevel | LinkNews | SensorNews
_COUNTED = ("stream", "arrival_ns", "host_ns", "lost", "refused", "clipped", "clock_error_s")


class Tally:
    """What has come of all sensors, until the second that it belongs to is told."""

    def __init__(self, streams: Streams, origin_ns: int, rate_hz: float, hold_back_ns: int) -> None:
        self._streams = streams
        self._count = len(streams.each)
        self._moves = (streams.acc >= 0) | (streams.gyr >= 0)
        self._whole = (streams.acc >= 0) & (streams.gyr >= 0)
        self._origin_ns = origin_ns
        self._rate_hz = rate_hz
        self._hold_back_ns = hold_back_ns
        self._said: list[Said] = []
        self._level: dict[str, float] = {}
        self._link: dict[str, LinkState] = {}
        self._why: dict[str, str] = {}
        self._wrong: dict[tuple[str, str], str] = {}
        self._error_s = np.full(self._count, np.nan)
        self._nothing = np.zeros((5, self._count), np.int64)
        self._blocks: list[ImuBlock] = []
        self._counts: dict[int, IntArray] = {}
        self._errors: dict[int, FloatArray] = {}
        self._grid: list[BoolArray] = []
        self._grid_start = 0
        self._real: dict[int, IntArray] = {}

    def said(self, words: Said) -> None:
        """Add what is said of a sensor's battery or link, or to be wrong with it."""
        self._said.append(words)

    def append(self, block: ImuBlock) -> None:
        """Add a block of samples."""
        self._blocks.append(block)
        if len(self._blocks) == COUNT_AT:
            self._count_samples()

    def append_grid(self, real: BoolArray) -> None:
        """Add which samples (S, T) of the grid are real; they follow those added before."""
        self._grid.append(real)
        if len(self._grid) == COUNT_AT:
            self._count_grid()

    def _count_samples(self) -> None:
        """Count samples, lost, refused, late and clipped by their second of arrival."""
        if not self._blocks:
            return
        blocks, self._blocks = self._blocks, []
        stream, arrival_ns, host_ns, lost, refused, clipped, error_s = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in _COUNTED
        )
        seconds = (arrival_ns - self._origin_ns) // SECOND_NS
        first, last = int(seconds.min()), int(seconds.max())
        cell = (seconds - first) * self._count + stream
        late = arrival_ns > host_ns + self._hold_back_ns
        shape = (last - first + 1, self._count)
        counts = np.zeros((5, *shape), np.int64)
        counts[0] = np.bincount(cell, minlength=counts[0].size).reshape(shape)
        for row, each in enumerate((lost, refused, late, clipped), start=1):
            # Hardly ever is there anything to count.
            if np.count_nonzero(each):
                counts[row] = np.bincount(cell, each, counts[0].size).reshape(shape)
        errors = np.full(shape, np.nan)
        errors.reshape(-1)[cell] = error_s
        for offset in range(len(errors)):
            self._add(first + offset, counts[:, offset], errors[offset])

    def _add(self, second: int, counts: IntArray, errors: FloatArray) -> None:
        if second not in self._counts:
            self._counts[second], self._errors[second] = counts, errors
            return
        self._counts[second] += counts
        np.copyto(self._errors[second], errors, where=counts[0] > 0)

    def _count_grid(self) -> None:
        """Count real samples of the grid by second."""
        if not self._grid:
            return
        real = np.concatenate(self._grid, axis=1)
        self._grid = []
        end = self._grid_start + real.shape[1]
        seconds = range(self._second_of(self._grid_start), self._second_of(end - 1) + 1)
        edges = [max(self._first_of(second) - self._grid_start, 0) for second in seconds]
        counts = np.add.reduceat(real, edges, axis=1, dtype=np.int64)
        self._grid_start = end
        for second, count in zip(seconds, counts.T, strict=True):
            self._real[second] = self._real.get(second, 0) + count

    def _second_of(self, index: int) -> int:
        return int(index / self._rate_hz)

    def _first_of(self, second: int) -> int:
        """Return the first index of the grid in a second."""
        return math.ceil(second * self._rate_hz)

    def close(
        self, person: str, sensors: Sequence[SensorSpec], second: int, end_ns: int
    ) -> list[SensorStatus]:
        """Take out the second that ends at ``end_ns`` and tell of it, a status a sensor."""
        self._count_samples()
        self._count_grid()
        expected = self._first_of(second + 1) - self._first_of(second)
        counts = self._counts.pop(second, self._nothing)
        errors = self._errors.pop(second, self._error_s)
        self._error_s = np.where(counts[0] > 0, errors, self._error_s)
        real = self._real.pop(second, self._nothing[0, : len(sensors)])
        self._heed(end_ns)
        figures = zip(
            sensors,
            *self._by_sensor(counts),
            np.where(self._whole, 1.0 - real / expected, np.nan).tolist(),
            self._worst_error_s(len(sensors)),
            self._moves.tolist(),
            strict=True,
        )
        return [
            SensorStatus(
                person=person,
                t_s=float(second + 1),
                sensor=spec.sensor,
                place=spec.place,
                rate_hz=float(samples) if moves else math.nan,
                loss=loss,
                lost=lost,
                refused=refused,
                late=late,
                clipped=clipped,
                clock_error_s=error_s,
                battery=self._level.get(spec.sensor, np.nan),
                link=self._link.get(spec.sensor),
                why=self._why.get(spec.sensor, ""),
                wrong=self._what_is_wrong(spec.sensor),
            )
            for spec, samples, lost, refused, late, clipped, loss, error_s, moves in figures
        ]

    def _heed(self, end_ns: int) -> None:
        """Take what was said before ``end_ns``."""
        if not self._said:
            return
        told = [words for words in self._said if words.arrival_ns < end_ns]
        self._said = [words for words in self._said if words.arrival_ns >= end_ns]
        for words in told:
            if isinstance(words, BatteryLevel):
                self._level[words.sensor] = words.level
            elif isinstance(words, LinkNews):
                self._link[words.sensor], self._why[words.sensor] = words.link, words.why
            else:
                self._wrong[words.sensor, words.kind] = words.text

    def _what_is_wrong(self, sensor: str) -> str:
        told = (self._wrong.get((sensor, kind)) for kind in (WRONG, RATE))
        return "; ".join(text for text in told if text)

    def _by_sensor(self, counts: IntArray) -> list[list[int]]:
        """Return counts (5, M) of streams by sensor; samples are those of one stream of motion."""
        if self._streams.plain:
            return counts.tolist()  # type: ignore[no-any-return]  # numpy leaves the nesting open
        owner, size = self._streams.sensor, len(self._streams.first)
        summed = [np.bincount(owner, row, size).astype(np.int64) for row in counts]
        moves = np.array([stream.acc or stream.gyr for stream in self._streams.each], np.int64)
        samples = np.bincount(owner, counts[0] * moves, size).astype(np.int64)
        summed[0] = samples // np.maximum(np.bincount(owner, moves, size).astype(np.int64), 1)
        return [row.tolist() for row in summed]

    def _worst_error_s(self, sensors: int) -> list[float]:
        if self._streams.plain:
            return self._error_s.tolist()
        worst = np.full(sensors, np.nan)
        np.fmax.at(worst, self._streams.sensor, self._error_s)
        return [float(error) for error in worst]
