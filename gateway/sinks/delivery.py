"""Keep a record sink delivering, whatever its service does: begin, follow, retry, end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.retry import Backoff, Healthy, keep_trying
from gateway.sinks.follower import RecordSink, begin, follow, leftover
from gateway.sinks.status import SinkStatus
from gateway.tasks import in_thread, until_stopped

GRACE_S = 5.0


async def keep_delivering(
    sink: RecordSink[Any],
    status: SinkStatus,
    path: Path,
    stop: asyncio.Event,
    older: Sequence[Path] = (),
    backoff: Backoff | None = None,
    grace_s: float = GRACE_S,
) -> None:
    """Deliver the session at ``path``, and what ``older`` ones lack, until ``stop``.

    Set ``stop`` after the session's last commit. What is not delivered within the seconds of
    grace after it is left to the next start.
    """

    async def attempt(healthy: Healthy) -> None:
        def delivered() -> None:
            healthy()
            status.delivering()

        await in_thread(begin, path, sink)
        await follow(path, sink, stop, older, delivered)

    work = keep_trying(attempt, status.retrying, backoff or Backoff())
    if await until_stopped(work, stop, grace_s):
        status.stopped("stopped; everything is delivered")
    else:
        status.stopped(f"stopped; {await leftover(path, sink)}")
