"""Who may ask: checks and headers in front of every page and websocket.

The pages show health data, so nothing but a page of this server may read the stream. The Host
header is checked because a foreign name can be made to point at loopback (DNS rebinding), the
Origin because a browser lets any site open a websocket. Written as plain ASGI: middleware on
Starlette's base class would not see websockets.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # A browser asks each time, so an update of the package shows at once.
    "Cache-Control": "no-cache",
}


class Access:
    """Decides by Host and Origin.

    ``host`` is the address listened on; ``origins`` are the origins besides the server's own
    (as in ``https://gait.example``), whose host names are then known here too.
    """

    def __init__(self, host: str, origins: Iterable[str] = ()) -> None:
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        names = {urlsplit(origin).hostname or "" for origin in self._origins}
        self._names = (LOOPBACK | names | {host.lower()}) - {""}
        # A page reached by a bare address cannot have come by a foreign name.
        self._any_address = host not in LOOPBACK

    def knows_host(self, host: str) -> bool:
        """Tell whether a Host header names this server."""
        name = _hostname(host)
        return name in self._names or (self._any_address and _is_address(name))

    def allows_origin(self, origin: str, host: str) -> bool:
        """Tell whether a page of ``origin`` may open a websocket at ``host``."""
        own = {f"http://{host.lower()}", f"https://{host.lower()}"}
        return origin.lower() in own | self._origins


class Guard:
    """ASGI middleware: refuses what ``access`` does not allow, and sets the headers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        guarded = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, guarded)
        else:
            await refusal(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._access.knows_host(host):
            return PlainTextResponse("This server does not go by that name.", 421)
        if scope["type"] == "websocket" and not self._access.allows_origin(
            headers.get("origin", ""), host
        ):
            return PlainTextResponse("Only the pages of this server may open its stream.", 403)
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
