"""A small HTTP server that answers the calls of a push as Grafana's documentation says.

It keeps what it is given and checks its shape, token and rights. It is no Grafana: it says
nothing of how a dashboard looks.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EDITOR, ADMIN, VIEWER = "glsa_editor", "glsa_admin", "glsa_viewer"
NOT_FOUND = (HTTPStatus.NOT_FOUND, {"message": "not found"})
FORBIDDEN = (HTTPStatus.FORBIDDEN, {"message": "You'll need additional permissions"})

Answer = tuple[HTTPStatus, Any]


@dataclass
class Grafana:
    """What has been pushed; ``url`` is where it listens."""

    url: str = ""
    folders: dict[str, Any] = field(default_factory=dict)
    datasources: dict[str, Any] = field(default_factory=dict)
    dashboards: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: Any, token: str) -> Answer:
        """Answer one call."""
        if token not in {EDITOR, ADMIN, VIEWER}:
            return HTTPStatus.UNAUTHORIZED, {"message": "Invalid API key"}
        top, what, *rest = path.strip("/").split("/")
        if top != "api":
            return NOT_FOUND
        allowed = {"datasources": {ADMIN}}.get(what, {ADMIN, EDITOR})
        if token not in allowed and (method == "POST" or what == "datasources"):
            return FORBIDDEN
        if method == "GET":
            return self._read(what, rest[-1])
        return self._write(what, body)

    def _read(self, what: str, uid: str) -> Answer:
        kept = {"datasources": self.datasources, "folders": self.folders}.get(what, {})
        return (HTTPStatus.OK, kept[uid]) if uid in kept else NOT_FOUND

    def _write(self, what: str, body: Any) -> Answer:
        if what == "dashboards":
            return self._save(body)
        kept = {"datasources": self.datasources, "folders": self.folders}[what]
        kept[body["uid"]] = body
        return HTTPStatus.OK, body

    def _save(self, body: Any) -> Answer:
        dashboard = body["dashboard"]
        uid = dashboard["uid"]
        if body["folderUid"] not in self.folders:
            return HTTPStatus.BAD_REQUEST, {"message": "folder not found"}
        if uid in self.dashboards and not body["overwrite"]:
            return HTTPStatus.PRECONDITION_FAILED, {"message": "changed by someone else"}
        self.dashboards[uid] = dashboard
        self.versions[uid] = self.versions.get(uid, 0) + 1
        saved = {"uid": uid, "url": f"/d/{uid}/gaitwire-live", "version": self.versions[uid]}
        return HTTPStatus.OK, {"status": "success", "id": 1, **saved}


@contextmanager
def grafana_server() -> Iterator[Grafana]:
    """Run the server on a free port of loopback."""
    grafana = Grafana()

    def answer(handler: BaseHTTPRequestHandler, method: str, body: Any) -> None:
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        status, said = grafana.answer(method, handler.path, body, token)
        _reply(handler, status, json.dumps(said), "application/json")

    with _serving(answer) as grafana.url:
        yield grafana


@contextmanager
def other_server() -> Iterator[str]:
    """Run something that speaks HTTP but is no Grafana; gives its address."""

    def answer(handler: BaseHTTPRequestHandler, method: str, body: Any) -> None:
        del method, body
        _reply(handler, HTTPStatus.OK, "<html>hello</html>", "text/html")

    with _serving(answer) as url:
        yield url


@contextmanager
def _serving(answer: Any) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, "GET", None)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            answer(self, "POST", json.loads(self.rfile.read(length)))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _reply(handler: BaseHTTPRequestHandler, status: int, text: str, kind: str) -> None:
    content = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
