"""The embedded broker: a child process that listens on loopback and ends with its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

import aiomqtt
import psutil
import pytest

from gateway.errors import ServiceError
from gateway.sinks.broker import LOOPBACK, EmbeddedBroker
from tests.services.wait import until


async def test_carries_a_message_and_ends() -> None:
    broker = EmbeddedBroker(port=0)
    port = await broker.start()
    pid = broker.pid
    assert port > 0
    assert pid is not None
    async with aiomqtt.Client(LOOPBACK, port) as client:
        await client.subscribe("t/#", qos=1)
        await client.publish("t/a", b"1", qos=1)
        received = await anext(aiter(client.messages))
    assert received.payload == b"1"
    await broker.stop()
    assert not psutil.pid_exists(pid)


async def test_listens_on_loopback_only() -> None:
    broker = EmbeddedBroker(port=0)
    port = await broker.start()
    assert broker.pid is not None
    listening = [c for c in psutil.Process(broker.pid).net_connections() if c.status == "LISTEN"]
    await broker.stop()
    assert [(c.laddr.ip, c.laddr.port) for c in listening] == [(LOOPBACK, port)]


async def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        broker = EmbeddedBroker(port=port)
        with pytest.raises(ServiceError, match=rf"127\.0\.0\.1:{port}.*in use.*mqtt\.port to 0"):
            await broker.start()
    assert broker.pid is None


async def test_a_child_that_dies_is_replaced_on_the_same_port() -> None:
    broker = EmbeddedBroker(port=0)
    port = await broker.start()
    watch = asyncio.create_task(broker.run())
    first = broker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: broker.pid not in {first, None} and _answers(port), "a new broker answers")
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    assert broker.pid is None


async def test_ends_when_its_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until(lambda: not _alive(child), "the broker noticed that its parent is gone")


_PARENT = """
import asyncio
from gateway.sinks.broker import EmbeddedBroker

async def main():
    broker = EmbeddedBroker(0)
    await broker.start()
    print(broker.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _alive(pid: int) -> bool:
    return bool(psutil.pid_exists(pid)) and bool(
        psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    )
