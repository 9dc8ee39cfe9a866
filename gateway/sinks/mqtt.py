"""Live parts and records to an MQTT broker; the only module that knows aiomqtt.

One connection carries both: live parts at QoS 0, the newest only, and records at QoS 1, complete,
from the journal by cursor, a page in flight at a time. The cursor moves once the broker has
acknowledged the page, so after an outage a record may come twice, with the same ``seq``.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

import aiomqtt

from gateway.config.settings import MqttSection
from gateway.errors import GaitwireError, JournalError, ServiceError
from gateway.journal import Entry, SessionInfo
from gateway.live.frame import LiveFrame
from gateway.retry import Backoff, Healthy, keep_trying
from gateway.sinks.follower import begin, follow, leftover
from gateway.sinks.mailbox import Mailbox
from gateway.sinks.records import PUBLISHED
from gateway.sinks.status import SinkStatus
from gateway.sinks.topics import (
    live_document,
    person_topic,
    record_document,
    state_document,
    state_topic,
)
from gateway.tasks import in_thread, one_error, until_stopped

GRACE_S = 5.0
TIMEOUT_S = 10.0
KEEPALIVE_S = 10
# Without it the second of two messages in a row waits for the first's acknowledgement, 40 ms.
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_CODE = re.compile(r"^\[[^\]]*\] ")
# The reason codes of MQTT 5, to which paho translates those of MQTT 3.1.1.
_REFUSED_LOGIN = (134, 135)


class MqttSink:
    """Publishes a person's live view and records.

    ``port`` is the broker's own where it differs from the configuration's (the embedded one).
    ``published`` counts live messages and acknowledged records, ``dropped`` live parts that gave
    way to newer ones.
    """

    reader = "mqtt"
    kinds: Sequence[str] = PUBLISHED
    page = 64
    rate_per_s = 500.0

    def __init__(
        self,
        config: MqttSection,
        person: str,
        port: int | None = None,
        backoff: Backoff | None = None,
        grace_s: float = GRACE_S,
    ) -> None:
        self.status = SinkStatus("mqtt")
        self.published = 0
        self._config = config
        self._host = config.host or "127.0.0.1"
        self._port = config.port if port is None else port
        self._person = person
        self._backoff = backoff or Backoff()
        self._grace_s = grace_s
        self._mailbox = Mailbox(config.live_rate_hz)
        self._client: aiomqtt.Client | None = None

    @property
    def where(self) -> str:
        """Host and port of the broker."""
        return f"{self._host}:{self._port}"

    @property
    def dropped(self) -> int:
        """Number of live parts that were replaced before they could be sent."""
        return self._mailbox.dropped

    def offer(self, frame: LiveFrame) -> None:
        """Take a live frame; never blocks, the newest wins."""
        self._mailbox.put(frame)

    async def run(self, path: Path | None, stop: asyncio.Event, older: Sequence[Path] = ()) -> None:
        """Publish frames, and the records of the session at ``path`` and ``older``, until ``stop``.

        Set ``stop`` after the session's last commit. What is not delivered within the seconds of
        grace after it is left to the next start. Without a ``path`` there are no records.
        """

        async def attempt(healthy: Healthy) -> None:
            if path is not None:
                await self._begin(path)
            with self._translated():
                await self._publish_until(path, stop, older, healthy)

        work = keep_trying(attempt, self.status.retrying, self._backoff)
        if await until_stopped(work, stop, self._grace_s):
            self.status.stopped(f"stopped; {self.published} messages published")
        elif path is not None:
            self.status.stopped(f"stopped; {await leftover(path, self)}")
        else:
            self.status.stopped()

    async def check(self) -> str:
        """Connect once and leave again; returns where, raises ServiceError."""
        with self._translated():
            async with self._connection(self._make_client(will=False)):
                return self.where

    def convert(self, entry: Entry, info: SessionInfo) -> list[tuple[str, bytes]]:
        """Return the topic and document of an entry."""
        made = record_document(self._config.topic, entry, info)
        return [] if made is None else [made]

    async def deliver(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Publish a page and return once the broker has all of it; raises ServiceError."""
        # The tasks start in order, and each hands its message over before it first waits.
        with self._translated():
            async with asyncio.TaskGroup() as group:
                for topic, document in items:
                    group.create_task(self._publish(topic, document, qos=1))

    async def _publish_until(
        self, path: Path | None, stop: asyncio.Event, older: Sequence[Path], healthy: Healthy
    ) -> None:
        async with self._connection(self._make_client()) as client:
            self._client = client
            self._mailbox.clear()
            await self._tell_state("online")
            self.status.connected(f"{self._host}:{self._port}")
            healthy()
            async with asyncio.TaskGroup() as group:
                side = [group.create_task(c) for c in (self._watch(client), self._send_live())]
                await (stop.wait() if path is None else self._follow(path, stop, older))
                for task in side:
                    task.cancel()
            await self._tell_state("offline")

    async def _begin(self, path: Path) -> None:
        try:
            await in_thread(begin, path, self)
        except JournalError as error:
            self.status.warn("records wait", why=str(error))

    async def _follow(self, path: Path, stop: asyncio.Event, older: Sequence[Path]) -> None:
        """Deliver records; trouble with the journal, such as a full disk, leaves live topics be."""

        async def attempt(_: Healthy) -> None:
            await follow(path, self, stop, older)

        def failed(error: GaitwireError, wait_s: float) -> None:
            self.status.warn("records wait", why=str(error), in_s=round(wait_s, 1))

        await keep_trying(attempt, failed, self._backoff, on=JournalError)

    def _make_client(self, *, will: bool = True) -> aiomqtt.Client:
        config = self._config
        last_will = aiomqtt.Will(
            state_topic(config.topic), state_document("offline"), qos=1, retain=True
        )
        client = aiomqtt.Client(
            self._host,
            self._port,
            identifier=f"gaitwire-{secrets.token_hex(4)}",
            username=config.username or None,
            password=config.password.get_secret_value() or None,
            tls_params=aiomqtt.TLSParameters() if config.tls else None,
            will=last_will if will else None,
            keepalive=KEEPALIVE_S,
            timeout=TIMEOUT_S,
            socket_options=[NO_DELAY],
        )
        client.pending_calls_threshold = 2 * self.page  # a page in flight is no reason to warn
        return client

    @asynccontextmanager
    async def _connection(self, client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(client)
            except ValueError as error:  # a host or port that cannot be
                raise self._explained(error) from error
            yield client

    async def _watch(self, client: aiomqtt.Client) -> None:
        """Raise as soon as the connection is lost, even where nothing is being sent."""
        async for _ in client.messages:
            pass

    async def _send_live(self) -> None:
        while True:
            for name, part in (await self._mailbox.take()).items():
                topic = person_topic(self._config.topic, self._person, "live", name)
                await self._publish(topic, live_document(self._person, part), qos=0)

    async def _tell_state(self, state: Literal["online", "offline"]) -> None:
        topic = state_topic(self._config.topic)
        await self._publish(topic, state_document(state), qos=1, retain=True)

    async def _publish(
        self, topic: str, document: bytes, qos: int, *, retain: bool = False
    ) -> None:
        assert self._client is not None
        await self._client.publish(topic, document, qos, retain)
        self.published += 1

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with one_error():
                yield
        except aiomqtt.MqttError as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> ServiceError:
        where = f"the MQTT broker at {self._host}:{self._port}"
        code = getattr(error, "rc", None)
        if getattr(code, "value", code) in _REFUSED_LOGIN:
            user = repr(self._config.username) if self._config.username else "a nameless user"
            return ServiceError(f"{where} refuses {user}; correct mqtt.username and mqtt.password")
        reason = _CODE.sub("", str(error)).lower()
        return ServiceError(
            f"{where} cannot be reached ({reason}); start it, or correct mqtt.host and mqtt.port"
        )
