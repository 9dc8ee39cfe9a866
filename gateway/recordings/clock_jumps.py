"""Counters and time stamps of recordings that jump: a clock was set, or files were joined."""

from __future__ import annotations

import numpy as np

from gateway.messages import IntArray

LASTING = 10
"""A counter that is still behind after so many samples was set back; sooner, samples came late."""


def without_jumps_back(ticks: IntArray) -> tuple[IntArray, int]:
    """Return the ticks (N,) with each jump back made a usual step, and how many there were.

    Samples that come twice or in the wrong order stay as they are.
    """
    steps = np.diff(ticks)
    rising = steps[steps > 0]
    if not len(rising) or len(rising) == len(steps):
        return ticks, 0
    later = ticks[np.minimum(np.arange(len(steps)) + LASTING, len(ticks) - 1)]
    jumps = (steps < 0) & (later < ticks[:-1])
    usual = round(float(np.median(rising)))
    mended: IntArray = np.concatenate([[0], np.cumsum(np.where(jumps, usual, steps))])
    return ticks[0] + mended, int(np.count_nonzero(jumps))
