"""The MQTT sink against real brokers: Mosquitto and the embedded one."""

from __future__ import annotations

import asyncio
import collections
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from gateway.config.settings import MqttSection
from gateway.errors import ServiceError
from gateway.retry import Backoff
from gateway.sinks.broker import EmbeddedBroker
from gateway.sinks.documents import RECORD_TOPICS, Record
from gateway.sinks.live_documents import LIVE_TOPICS, Live
from gateway.sinks.mqtt import MqttSink
from gateway.sinks.status import SinkState
from tests.gateway.made_frames import frame
from tests.gateway.made_sessions import PERSON, Session
from tests.services.mosquitto import PASSWORD, USER
from tests.services.server import LOOPBACK, Server, free_port
from tests.services.subscriber import subscriber
from tests.services.wait import until

SOON = Backoff(first_s=0.05, most_s=0.2)
RECORDS_A_SECOND = 10


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


@pytest.fixture(params=["mosquitto", "embedded"])
async def broker_port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """Every broker in turn."""
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto").port
    else:
        broker = EmbeddedBroker(port=0)
        yield await broker.start()
        await broker.stop()


async def test_records_are_complete_in_order_and_as_documented(
    broker_port: int, session: Session
) -> None:
    session.calibrate()
    async with subscriber(broker_port, "gaitwire/+/record/#") as received:
        async with running(MqttSink(section(broker_port), PERSON, backoff=SOON), session.path):
            session.record(4)
            session.close()
        await until(lambda: len(received) == 4 * RECORDS_A_SECOND + 1, "all records")
    documents = [(topic, msgspec.json.decode(payload)) for topic, payload in received]
    assert [document["seq"] for _, document in documents] == list(range(1, len(received) + 1))
    by_topic = collections.Counter(topic for topic, _ in documents)
    assert by_topic == {
        f"gaitwire/{PERSON}/record/{name}": 1 if name == "calibration" else 4
        for name in RECORD_TOPICS
    }
    for topic, payload in received:
        expected: Any = RECORD_TOPICS[topic.rpartition("/")[2]]
        record = msgspec.json.decode(payload, type=Record[expected], strict=True)
        assert (record.session, record.person) == ("s-01", PERSON)
        assert record.time.endswith("Z")


async def test_live_parts_carry_the_newest_frame(broker_port: int) -> None:
    sink = MqttSink(section(broker_port), PERSON, backoff=SOON)
    async with subscriber(broker_port, "gaitwire/+/live/#") as received, running(sink, None):
        await connected(sink)
        sink.offer(frame(1.0, cue=1))
        await until(lambda: len(received) >= len(LIVE_TOPICS), "a message a topic")
    names = {topic.rpartition("/")[2]: payload for topic, payload in received}
    assert names.keys() == LIVE_TOPICS.keys()
    for name, payload in names.items():
        expected: Any = LIVE_TOPICS[name]
        live = msgspec.json.decode(payload, type=Live[expected])
        assert (live.person, live.t_s, live.ready_ns) == (PERSON, 1.0, 5)
        assert live.sent_ns > live.ready_ns


async def test_small_messages_are_not_held_back_for_acknowledgements(mosquitto: Server) -> None:
    sink = MqttSink(section(mosquitto.port), PERSON, backoff=SOON)
    async with running(sink, None):
        await connected(sink)
        assert sink._client is not None
        connection: Any = sink._client._client.socket()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_live_is_latest_wins_and_an_unchanged_part_is_told_once_a_second(
    mosquitto: Server,
) -> None:
    sink = MqttSink(section(mosquitto.port), PERSON, backoff=SOON)
    async with subscriber(mosquitto.port, "gaitwire/+/live/#") as received, running(sink, None):
        await connected(sink)
        for number in range(101):  # two seconds, offered at once
            sink.offer(frame(number * 0.02, cue=1))
        await until(lambda: bool(received), "something came")
        sink.offer(frame(2.02, cue=1))
        await until(lambda: times(received, "motion")[-1:] == [2.02], "the newest came")
    assert times(received, "motion") == [2.0, 2.02]
    assert len(times(received, "gait")) == 1
    assert len(times(received, "cue")) == 1
    unchanged = LIVE_TOPICS.keys() - {"motion", "cue"}
    assert sink.dropped == 100 + 2 * len(unchanged)  # motion each time, the others once a second


