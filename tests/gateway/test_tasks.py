"""The sinks' structured concurrency: nothing outlives its owner, one error stays one error."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.errors import ServiceError
from gateway.tasks import in_thread, one_error, until_stopped


async def test_a_cancelled_call_waits_for_its_thread() -> None:
    began, release, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        release.wait(10)
        ended.set()

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(began.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_an_error_of_a_group_arrives_as_itself() -> None:
    async def fail() -> None:
        raise ServiceError("down")

    async def group_that_fails() -> None:
        with one_error():
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                group.create_task(asyncio.Event().wait())

    with pytest.raises(ServiceError, match="down"):
        await group_that_fails()


async def test_work_that_ends_after_the_stop_is_waited_for() -> None:
    stop = asyncio.Event()

    async def work() -> None:
        await stop.wait()

    stop.set()
    assert await until_stopped(work(), stop, grace_s=10)


async def test_work_that_does_not_end_is_cancelled_after_the_grace() -> None:
    stop, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    stop.set()
    assert not await until_stopped(work(), stop, grace_s=0.01)
    assert cancelled.is_set()


async def test_a_failure_before_the_stop_is_raised_at_once() -> None:
    async def work() -> None:
        raise ServiceError("down")

    with pytest.raises(ServiceError, match="down"):
        await until_stopped(work(), asyncio.Event(), grace_s=60)


async def test_cancelling_the_owner_cancels_the_work() -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    owner = asyncio.create_task(until_stopped(work(), asyncio.Event(), grace_s=60))
    await asyncio.sleep(0.01)
    owner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owner
    assert cancelled.is_set()
