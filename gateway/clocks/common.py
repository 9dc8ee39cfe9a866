"""One line for the sensors that share a clock, as some makers' do once they have agreed on it.

The device times of all of them count from one moment, so what came soonest of any of them says
where that clock lies (``gateway.clocks.envelope``), and all are on one line at every moment: they
differ only by what their crystals do since they agreed. Counters that wrap may be whole turns
apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.clocks.envelope import Line, fit_envelope
from gateway.messages import FloatArray

KEPT = 240
"""So many of the newest windows of all of them say where the line is."""
WINDOWS_A_FIT = 2
APART_NS = 50e6
"""Whose soonest arrivals lie so far from the common line has another clock after all ..."""
FIRST_APART_NS = 2e9
"""... as one whose first sample does that is off by more than any delay."""


@dataclass
class _Member:
    """A sensor whose segment began ``began_ns`` on the common clock, behind its own by turns."""

    began_ns: float
    turns_ns: float


class CommonClock:
    """Keeps the windows of all who share a clock, on that clock's time.

    ``wrap_ns`` is after how long the counter of each sensor begins again.
    """

    def __init__(self, wrap_ns: Sequence[float]) -> None:
        self._wrap_ns = tuple(wrap_ns)
        self._shared: set[int] = set()
        self._members: dict[int, _Member] = {}
        self._windows: list[tuple[int, float, float, float]] = []
        self._added = 0
        self._line: Line | None = None
        self._base_ns = self._delay_ns = 0.0

    def share(self, sensor: int, *, shared: bool) -> None:
        """Say whether a sensor shares the clock, from its next segment on."""
        self._members.pop(sensor, None)
        (self._shared.add if shared else self._shared.discard)(sensor)
        if not self._shared:
            self._windows, self._line = [], None

    @property
    def any_share(self) -> bool:
        """Say whether any sensor shares the clock."""
        return bool(self._shared)

    def begin(self, sensor: int, device_ns: int, arrival_ns: int) -> None:
        """Take a sensor's first sample of a segment."""
        self._members.pop(sensor, None)
        if sensor not in self._shared:
            return
        delay_ns = float(arrival_ns - device_ns)
        if not self._members and self._line is None:
            self._base_ns, self._delay_ns = float(device_ns), delay_ns
        turns = np.rint((delay_ns - self._delay_ns) / self._wrap_ns[sensor])
        turns_ns = float(turns * self._wrap_ns[sensor]) if turns else 0.0
        began_ns = device_ns + turns_ns
        if abs(delay_ns - turns_ns - self._expected_ns(began_ns - self._base_ns)) < FIRST_APART_NS:
            self._members[sensor] = _Member(began_ns, turns_ns)

    def add(self, sensor: int, window: tuple[float, float, float]) -> bool:
        """Take a closed window (elapsed, lowest delay, spacing; ns); tell whether it is shared."""
        member = self._members.get(sensor)
        if member is None:
            return False
        at_ns = window[0] + member.began_ns - self._base_ns
        lowest_ns = window[1] - member.turns_ns
        if self._line is not None and abs(lowest_ns - self._expected_ns(at_ns)) > APART_NS:
            self._expel(sensor)
            return False
        self._windows = [*self._windows[1 - KEPT :], (sensor, at_ns, lowest_ns, window[2])]
        self._added += 1
        if self._line is None or self._added % WINDOWS_A_FIT == 0:
            self._line = fit_envelope(self._in_order(), timed=True)
        return True

    def lines(self) -> Iterator[tuple[int, Line]]:
        """Yield everyone who shares the clock, with its line from where its segment began."""
        line = self._line
        if line is not None:
            for sensor, member in self._members.items():
                since_ns = member.began_ns - self._base_ns
                offset_ns = line.offset_ns + line.slope * since_ns + member.turns_ns
                yield sensor, Line(offset_ns, line.slope, line.error_s)

    def _expected_ns(self, at_ns: float) -> float:
        """Return the delay of what comes at once."""
        line = self._line
        return self._delay_ns if line is None else line.offset_ns + line.slope * at_ns

    def _in_order(self) -> FloatArray:
        return np.array(sorted(window[1:] for window in self._windows))

    def _expel(self, sensor: int) -> None:
        self.share(sensor, shared=False)
        self._windows = [window for window in self._windows if window[0] != sensor]
