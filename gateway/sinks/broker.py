"""The embedded MQTT broker as its parent sees it: start, watch, stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

import msgspec
import structlog

from gateway.errors import GaitwireError, ServiceError
from gateway.retry import Backoff, Healthy, keep_trying

LOOPBACK = "127.0.0.1"
READY_WITHIN_S = 15.0
STOPPED_WITHIN_S = 3.0


class _Answer(msgspec.Struct):
    port: int = 0
    error: str = ""


class EmbeddedBroker:
    """A broker on loopback in a child process; anyone on this machine may connect.

    ``port`` 0 takes a free one, which ``start`` returns and which is kept over restarts.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: asyncio.subprocess.Process | None = None
        self._log = structlog.get_logger()

    @property
    def pid(self) -> int | None:
        """Process id of the child, None before the start."""
        return None if self._process is None else self._process.pid

    def reserve(self) -> int:
        """Make sure that the port can be had, and return it; raises ServiceError if not.

        Starting takes about a second: so a busy port is told before anything else begins.
        """
        try:
            with socket.create_server((LOOPBACK, self.port)) as probe:
                self.port = int(probe.getsockname()[1])
        except OSError as error:
            raise self._busy(error.strerror or str(error)) from error
        return self.port

    async def start(self) -> int:
        """Start the child and return its port; raises ServiceError with what to do."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway.sinks.broker_child", str(self.port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.stop)
            self.port = (await self._answer()).port
            undo.pop_all()
        return self.port

    async def run(self) -> None:
        """Keep the broker up until cancelled, then stop it; a child that dies is replaced."""
        try:
            while True:
                assert self._process is not None, "start comes before run"
                status = await self._process.wait()
                self._log.error("embedded broker ended and is started again", exit_status=status)
                await keep_trying(self._start_again, self._failed, Backoff())
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Ask the child to end, and end it where it does not within a few seconds."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOPPED_WITHIN_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start_again(self, healthy: Healthy) -> None:
        await self.start()
        healthy()

    def _failed(self, error: GaitwireError, wait_s: float) -> None:
        self._log.error(str(error), again_in_s=round(wait_s, 1))

    async def _answer(self) -> _Answer:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), READY_WITHIN_S)
            answer = msgspec.json.decode(line, type=_Answer)
        except TimeoutError:
            answer = _Answer(error=f"no answer within {READY_WITHIN_S:.0f} s")
        except msgspec.DecodeError:
            answer = _Answer(error="its process ended before it listened")
        if answer.error:
            raise self._busy(answer.error)
        return answer

    def _busy(self, why: str) -> ServiceError:
        return ServiceError(
            f"the embedded MQTT broker cannot listen on {LOOPBACK}:{self.port}: {why}; set "
            "mqtt.port to 0 for a free port, or mqtt.host to the broker that already runs there"
        )
