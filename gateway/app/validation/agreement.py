"""How well a second measurement agrees with the first one of the same people."""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray


def intraclass_correlation(values: FloatArray) -> float:
    """Return ICC(2,1), absolute agreement, of (people, measurements); NaN for one of either.

    Two-way random effects, single measurement:
    (MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n), with the mean squares of n people (R), of
    k measurements (C), and of what is left (E). Shrout and Fleiss, Psychological Bulletin 1979,
    86(2), 420-428.
    """
    n, k = values.shape
    if min(n, k) < 2:
        return float("nan")
    mean = values.mean()
    people, measurements = values.mean(axis=1), values.mean(axis=0)
    left = values - people[:, None] - measurements + mean
    ms_people = k * np.sum((people - mean) ** 2) / (n - 1)
    ms_measurements = n * np.sum((measurements - mean) ** 2) / (k - 1)
    ms_left = np.sum(left**2) / ((n - 1) * (k - 1))
    spread = ms_people + (k - 1) * ms_left + k * (ms_measurements - ms_left) / n
    return float((ms_people - ms_left) / spread) if spread > 0 else float("nan")
