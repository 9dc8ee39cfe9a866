"""How much figures of strides vary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean


def coefficient_of_variation(values: Sequence[float]) -> float:
    """Return the sample's standard deviation over its mean; NaN with fewer than two values.

    ``statistics.stdev`` takes ten times as long.
    """
    if len(values) < 2:
        return math.nan
    mean = fmean(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return math.sqrt(squares / (len(values) - 1)) / mean