async def test_state_is_retained_and_the_last_will_says_offline(mosquitto: Server) -> None:
    sink = MqttSink(section(mosquitto.port), PERSON, backoff=SOON)
    async with subscriber(mosquitto.port, "gaitwire/gateway/state") as received:
        async with running(sink, None):
            await until(lambda: states(received) == ["online"], "it says it is online")
        await until(lambda: states(received) == ["online", "offline"], "it says good-bye")
        task = asyncio.create_task(sink.run(None, asyncio.Event()))
        await until(lambda: states(received)[2:] == ["online"], "online again")
        assert drop_connection(sink)
        await until(lambda: states(received)[3:4] == ["offline"], "its last will is told")
        task.cancel()
        await asyncio.wait({task})
    async with subscriber(mosquitto.port, "gaitwire/gateway/state") as late:
        await until(lambda: len(late) == 1, "the state is retained")


async def test_survives_a_broker_that_goes_away(mosquitto: Server, session: Session) -> None:
    sink = MqttSink(section(mosquitto.port), PERSON, backoff=SOON)
    seen: list[int] = []
    async with running(sink, session.path):
        async with subscriber(mosquitto.port, "gaitwire/+/record/#") as received:
            session.record(2)
            await until(lambda: len(received) == 2 * RECORDS_A_SECOND, "the first records")
            seen += seqs(received)
            mosquitto.kill()
            await until(lambda: sink.status.state is SinkState.RETRYING, "the loss is noticed")
        session.record(20)
        mosquitto.start()
        async with subscriber(mosquitto.port, "gaitwire/+/record/#") as received:
            await connected(sink)
            session.record(2)
            session.close()
            await until(lambda: seqs(received)[-1:] == [24 * RECORDS_A_SECOND], "the last record")
            seen += seqs(received)
    # A subscriber that came back a moment after the gateway misses what went by without it.
    assert sorted(set(seen)) == seen
    assert sink.status.state is SinkState.STOPPED
    assert sink.published >= 24 * RECORDS_A_SECOND


async def test_nothing_is_lost_when_the_connection_breaks_within_a_page(
    mosquitto: Server, session: Session
) -> None:
    sink = MqttSink(section(mosquitto.port), PERSON, backoff=SOON)
    session.record(40)
    async with (
        subscriber(mosquitto.port, "gaitwire/+/record/#") as received,
        running(sink, session.path),
    ):
        for count in (70, 150, 230):
            await until(lambda count=count: len(received) > count, "more came")  # type: ignore[misc] # a bound default
            await until(lambda: drop_connection(sink), "a connection to drop")
        session.close()
        await until(lambda: 40 * RECORDS_A_SECOND in seqs(received), "the last record")
    first_seen = list(dict.fromkeys(seqs(received)))
    assert first_seen == list(range(1, 40 * RECORDS_A_SECOND + 1))


