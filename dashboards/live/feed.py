"""The stream to the pages: one encoding a tick for all of them, newest frame first.

A socket's buffers would keep every frame for a page that has stopped, and play them all back
later. So a page may have two frames unacknowledged at most; whatever is newer waits in a mailbox
of one place and replaces what waited there before.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.live.frame import LiveFrame

WINDOW = 2
HEARTBEAT_S = 0.5


class Envelope(msgspec.Struct, frozen=True):
    """One message to a page.

    ``instance`` names this run of the server, so that a page knows when counts start again;
    ``source`` says where the motion comes from (empty: real sensors); ``stamp_ms`` is the
    server's monotonic time and rises with every message; ``frame`` is None before first angles.
    """

    instance: str
    source: str
    stamp_ms: float
    frame: LiveFrame | None


class Mailbox:
    """The way to one page: one place for what comes next, a window for what is under way."""

    def __init__(self) -> None:
        self._next: bytes | None = None
        self._unacknowledged = 0
        self._may_send = asyncio.Event()

    def offer(self, payload: bytes) -> None:
        """Put ``payload`` in the place, instead of whatever still waited there."""
        self._next = payload
        self._update()

    def acknowledge(self) -> None:
        """Note that the page has taken one message in."""
        self._unacknowledged = max(0, self._unacknowledged - 1)
        self._update()

    async def take(self) -> bytes:
        """Wait until there is something to send and the window is open; returns it."""
        await self._may_send.wait()
        payload = self._next
        assert payload is not None
        self._next = None
        self._unacknowledged += 1
        self._update()
        return payload

    def _update(self) -> None:
        if self._next is not None and self._unacknowledged < WINDOW:
            self._may_send.set()
        else:
            self._may_send.clear()


class Feed:
    """Sends what ``latest`` returns to every page, ``rate_hz`` times a second at most."""

    def __init__(
        self, latest: Callable[[], LiveFrame | None], *, source: str, rate_hz: float
    ) -> None:
        self.source = source
        self._latest = latest
        self._period_s = 1.0 / rate_hz
        self._instance = secrets.token_hex(4)
        self._mailboxes: set[Mailbox] = set()
        self._newcomer = False
        self._encoder = msgspec.json.Encoder()

    async def run(self) -> None:
        """Offer each new frame to all pages; an old one now and then, as a sign of life."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        offered: LiveFrame | None = None
        silent_since = due
        while True:
            frame = self._latest() if self._mailboxes else None
            silent = loop.time() - silent_since >= HEARTBEAT_S
            if self._newcomer or silent or _moment(frame) != _moment(offered):
                offered, silent_since, self._newcomer = frame, loop.time(), False
                self._offer(frame)
            # A late tick is not made up for: the next frame is newer anyway.
            due = max(due + self._period_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one page until it goes; whatever it sends acknowledges one message."""
        await websocket.accept()
        mailbox = Mailbox()
        self._mailboxes.add(mailbox)
        self._newcomer = True
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(_send(websocket, mailbox))
                await _receive(websocket, mailbox)
                sender.cancel()
        finally:
            self._mailboxes.discard(mailbox)

    def _offer(self, frame: LiveFrame | None) -> None:
        if self._mailboxes:
            stamp_ms = round(time.monotonic() * 1e3, 3)
            envelope = Envelope(self._instance, self.source, stamp_ms, frame)
            payload = self._encoder.encode(envelope)
            for mailbox in self._mailboxes:
                mailbox.offer(payload)


def _moment(frame: LiveFrame | None) -> tuple[int, float] | None:
    """Return what tells one frame from the next."""
    return None if frame is None else (frame.ready_ns, frame.t_s)


async def _send(websocket: WebSocket, mailbox: Mailbox) -> None:
    try:
        while True:
            payload = await mailbox.take()
            await websocket.send_text(payload.decode())
    except WebSocketDisconnect:
        return  # the receiving side ends the page


async def _receive(websocket: WebSocket, mailbox: Mailbox) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        mailbox.acknowledge()
