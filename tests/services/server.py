"""A real server in a process of its own, on loopback, that a test can stop and start again."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from tests.services.wait import until_now

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One process, ended by its own id; its output is in ``log``."""

    def __init__(
        self, command: Sequence[str | Path], port: int, ready: Callable[[], bool], log: Path
    ) -> None:
        self.port = port
        self.log = log
        self._command = [str(part) for part in command]
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return once it answers; fails with its log where it ends instead."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        process = self._process
        until_now(
            lambda: process.poll() is not None or self._ready(), f"{self._command[0]} answers"
        )
        assert process.poll() is None, f"{self._command[0]} ended: {self.log.read_text()[-2000:]}"

    def stop(self) -> None:
        """End the server and wait until it has."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        """End the server as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def listens(port: int) -> bool:
    """Tell whether something on loopback accepts connections on ``port``."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
