"""Wait for a condition instead of for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_EVERY_S = 0.01


async def until(condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Return as soon as ``condition`` holds; fails with ``what`` did not come about in time.

    Looks are counted, so that the time in which this process stood still does not count.
    """
    for _ in range(round(timeout_s / _EVERY_S)):
        if condition():
            return
        await asyncio.sleep(_EVERY_S)
    _fail(what, timeout_s)


def until_now(condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Do the same where there is no event loop."""
    for _ in range(round(timeout_s / _EVERY_S)):
        if condition():
            return
        time.sleep(_EVERY_S)
    _fail(what, timeout_s)


def _fail(what: str, timeout_s: float) -> None:
    raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
