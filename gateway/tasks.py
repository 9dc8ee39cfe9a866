"""Small pieces of structured concurrency that sinks, radio and simulators share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking function in a thread; a cancellation waits until the thread is done.

    So whatever the function works on may be closed afterwards.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    finally:
        await asyncio.wait({work})


@contextmanager
def one_error() -> Iterator[None]:
    """Around a task group: raise the first error of the group instead of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _first(group) from None


async def wait_for(event: asyncio.Event, timeout_s: float) -> None:
    """Return when ``event`` is set, at the latest after ``timeout_s``."""
    # Not asyncio.wait_for, which up to Python 3.11 forgets a cancellation that comes together
    # with what it waits for.
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()


async def until_stopped(
    work: Coroutine[Any, Any, None], stop: asyncio.Event, grace_s: float
) -> bool:
    """Run ``work`` until it returns, or is cancelled ``grace_s`` after ``stop`` was set.

    Returns whether it came to its own end.
    """
    stopped = asyncio.ensure_future(stop.wait())
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({task}, timeout=grace_s)
    finally:
        stopped.cancel()
        ended = task.done()
        task.cancel()
        await asyncio.wait({task, stopped})
    if ended:
        task.result()
    return ended


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
