"""Asking the server of the pages without a browser."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.dashboards.visit import url_of

Address = tuple[str, int]
Answer = tuple[int, dict[str, str], str]


async def get(
    address: Address,
    path: str,
    host: str | None = None,
    more: str = "",
    connection: str = "close",
) -> Answer:
    """Ask for a path under any Host header; returns status, headers, body."""
    reader, writer = await asyncio.open_connection(*address)
    name = host if host is not None else f"{address[0]}:{address[1]}"
    request = f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: {connection}\r\n{more}\r\n"
    writer.write(request.encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status, *lines = head.split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


def open_stream(address: Address, origin: str | None = "own") -> connect:
    own = url_of(address, "")
    return connect(
        f"ws://{address[0]}:{address[1]}/live",
        origin=own if origin == "own" else origin,  # type: ignore[arg-type]  # NewType of str
        compression=None,
    )


async def shown_out(websocket: ClientConnection) -> None:
    """Wait until the server has closed; what is still under way comes first."""
    async with asyncio.timeout(5):
        await websocket.wait_closed()


async def receive(websocket: ClientConnection) -> dict[str, Any]:
    received: dict[str, Any] = json.loads(await asyncio.wait_for(websocket.recv(), 5))
    return received
