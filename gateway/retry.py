"""Try again, with growing waits: the one place where the project backs off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.errors import GaitwireError

Healthy = Callable[[], None]


@dataclass(frozen=True)
class Backoff:
    """Waits that double from ``first_s`` up to ``most_s``.

    Each wait is drawn from the upper half of its range, so that gateways which lost the same
    server do not all come back at the same moment.
    """

    first_s: float = 0.5
    most_s: float = 30.0
    rng: random.Random = field(default_factory=random.Random)

    def wait_s(self, failures: int) -> float:
        """Return how long to wait after the ``failures``-th failure in a row, counted from 1."""
        longest = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 60))
        return longest * self.rng.uniform(0.5, 1.0)


async def keep_trying(
    attempt: Callable[[Healthy], Awaitable[None]],
    failed: Callable[[GaitwireError, float], None],
    backoff: Backoff,
    on: type[GaitwireError] = GaitwireError,
) -> None:
    """Await ``attempt`` again and again until one returns.

    An error of the kind ``on`` ends an attempt: ``failed`` is told it and the wait in seconds that
    follows. ``attempt`` calls what it is handed once it works, so that a later failure starts
    from the shortest wait again. Any other exception passes through.
    """
    failures = 0

    def healthy() -> None:
        nonlocal failures
        failures = 0

    while True:
        try:
            return await attempt(healthy)
        except on as error:
            failures += 1
            wait_s = backoff.wait_s(failures)
            failed(error, wait_s)
        await asyncio.sleep(wait_s)
