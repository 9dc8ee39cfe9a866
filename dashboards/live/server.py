"""The web server of the live pages, in the event loop of the service.

``PageServer`` is what the service runs: ``bind`` the socket first, so that a busy port is told
in a sentence, then ``run`` until cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from dashboards.live.feed import Feed
from dashboards.live.guard import Access, Guard
from dashboards.live.server_log import server_log
from gateway.errors import KeyedError, ServiceError
from gateway.live.frame import LiveFrame

HERE = Path(__file__).parent
VENDOR = HERE / "static" / "vendor"
RATE_HZ = 30.0
# A page only ever sends acknowledgements.
LONGEST_MESSAGE = 64
# How long a page that has stopped reading may hold up the end.
LAST_WORDS_S = 1


class PageServer:
    """Serves the pages and pushes what ``latest`` returns to each of them.

    ``latest`` is called in the event loop, about 30 times a second while a page is open.
    ``host`` and ``origins`` decide who may ask (see ``guard``); ``source`` is shown as a badge
    ("simulated person"), empty for real sensors.
    """

    def __init__(
        self,
        latest: Callable[[], LiveFrame | None],
        *,
        host: str = "127.0.0.1",
        origins: Iterable[str] = (),
        source: str = "",
        rate_hz: float = RATE_HZ,
    ) -> None:
        self._feed = Feed(latest, source=source, rate_hz=rate_hz)
        self._app = create_app(self._feed, Access(host, origins))

    async def run(self, listening: socket.socket) -> None:
        """Serve on ``listening`` (see ``bind``) until cancelled; then close every page."""
        server = _Server(_server_config(self._app))
        with server_log():
            await self._run(server, listening)

    async def _run(self, server: _Server, listening: socket.socket) -> None:
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._feed.run())
            try:
                await _serve(server, listening)
            finally:
                ticking.cancel()


def create_app(feed: Feed, access: Access) -> Starlette:
    """Return the application: two pages, their files, and the stream at ``/live``.

    Raises ServiceError where the package was installed without the pages' libraries.
    """
    if not VENDOR.is_dir():
        raise ServiceError(
            "the libraries of the live pages are not there: install the package once more "
            "(in a checkout: python hatch_build.py), or set enabled = false in [pages]"
        )
    templates = Jinja2Templates(HERE / "templates")

    def patient(request: Request) -> Response:
        return templates.TemplateResponse(request, "patient.html", {"source": feed.source})

    def therapist(request: Request) -> Response:
        return templates.TemplateResponse(request, "therapist.html", {"source": feed.source})

    return Starlette(
        routes=[
            Route("/", patient),
            Route("/patient", patient),
            Route("/therapist", therapist),
            WebSocketRoute("/live", feed.serve),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard, access=access)],
    )


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; with port 0 a free one is taken (``getsockname`` tells it).

    Raises ServiceError that names the port and what to do, and KeyedError for a host that is none.
    """
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise KeyedError(
                f"{host!r} is no address of this machine; 127.0.0.1 serves the pages to this "
                "machine alone, 0.0.0.0 to its network too",
                *("pages", "host"),
            ) from error
        raise ServiceError(_why_not(host, port, error)) from error


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"the live pages cannot be served on {host}, port {port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{where}: another program listens there; end it, or choose another port under "
            "[pages] (0 takes a free one)"
        )
    if error.errno == errno.EACCES:
        return f"{where}: ports below 1024 need special rights; choose a higher one under [pages]"
    return f"{where}: {error.strerror}; check host and port under [pages]"


class _Server(uvicorn.Server):
    """uvicorn within another program: the program handles signals, not the server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _server_config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=LAST_WORDS_S,
    )


async def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    # A cancelled serve() would skip its own shutdown and leave the pages hanging.
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
