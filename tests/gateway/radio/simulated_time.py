"""Time that stands still while there is anything to do, and jumps to when there is again."""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest.mock import patch

_T = TypeVar("_T")


class SimulatedTime:
    """The host's monotonic clock (ns), begun where the real one is."""

    def __init__(self) -> None:
        self._now_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """Return what it shows."""
        return self._now_ns

    def stand_still(self, seconds: float) -> None:
        """Let time pass in which this process does nothing."""
        self._now_ns += math.ceil(seconds * 1e9)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run ``work`` in an event loop of its own that goes by this time, as all stamps do."""
        with (
            patch.object(time, "monotonic_ns", self.now_ns),
            asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner,
        ):
            return runner.run(work)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: SimulatedTime) -> None:
        self._clock = clock
        super().__init__(_Selector(clock))

    def time(self) -> float:
        return self._clock.now_ns() * 1e-9


class _Selector(selectors.SelectSelector):
    """Waits for what threads and sockets bring only where no time is to pass meanwhile."""

    def __init__(self, clock: SimulatedTime) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if timeout and not ready:
            self._clock.stand_still(timeout)
        return ready
