"""Someone who listens to a broker and keeps everything that comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiomqtt

from tests.services.server import LOOPBACK


@asynccontextmanager
async def subscriber(port: int, topic: str) -> AsyncIterator[list[tuple[str, bytes]]]:
    """Collect (topic, payload) of what comes on a topic, until the broker goes away."""
    received: list[tuple[str, bytes]] = []
    client = aiomqtt.Client(LOOPBACK, port)
    await client.__aenter__()
    await client.subscribe(topic, qos=1)
    task = asyncio.create_task(_collect(client, received))
    try:
        yield received
    finally:
        task.cancel()
        await asyncio.wait({task})
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


async def _collect(client: aiomqtt.Client, received: list[tuple[str, bytes]]) -> None:
    with suppress(aiomqtt.MqttError):
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            received.append((str(message.topic), message.payload))
