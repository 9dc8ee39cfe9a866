"""A real browser, a real server, and what is shown set by the test."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from dashboards.live.server import PageServer, bind
from gateway.live.frame import LiveFrame
from tests.dashboards.person import Person
from tests.services.programs import program

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
]
# Small, because the figure is drawn by the processor here.
DESKTOP = {"width": 900, "height": 600}
PATIENCE_S = 60.0
"""For whatever is waited for: a busy machine draws a picture in seconds."""


@dataclass
class Show:
    """What the server shows: a person at the time ``t_s``, or nobody yet."""

    person: Person = field(default_factory=Person)
    t_s: float | None = 0.0
    runs: bool = False
    asked: int = 0
    _asked_s: float | None = None
    _looked: asyncio.Event = field(default_factory=asyncio.Event)

    def latest(self) -> LiveFrame | None:
        """Return the frame at the time set, or at a time that runs on from there."""
        self.asked += 1
        self._looked.set()
        now_s = time.monotonic()
        if self.runs and self.t_s is not None and self._asked_s is not None:
            self.t_s += now_s - self._asked_s
        self._asked_s = now_s
        return None if self.t_s is None else self.person.frame(self.t_s)

    async def asked_again(self, times: int = 2) -> None:
        """Wait until the server has looked at what is shown now."""
        goal = self.asked + times
        async with asyncio.timeout(PATIENCE_S):
            while self.asked < goal:
                self._looked.clear()
                await self._looked.wait()


@contextlib.asynccontextmanager
async def serving(
    show: Show, port: int = 0, source: str = "simulated person"
) -> AsyncIterator[tuple[str, int]]:
    """Serve ``show``; gives host and port. At the end every page is told to go."""
    listening: socket.socket = bind("127.0.0.1", port)
    address: tuple[str, int] = listening.getsockname()
    running = asyncio.create_task(PageServer(show.latest, source=source).run(listening))
    try:
        yield address
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the system's Chromium."""
    executable = program("chromium")
    expect.set_options(timeout=1e3 * PATIENCE_S)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        yield browser
        await browser.close()


@dataclass
class Visit:
    """An open page, with everything it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def visiting(
    browser: Browser, url: str, *, before: str | None = None, size: dict[str, int] | None = None
) -> AsyncIterator[Visit]:
    """Open ``url`` in a fresh context; ``before`` is a script that runs ahead of the page's."""
    view = size or DESKTOP
    context = await browser.new_context(viewport={"width": view["width"], "height": view["height"]})
    context.set_default_timeout(1e3 * PATIENCE_S)
    if before is not None:
        await context.add_init_script(before)
    visit = Visit(await context.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("websocket", lambda opened: visit.requests.append(opened.url))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "console",
        lambda said: (
            visit.complaints.append(said.text) if said.type in {"error", "warning"} else None
        ),
    )
    await visit.page.goto(url)
    try:
        yield visit
    finally:
        await context.close()


async def changed(shown: Locator, before: bytes) -> None:
    """Wait until what is ``shown`` looks otherwise than the picture ``before``."""
    async with asyncio.timeout(PATIENCE_S):
        while await shown.screenshot() == before:
            pass


def url_of(address: tuple[str, int], path: str = "/") -> str:
    """Address of a page."""
    return f"http://{address[0]}:{address[1]}{path}"