async def test_a_wrong_password_is_said_and_tried_again(
    mosquitto_with_password: Server, session: Session
) -> None:
    session.record(1)
    session.close()
    port = mosquitto_with_password.port
    known = {"username": USER, "password": SecretStr(PASSWORD)}
    wrong = section(port).model_copy(update={**known, "password": SecretStr("wrong")})
    sink = MqttSink(wrong, PERSON, backoff=SOON, grace_s=0.1)
    with pytest.raises(ServiceError, match="refuses 'gaitwire'"):
        await sink.check()
    async with running(sink, session.path):
        await until(lambda: sink.status.state is SinkState.RETRYING, "the refusal is noticed")
        assert "refuses 'gaitwire'; correct mqtt.username and mqtt.password" in sink.status.text
    assert sink.status.text == f"stopped; {RECORDS_A_SECOND} entries are left to the next start"
    right = MqttSink(section(port).model_copy(update=known), PERSON, backoff=SOON)
    assert await right.check() == f"{LOOPBACK}:{port}"
    async with running(right, session.path):
        pass
    assert right.published == RECORDS_A_SECOND + 2


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
async def test_tls_with_a_certificate_that_the_system_trusts(
    mosquitto_with_tls: tuple[Server, Path], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, trusted = mosquitto_with_tls
    session.record(1)
    session.close()
    encrypted = section(server.port).model_copy(update={"tls": True})
    with pytest.raises(ServiceError, match="certificate verify failed"):
        await MqttSink(encrypted, PERSON).check()
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    sink = MqttSink(encrypted, PERSON, backoff=SOON)
    async with running(sink, session.path):
        pass
    assert sink.published == RECORDS_A_SECOND + 2


async def test_trouble_with_the_journal_leaves_live_topics_be(
    mosquitto: Server, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.gaitwire"
    sink = MqttSink(section(mosquitto.port), PERSON, backoff=SOON, grace_s=0.1)
    async with (
        subscriber(mosquitto.port, "gaitwire/+/live/#") as received,
        running(sink, missing),
    ):
        await connected(sink)
        for number in range(50):
            sink.offer(frame(number * 0.02, cue=1))
            await until(lambda n=number: len(times(received, "motion")) > n, "came")  # type: ignore[misc] # a bound default
    assert sink.dropped == 0
    assert "missing.gaitwire" in sink.status.text


@pytest.mark.parametrize(
    "change", [{"host": "no such host"}, {"host": "a..b"}, {"port": 0}, {"host": "no-host.invalid"}]
)
async def test_an_address_that_cannot_be_is_said(change: dict[str, str | int]) -> None:
    wrong = section(1883).model_copy(update=change)
    with pytest.raises(ServiceError, match=r"cannot be reached \(.*\); start it, or correct"):
        await MqttSink(wrong, PERSON).check()


async def test_no_broker_is_said_with_what_to_do() -> None:
    port = free_port()
    sink = MqttSink(section(port), PERSON, backoff=SOON, grace_s=0.1)
    async with running(sink, None):
        await until(lambda: sink.status.state is SinkState.RETRYING, "it is noticed")
        assert sink.status.text == (
            f"retrying: the MQTT broker at {LOOPBACK}:{port} cannot be reached (connection "
            "refused); start it, or correct mqtt.host and mqtt.port"
        )


def section(port: int) -> MqttSection:
    return MqttSection(host=LOOPBACK, port=port)


def times(received: list[tuple[str, bytes]], name: str) -> list[float]:
    return [
        msgspec.json.decode(payload)["t_s"]
        for topic, payload in received
        if topic.endswith(f"/live/{name}")
    ]


def seqs(received: list[tuple[str, bytes]]) -> list[int]:
    return [msgspec.json.decode(payload)["seq"] for _, payload in received]


def states(received: list[tuple[str, bytes]]) -> list[str]:
    return [msgspec.json.decode(payload)["state"] for _, payload in received]


def drop_connection(sink: MqttSink) -> bool:
    """Shut the socket under the client, as a network that goes away would; False where none is."""
    connection: Any = sink._client._client.socket() if sink._client else None
    if connection is None:
        return False
    connection.shutdown(socket.SHUT_RDWR)
    return True


async def connected(sink: MqttSink) -> None:
    await until(lambda: sink.status.state is SinkState.CONNECTED, "the sink is connected")


@asynccontextmanager
async def running(sink: MqttSink, path: Path | None) -> AsyncIterator[MqttSink]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(sink.run(path, stop))
        try:
            yield sink
        finally:
            stop.set()
