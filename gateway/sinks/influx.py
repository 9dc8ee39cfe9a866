"""Records to InfluxDB 2; the only module that knows influxdb-client.

What the answers of the server lead to:

- unreachable, busy, a wrong token (401, 403), no such bucket or organisation (404): tried again
  for ever, with growing waits; the cursor stays, so nothing is lost.
- points refused (422): the server has taken the rest of the batch. They are outside the bucket's
  retention or a field has another type there, and trying again cannot help: counted and said.
- a batch that cannot be read (400) or is too large (413): halved until the line is found that is
  to blame, which is then counted and said.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.client.write_api_async import WriteApiAsync
from influxdb_client.rest import ApiException

from gateway.config.settings import InfluxSection
from gateway.errors import ServiceError
from gateway.journal import Entry, SessionInfo
from gateway.retry import Backoff, Healthy, keep_trying
from gateway.sinks.follower import begin, follow, leftover
from gateway.sinks.lines import MEASURED, lines_of
from gateway.sinks.status import SinkStatus
from gateway.tasks import in_thread, until_stopped

GRACE_S = 5.0
TIMEOUT_MS = 15_000
UNREADABLE = (400, 413)
_DROPPED = re.compile(r"dropped=(\d+)")


class InfluxSink:
    """Follows a session's journal into a bucket.

    ``written`` and ``refused`` count lines. A page of the journal is one batch: about a second
    of a session as it happens, up to ten seconds of it when catching up.
    """

    reader = "influxdb"
    kinds: Sequence[str] = MEASURED
    page = 128
    rate_per_s = 60_000.0

    def __init__(
        self, config: InfluxSection, backoff: Backoff | None = None, grace_s: float = GRACE_S
    ) -> None:
        self.status = SinkStatus("influxdb")
        self.written = 0
        self.refused = 0
        self._config = config
        self._backoff = backoff or Backoff()
        self._grace_s = grace_s
        self._api: WriteApiAsync | None = None
        self._healthy: Healthy | None = None

    async def run(self, path: Path, stop: asyncio.Event, older: Sequence[Path] = ()) -> None:
        """Deliver the session at ``path``, and what ``older`` ones lack, until ``stop``.

        Set ``stop`` after the session's last commit. What is not delivered within the seconds of
        grace after it is left to the next start.
        """

        async def attempt(healthy: Healthy) -> None:
            await in_thread(begin, path, self)
            async with self.connected():
                await self._ask()
                self.status.connected(self.where)
                self._healthy = healthy
                await follow(path, self, stop, older)

        work = keep_trying(attempt, self.status.retrying, self._backoff)
        if await until_stopped(work, stop, self._grace_s):
            self.status.stopped(f"stopped; {self.written} lines written")
        else:
            self.status.stopped(f"stopped; {await leftover(path, self)}")

    async def check(self) -> str:
        """Ask once whether the bucket can be written to; returns where, raises ServiceError."""
        async with self.connected():
            await self._ask()
        return self.where

    def convert(self, entry: Entry, info: SessionInfo) -> list[str]:
        """Return the lines of an entry."""
        return lines_of(entry.message, info)

    async def deliver(self, items: Sequence[str]) -> None:
        """Write lines in one batch; raises ServiceError where trying again may help."""
        try:
            dropped, why = await self._write("\n".join(items).encode("utf-8", "replace"))
        except _UnreadableError as error:
            if len(items) > 1:
                middle = len(items) // 2
                await self.deliver(items[:middle])
                await self.deliver(items[middle:])
                return
            dropped, why = 1, str(error)
        if self._healthy is not None:
            self._healthy()  # only now: a server may answer and yet write nothing
        self.written += len(items) - dropped
        self.refused += dropped
        if dropped:
            self.status.warn("lines were refused and are left out", lines=dropped, why=why)

    @property
    def where(self) -> str:
        """Where records go, for people."""
        return f"{self._config.url}, bucket {self._config.bucket}"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Hold the client that ``deliver`` writes through; ``run`` does so by itself."""
        config = self._config
        token = config.token.get_secret_value()
        client = InfluxDBClientAsync(config.url, token, config.org, timeout=TIMEOUT_MS)
        async with client:
            self._api = client.write_api()
            yield

    async def _ask(self) -> None:
        """Find out, by writing nothing, whether token, organisation and bucket will do."""
        try:
            await self._write(b"")
        except _UnreadableError as error:
            raise ServiceError(self._sentence(None, str(error))) from error

    async def _write(self, batch: bytes) -> tuple[int, str]:
        """Write a batch; returns how many of its points were refused, and why."""
        assert self._api is not None
        bucket, org = self._config.bucket, self._config.org
        try:
            await self._api.write(bucket, org, batch)  # times are in ns unless one says otherwise
        except ApiException as error:
            return self._refusal(error)
        except (ValueError, aiohttp.NonHttpUrlClientError) as error:
            raise ServiceError(
                f"InfluxDB cannot be asked at {self._config.url!r}; influxdb.url must be an "
                "address like http://127.0.0.1:8086, and influxdb.token as InfluxDB shows it"
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ServiceError(
                f"InfluxDB does not answer at {self._config.url} ({_reason(error)}); "
                "start it or correct influxdb.url"
            ) from error
        return 0, ""

    def _refusal(self, error: ApiException) -> tuple[int, str]:
        """Sort the server's refusals; raises what cannot be settled by leaving points out."""
        said = error.message or error.reason or ""
        if error.status == 422:
            found = _DROPPED.search(said)
            return int(found[1]) if found else 1, said
        if error.status in UNREADABLE:
            raise _UnreadableError(said) from error
        raise ServiceError(self._sentence(error.status, said)) from error

    def _sentence(self, status: int | None, said: str) -> str:
        where = f"InfluxDB at {self._config.url}"
        if status in (401, 403):
            return (
                f"{where} refuses the token ({said}); set influxdb.token to one that may write "
                f"to the bucket {self._config.bucket!r}"
            )
        if status == 404:
            return f"{where} says {said}; create it, or correct influxdb.bucket or influxdb.org"
        return f"{where} cannot take records: {said}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_MS // 1000} s"
    number = getattr(error, "errno", None)
    if number and number > 0:
        return os.strerror(number).lower()
    return str(getattr(error, "strerror", None) or error)


class _UnreadableError(Exception):
    """The server cannot read a batch, and has taken nothing of it."""
