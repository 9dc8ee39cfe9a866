"""Wait for a condition instead of for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Return as soon as ``condition`` holds; fails with ``what`` did not come about in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}"
        await asyncio.sleep(0.01)


def until_now(condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Do the same where there is no event loop."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}"
        time.sleep(0.01)
