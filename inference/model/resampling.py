"""From the grid's rate to the model's, with no delay beyond the filter's half-width.

Output ``k`` stands for time ``k / rate_hz``. It is the mean of the grid samples around that time,
weighted by a triangle whose half-width is one output interval, or one grid interval where that is
longer. Downwards it therefore suppresses what would alias (its zeros lie on the multiples of the
output rate); upwards it is linear interpolation; at equal rates it changes nothing. Weights depend
on ``k`` alone, so the result does not depend on how the input was cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from typing import Any

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray

Tap = tuple[Any, Any]
"""Where in the rows, as an index, and with what weight."""


@dataclass(frozen=True)
class Resampler:
    """The plan for one pair of rates; what follows from them is worked out once, not every hop."""

    grid_rate_hz: float
    rate_hz: float

    @cached_property
    def ratio(self) -> float:
        """Grid samples an output."""
        return self.grid_rate_hz / self.rate_hz

    @cached_property
    def step(self) -> int:
        """Grid samples an output where that is a whole number, else 0."""
        return int(self.ratio) if self.ratio.is_integer() else 0

    @cached_property
    def half_width(self) -> float:
        """Half the base of the kernel, in grid samples."""
        return max(1.0, self.ratio)

    @cached_property
    def delay_s(self) -> float:
        """How much later than its own time an output can be formed, at most."""
        return (self.half_width - bool(self.step)) / self.grid_rate_hz

    def first_output(self, start: int) -> int:
        """Return the first output that rests on no sample before ``start``."""
        output = floor((start - 1) * self.rate_hz / self.grid_rate_hz)
        while self.first_sample(output) < start:
            output += 1
        return output

    def first_sample(self, output: int) -> int:
        """Return the first grid sample that ``output`` rests on."""
        return floor(output * self.grid_rate_hz / self.rate_hz - self.half_width) + 1

    def ready(self, output: int, end: int) -> int:
        """Return how many outputs from ``output`` on rest only on samples before ``end``."""
        if self.step:
            return max(0, end // self.step - output)
        most = max(0, ceil((end - self.half_width) / self.ratio) + 2 - output)
        return int(np.searchsorted(self._last(self._position(output, most)), end))

    def taps(self, start: int, output: int, count: int) -> list[Tap]:
        """Return how outputs from ``output`` on are made of rows that begin at ``start``."""
        if self.step:
            return self._regular_taps(output * self.step - start, count)
        position = self._position(output, count)
        first = np.floor(position - self.half_width).astype(np.int64) + 1
        samples = [first + tap for tap in range(ceil(2 * self.half_width))]
        weights = [self._weight(sample - position) for sample in samples]
        total = sum(weights)
        last = self._last(position)
        return [
            (np.minimum(sample, last) - start, weight / total)
            for sample, weight in zip(samples, weights, strict=True)
        ]

    def _weight(self, distance: FloatArray) -> FloatArray:
        weight: FloatArray = np.maximum(0.0, 1.0 - np.abs(distance) / self.half_width)
        return weight

    def _regular_taps(self, centre: int, count: int) -> list[Tap]:
        step = self.step
        length = step * (count - 1) + 1
        return [
            (
                slice(centre + offset, centre + offset + length, step),
                (step - abs(offset)) / step**2,
            )
            for offset in range(1 - step, step)
        ]

    def _position(self, output: int, count: int) -> FloatArray:
        outputs = np.arange(output, output + count, dtype=np.float64)
        return outputs * self.grid_rate_hz / self.rate_hz

    def _last(self, position: FloatArray) -> IntArray:
        last: IntArray = np.ceil(position + self.half_width).astype(np.int64) - 1
        return last


def weighted(rows: FloatArray, taps: list[Tap]) -> FloatArray:
    """Return the weighted means (..., count) of (..., T) samples; NaN spoils what rests on it."""
    index, weight = taps[0]
    total: FloatArray = rows[..., index] * weight
    for index, weight in taps[1:]:
        total += rows[..., index] * weight
    return total


def every(flags: BoolArray, taps: list[Tap]) -> BoolArray:
    """Return where all of ``flags`` (..., T) under an output hold: (..., count)."""
    held: BoolArray = flags[..., taps[0][0]].copy()
    for index, _ in taps[1:]:
        held &= flags[..., index]
    return held
