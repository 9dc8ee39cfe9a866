"""Which sensor was shaken or tapped: the one whose acceleration stands out among all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gateway.messages import FloatArray, message

PARTS = 30
SHARE = 0.9
"""A tenth of the parts may be stronger: one knock, or one spoilt packet, is not a shake."""
LEAST = 3.0
"""Less than this (m/s²) is a sensor that was carried, or breathed with."""
CLEARLY = 2.0
"""So many times as strong as the next one's is clear."""


@message
class Verdict:
    """``sensor`` was shaken; it is empty where that is not clear, and ``why`` says why not."""

    sensor: str
    why: str = ""


def strength(acc: FloatArray) -> float:
    """Return how strongly a sensor was moved over a moment (m/s²), from ``acc`` (N, 3) m/s².

    Gravity goes with the median. The moment is cut into parts of equal length, and the RMS of a
    part that is stronger than nine in ten of them counts.
    """
    known = acc[np.isfinite(acc).all(axis=1)]
    if len(known) == 0:
        return 0.0
    squared = np.square(known - np.median(known, axis=0)).sum(axis=1)
    parts = np.array_split(squared, min(PARTS, len(squared)))
    return float(np.sqrt(np.quantile([part.mean() for part in parts], SHARE)))


def judge(strengths: Mapping[str, float]) -> Verdict:
    """Say which sensor was shaken, from the strength (m/s²) of each."""
    order = sorted(strengths, key=lambda sensor: -strengths[sensor])
    if not order or strengths[order[0]] < LEAST:
        return Verdict("", "no sensor was moved strongly enough; shake it, or tap it several times")
    if len(order) > 1 and strengths[order[0]] < CLEARLY * strengths[order[1]]:
        return Verdict(
            "", f"{order[0]} and {order[1]} both moved; shake one, and keep the others still"
        )
    return Verdict(order[0])
