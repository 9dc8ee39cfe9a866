"""Whether sensors that send no time keep the rate that they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.decoding.streams import Streams
from gateway.messages import ImuBlock, IntArray

RATE = "rate"
"""News of a rate that is not what was expected."""
WINDOW_S = 20.0
"""Long enough that a link that holds packets back does not look like another rate."""
SILENCE_S = 1.0
"""After so long a window begins anew: what was not sent meanwhile says nothing of the rate."""
TOLERANCE = 0.05


@dataclass
class _Window:
    """Samples that came of a stream since ``begun_ns``; the last came at ``last_ns``."""

    begun_ns: int = 0
    last_ns: int = 0
    count: int = 0
    wrong: bool = False


class RateWatch:
    """Compares how many samples come with how many should, stream by stream, from its arrivals."""

    def __init__(self, streams: Streams) -> None:
        firsts = streams.first[np.bincount(streams.sensor, minlength=len(streams.first)) > 0]
        timeless = [int(n) for n in firsts if streams.each[n].clock is None]
        self._expected_hz = {n: streams.each[n].rate_hz for n in timeless}
        self._windows = {n: _Window() for n in timeless}

    def expect(self, stream: int, rate_hz: float) -> None:
        """Take the rate that a sensor says it has, as it was connected."""
        if stream in self._windows:
            self._expected_hz[stream] = rate_hz
            self._windows[stream].count = 0

    def push(self, block: ImuBlock) -> list[tuple[int, int, str]]:
        """Return streams with when and what is wrong (nothing: no longer), where that changes."""
        told: list[tuple[int, int, str]] = []
        for stream, window in self._windows.items():
            own = np.flatnonzero(block.stream == stream)
            if len(own):
                told += self._follow(stream, window, block.arrival_ns[own])
        return told

    def _follow(
        self, stream: int, window: _Window, arrival_ns: IntArray
    ) -> list[tuple[int, int, str]]:
        told = []
        for at_ns, count in zip(*_runs(arrival_ns), strict=True):
            if not window.count or at_ns - window.last_ns > SILENCE_S * SECOND_NS:
                window.begun_ns, window.count = at_ns, 0
            window.last_ns = at_ns
            lasted_s = (at_ns - window.begun_ns) / SECOND_NS
            if lasted_s < WINDOW_S:
                window.count += count
                continue
            rate_hz, expected_hz = window.count / lasted_s, self._expected_hz[stream]
            wrong = abs(rate_hz / expected_hz - 1) > TOLERANCE
            if wrong != window.wrong:
                told.append((stream, at_ns, _sentence(rate_hz, expected_hz) if wrong else ""))
            window.begun_ns, window.count, window.wrong = at_ns, count, wrong
        return told


def _runs(arrival_ns: IntArray) -> tuple[list[int], list[int]]:
    """Return when samples came, and how many came each time."""
    ends = np.flatnonzero(np.append(np.diff(arrival_ns) != 0, True))
    return arrival_ns[ends].tolist(), np.diff(ends, prepend=-1).tolist()


def _sentence(rate_hz: float, expected_hz: float) -> str:
    return (
        f"it sends about {rate_hz:.3g} samples a second, where {expected_hz:g} were expected, and "
        "is timed by what comes: set its rate_hz to what it keeps, or bring it nearer"
    )
