"""The real Mosquitto on a free port of loopback."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.programs import program
from tests.services.server import LOOPBACK, Server, free_port, listens

USER = "gaitwire"
PASSWORD = "right horse"


def mosquitto_server(folder: Path, *settings: str) -> Server:
    """Return a Mosquitto that is not started yet; ``settings`` are lines of its configuration.

    Without ``set_tcp_nodelay`` latency has spikes of 40 ms; without ``max_queued_messages`` 0 a
    subscriber that lags loses messages of QoS 1.
    """
    port = free_port()
    lines = [
        f"listener {port} {LOOPBACK}",
        "set_tcp_nodelay true",
        "max_queued_messages 0",
        "persistence false",
        *(settings or ("allow_anonymous true",)),
    ]
    if any(str(folder) in line for line in lines):
        # As root, Mosquitto becomes another user, who could not read the test's folder.
        lines.append(f"user {getpass.getuser()}")
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    command = (program("mosquitto"), "-c", config)
    return Server(command, port, lambda: listens(port), folder / "mosquitto.log")


def password_file(folder: Path) -> Path:
    """Write a password file that knows USER with PASSWORD."""
    path = folder / "passwords"
    create = [program("mosquitto_passwd"), "-b", "-c", str(path), USER, PASSWORD]
    subprocess.run(create, check=True, capture_output=True)
    return path


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for loopback that is its own authority; returns it and its key."""
    made, key = folder / "server.crt", folder / "server.key"
    subject = ("-subj", f"/CN={LOOPBACK}", "-addext", f"subjectAltName=IP:{LOOPBACK}")
    create = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*create, "-out", made, "-keyout", key], check=True, capture_output=True)
    return made, key


@pytest.fixture
def mosquitto_with_tls(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """Mosquitto, started, that speaks TLS only; and the certificate to trust."""
    made, key = certificate(tmp_path)
    tls = (f"certfile {made}", f"keyfile {key}", "allow_anonymous true")
    with mosquitto_server(tmp_path, *tls) as server:
        yield server, made


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Server]:
    """Mosquitto, started; anyone may connect."""
    with mosquitto_server(tmp_path) as server:
        yield server


@pytest.fixture
def mosquitto_with_password(tmp_path: Path) -> Iterator[Server]:
    """Mosquitto, started; only USER with PASSWORD may connect."""
    passwords = password_file(tmp_path)
    with mosquitto_server(
        tmp_path, "allow_anonymous false", f"password_file {passwords}"
    ) as server:
        yield server
