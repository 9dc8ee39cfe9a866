"""The real InfluxDB 2 on a free port of loopback, with a fresh bucket a test."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.config.settings import InfluxSection
from tests.services.influxd.build import binary
from tests.services.server import LOOPBACK, Server, free_port

ORG = "gaitwire"
FIRST_BUCKET = "first"


@dataclass(frozen=True)
class Influx:
    """A started server and the token that may do everything; ``server`` can be stopped."""

    server: Server
    token: str

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://{LOOPBACK}:{self.server.port}"

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """Call the API and return the answer, parsed where it is JSON."""
        return call(self.url, method, path, body, self.token if token is None else token)

    def section(self, bucket: str) -> InfluxSection:
        """Return the configuration that writes to ``bucket``."""
        token = SecretStr(self.token)
        return InfluxSection(enabled=True, url=self.url, org=ORG, bucket=bucket, token=token)

    def create_bucket(self, retention_s: int = 0) -> str:
        """Create a bucket with a name of its own and return the name; 0 keeps for ever."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        rules = [{"type": "expire", "everySeconds": retention_s}] if retention_s else []
        body = {"orgID": self.org_id(), "name": name, "retentionRules": rules}
        self.call("POST", "/api/v2/buckets", body)
        return name

    def org_id(self) -> str:
        """Return the id of the organisation."""
        found: str = self.call("GET", f"/api/v2/orgs?org={ORG}")["orgs"][0]["id"]
        return found

    def query(self, flux: str) -> list[dict[str, str]]:
        """Run a Flux query and return its rows, values as text."""
        body = {"query": flux, "dialect": {"annotations": [], "header": True}}
        return _rows(str(self.call("POST", f"/api/v2/query?org={ORG}", body)))

    def count(self, bucket: str, measurement: str, field: str) -> int:
        """Return how many points of a field the bucket holds."""
        rows = self.query(
            f'from(bucket: "{bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z)'
            f' |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}")'
            " |> group() |> count()"
        )
        return int(rows[0]["_value"]) if rows else 0


@dataclass(frozen=True)
class Database:
    """A fresh bucket on a real server."""

    influx: Influx
    bucket: str

    @property
    def section(self) -> InfluxSection:
        """The configuration that writes to it."""
        return self.influx.section(self.bucket)

    def count(self, measurement: str, field: str) -> int:
        """Return how many points of a field it holds."""
        return self.influx.count(self.bucket, measurement, field)


def influx_server(folder: Path) -> Influx:
    """Start an InfluxDB that keeps its files in ``folder``, with its first user, org and token."""
    port = free_port()
    command: list[str | Path] = [
        binary(),
        *("--bolt-path", folder / "influxd.bolt", "--engine-path", folder / "engine"),
        *("--sqlite-path", folder / "influxd.sqlite", "--reporting-disabled"),
        *("--http-bind-address", f"{LOOPBACK}:{port}", "--log-level", "error"),
    ]
    server = Server(command, port, lambda: _healthy(port), folder / "influxd.log")
    server.start()
    body = {"username": "test", "password": "test-password", "org": ORG, "bucket": FIRST_BUCKET}
    answer = call(f"http://{LOOPBACK}:{port}", "POST", "/api/v2/setup", body, token="")
    return Influx(server, answer["auth"]["token"])


def call(url: str, method: str, path: str, body: Any, token: str) -> Any:
    """Call the HTTP API; fails with the server's words."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/csv"}
    if token:
        headers["Authorization"] = f"Token {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return _parsed(response.headers, response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError(
                f"{method} {path}: {error.code} {error.read().decode()}"
            ) from error


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    """InfluxDB, started once for all tests; who stops it starts it again."""
    started = influx_server(tmp_path_factory.mktemp("influx"))
    yield started
    started.server.stop()


@pytest.fixture
def database(influx: Influx) -> Database:
    """Return a fresh bucket."""
    return Database(influx, influx.create_bucket())


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/health", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _parsed(headers: Mapping[str, str], text: str) -> Any:
    return json.loads(text) if "json" in (headers.get("Content-Type") or "") else text


def _rows(text: str) -> list[dict[str, str]]:
    """Parse tables that an empty line parts; each begins with a header of its own."""
    rows: list[dict[str, str]] = []
    header: list[str] = []
    for cells in csv.reader(io.StringIO(text, newline="")):
        if not cells:
            header = []
        elif not header:
            header = cells
        else:
            rows.append(dict(zip(header, cells, strict=True)))
    return rows
