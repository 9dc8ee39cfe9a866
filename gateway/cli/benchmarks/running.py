"""The service as a process of its own, seen from outside: start, latency over MQTT, memory."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import aiomqtt
import msgspec
import psutil
from websockets.asyncio.client import ClientConnection, connect

from gateway.errors import ServiceError
from gateway.pump import Latency, percentiles

PAGES = 2
BROKER_LOOK_S = 0.1
_PAGES = re.compile(r"patient page\s+http://(\S+)/")
_MQTT = re.compile(r"MQTT\s+(\S+):(\d+)")


@dataclass
class Seen:
    """What was seen of one run."""

    latency_ms: list[float] = field(default_factory=list)
    first_angle_s: float | None = None
    rss_mb: float = 0.0

    def latency(self) -> Latency:
        """Return the percentiles of complete data → subscriber's callback."""
        return percentiles(self.latency_ms)


class _Document(msgspec.Struct):
    """The part of a live document that is looked at."""

    ready_ns: int


class _Message(msgspec.Struct):
    """The part of a page's message that is looked at."""

    frame: _Frame | None


class _Frame(msgspec.Struct):
    angles_deg: dict[str, float | None]


def watch_service(seconds: float, mqtt_port: int | None = None) -> Seen:
    """Run ``gaitwire demo`` for ``seconds`` with pages open; without a port, its own broker."""
    return asyncio.run(_watch(seconds, mqtt_port))


async def _watch(seconds: float, mqtt_port: int | None) -> Seen:
    seen = Seen()
    watching: list[asyncio.Task[Any]] = []
    with TemporaryDirectory(prefix="gaitwire-bench-") as folder:
        began_s = time.monotonic()
        process = await _start(folder, mqtt_port)
        try:
            pages, mqtt = await _addresses(process)
            watching += [asyncio.create_task(_page(pages, seen, began_s)) for _ in range(PAGES)]
            watching.append(asyncio.create_task(_subscriber(*mqtt, seen)))
            watching.append(drained := asyncio.create_task(_drain(process)))
            await asyncio.wait([drained], timeout=seconds)
            if drained.done():
                raise ServiceError(f"the service ended while it was watched: {drained.result()}")
            seen.rss_mb = psutil.Process(process.pid).memory_info().rss / 1e6
        finally:
            for task in watching:
                task.cancel()
            if process.returncode is None:
                process.terminate()
            await process.wait()
            await asyncio.gather(*watching, return_exceptions=True)
    return seen


async def _start(folder: str, mqtt_port: int | None) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "GAITWIRE_JOURNAL__FOLDER": folder,
        "GAITWIRE_PAGES__PORT": "0",
        "GAITWIRE_MQTT__PORT": str(mqtt_port or 0),
        "GAITWIRE_MQTT__HOST": "127.0.0.1" if mqtt_port else "",
    }
    command = [sys.executable, "-m", "gateway.cli", "demo", "--headless", "--json"]
    return await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def _addresses(process: asyncio.subprocess.Process) -> tuple[str, tuple[str, int]]:
    """Read where the service can be reached from what it tells people."""
    assert process.stderr is not None
    told = ""
    while not ((pages := _PAGES.search(told)) and (mqtt := _MQTT.search(told))):
        line = await process.stderr.readline()
        if not line:
            raise ServiceError(f"the service did not start: {told.strip()}")
        told += line.decode()
    return pages.group(1), (mqtt.group(1), int(mqtt.group(2)))


async def _drain(process: asyncio.subprocess.Process) -> str:
    """Read what the service says until it ends; return its last line."""
    assert process.stderr is not None
    last = ""
    async for line in process.stderr:
        last = line.decode().strip() or last
    return last


async def _page(address: str, seen: Seen, began_s: float) -> None:
    """Be a live page: read, acknowledge, and note when the first angle came."""
    async with connect(f"ws://{address}/live", origin=f"http://{address}") as page:  # type: ignore[arg-type]  # Origin is a NewType of str
        while True:
            await _one_frame(page, seen, began_s)


async def _one_frame(page: ClientConnection, seen: Seen, began_s: float) -> None:
    message = msgspec.json.decode(await page.recv(), type=_Message)
    await page.send("")
    angles = {} if message.frame is None else message.frame.angles_deg
    if seen.first_angle_s is None and any(value is not None for value in angles.values()):
        seen.first_angle_s = time.monotonic() - began_s


async def _subscriber(host: str, port: int, seen: Seen) -> None:
    """Note the delay of every message of motion, once the broker is there."""
    while True:
        try:
            await _note_delays(host, port, seen)
        except aiomqtt.MqttError:
            await asyncio.sleep(BROKER_LOOK_S)


async def _note_delays(host: str, port: int, seen: Seen) -> None:
    async with aiomqtt.Client(host, port) as client:
        await client.subscribe("gaitwire/+/live/motion")
        async for message in client.messages:
            received_ns = time.monotonic_ns()
            document = msgspec.json.decode(message.payload, type=_Document)
            seen.latency_ms.append((received_ns - document.ready_ns) * 1e-6)
