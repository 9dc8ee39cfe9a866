"""Real servers for the benchmark, where this machine has them: loopback, ended by their own id."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from gateway.config.settings import InfluxSection
from gateway.errors import ServiceError

LOOPBACK = "127.0.0.1"
READY_WITHIN_S = 20.0
_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


@contextmanager
def mosquitto() -> Iterator[int | None]:
    """Run Mosquitto and yield its port; None where it is not installed."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=_PATH)
    if program is None:
        yield None
        return
    with TemporaryDirectory(prefix="gaitwire-bench-") as folder:
        port = _free_port()
        config = Path(folder) / "mosquitto.conf"
        # Without set_tcp_nodelay single messages wait 40 ms for company.
        config.write_text(
            f"listener {port} {LOOPBACK}\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        with _running([program, "-c", str(config)], lambda: _listens(port)):
            yield port


@contextmanager
def influxd() -> Iterator[InfluxSection | None]:
    """Run InfluxDB 2, set up with a bucket; None where there is no ``influxd``."""
    program = shutil.which("influxd") or _cached_influxd()
    if program is None:
        yield None
        return
    with TemporaryDirectory(prefix="gaitwire-bench-") as folder:
        port = _free_port()
        command = [program, "--reporting-disabled", "--log-level", "error"]
        for option, name in (("bolt", "i.bolt"), ("engine", "engine"), ("sqlite", "i.sqlite")):
            command += [f"--{option}-path", str(Path(folder) / name)]
        command += ["--http-bind-address", f"{LOOPBACK}:{port}"]
        with _running(command, lambda: _healthy(port)):
            yield _set_up(port)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _cached_influxd() -> str | None:
    """Return the binary that the tests build, where they have."""
    found = sorted((_cache() / "gaitwire").glob("influxd-*/influxd"))
    return str(found[-1]) if found else None


@contextmanager
def _running(command: Sequence[str], ready: Callable[[], bool]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603, a server found on this machine, fixed arguments
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until_s = time.monotonic() + READY_WITHIN_S
        while not ready():
            if process.poll() is not None or time.monotonic() > until_s:
                raise ServiceError(f"{command[0]} does not start; run it by hand to see why")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _set_up(port: int) -> InfluxSection:
    body = {"username": "bench", "password": "bench-password", "org": "bench", "bucket": "bench"}
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}/api/v2/setup",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=READY_WITHIN_S) as response:  # noqa: S310, ours
        token = json.load(response)["auth"]["token"]
    url = f"http://{LOOPBACK}:{port}"
    return InfluxSection(enabled=True, url=url, org="bench", bucket="bench", token=SecretStr(token))


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _healthy(port: int) -> bool:
    try:
        address = f"http://{LOOPBACK}:{port}/health"
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
