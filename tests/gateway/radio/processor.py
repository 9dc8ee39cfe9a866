"""For whom the processor works: a sampling profile by package.

It looks at random moments by the wall's clock. A timer of processor time is told only at the
kernel's ticks, and a hop of five whole ticks is then met at the same place every time.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PERIOD_S = 0.005
"""Between two looks, on the mean."""
_IDLE = ("selectors", "select")
"""Where the loop waits."""
_DEEP = {"gateway": 2, "simulators": 2}
"""So many parts of a module's name are told apart; of other packages one."""
_TOLD = ("gateway", "bleak", "simulators", "bumble")


class Processor:
    """How often whose code was seen at work; ``looks`` by part of a package."""

    def __init__(self) -> None:
        self.looks: Counter[str] = Counter()
        self._random = random.Random(1)
        self._began_s = time.monotonic()
        self._used_s = time.process_time()

    def look(self, _number: int, frame: FrameType | None) -> None:
        """Count the innermost of the packages that are told apart; the library counts for it."""
        self.look_again()
        if frame and (frame.f_globals.get("__name__"), frame.f_code.co_name) == _IDLE:
            return
        while frame is not None:
            parts = frame.f_globals.get("__name__", "").split(".")
            if parts[0] in _TOLD:
                self.looks[".".join(parts[: _DEEP.get(parts[0], 1)])] += 1
                return
            frame = frame.f_back
        self.looks["event loop and the rest"] += 1

    def look_again(self) -> None:
        """Look again in a while."""
        signal.setitimer(signal.ITIMER_REAL, self._random.uniform(0.2, 1.8) * PERIOD_S)

    def stop(self) -> None:
        """Note how long it was watched, and how much of it the processor worked."""
        self._lasted_s = time.monotonic() - self._began_s
        self._used_s = time.process_time() - self._used_s

    def told(self) -> str:
        """Return shares of one core, as lines."""
        cores = self._used_s / self._lasted_s / max(1, self.looks.total())
        lines = [f"{looks * cores:8.1%}  {name}" for name, looks in self.looks.most_common()]
        ours = sum(n for name, n in self.looks.items() if name.startswith(("gateway", "bleak")))
        return "\n".join(
            [f"{self._used_s / self._lasted_s:8.1%}  of a core in all", *lines,
             f"{ours * cores:8.1%}  gateway and bleak together", ""]
        )  # fmt: skip


@contextmanager
def watched_processor() -> Iterator[Processor]:
    """Watch this process, whose main thread runs the loop, as long as the context lasts."""
    processor = Processor()
    before = signal.signal(signal.SIGALRM, processor.look)
    processor.look_again()
    try:
        yield processor
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        processor.stop()
