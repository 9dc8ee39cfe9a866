"""The InfluxDB sink against a real server: complete, no duplicate, and clear about refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.config.settings import InfluxSection
from gateway.errors import ServiceError
from gateway.retry import Backoff
from gateway.sinks.follower import unfinished
from gateway.sinks.influx import InfluxSink
from gateway.sinks.status import SinkState
from tests.gateway.made_sessions import Session
from tests.services.influx import Database, Influx
from tests.services.server import LOOPBACK, free_port
from tests.services.wait import until

SOON = Backoff(first_s=0.05, most_s=0.2)
LINES_A_SECOND = 232
FIELDS = {
    "joint_angle": "left_knee_deg",
    "body_angle": "trunk_forward_tilt_deg",
    "estimate": "speed_m_s",
    "gait_event": "delay_ms",
    "stride": "cadence_spm",
    "repetition": "count",
    "figure": "value",
    "cue": "text",
    "sensor": "loss",
    "marker": "text",
}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


async def test_every_record_arrives_once(database: Database, session: Session) -> None:
    session.record(3)
    async with running(InfluxSink(database.section, SOON), session.path) as sink:
        await until(lambda: sink.written == 3 * LINES_A_SECOND, "the first seconds are written")
        session.record(2)
        session.close()
    assert sink.written == 5 * LINES_A_SECOND
    assert sink.refused == 0
    assert counts(database) == expected(5)


async def test_values_read_back_as_they_were(database: Database, session: Session) -> None:
    session.record(1)
    session.close()
    await deliver(InfluxSink(database.section, SOON), session.path)
    query = f'from(bucket: "{database.bucket}") |> range(start: -1h) |> filter(fn: (r) => '
    marker = database.influx.query(query + 'r._measurement == "marker")')[0]
    assert marker["_value"] == 'second 0, "quoted"'
    assert (marker["person"], marker["session"], marker["kind"]) == ("p-07", "s-01", "note")
    repetition = {
        row["_field"]: row["_value"]
        for row in database.influx.query(
            query + 'r._measurement == "repetition") |> keep(columns: ["_field", "_value"])'
        )
    }
    assert repetition["target_reached"] == "true"
    assert repetition["count"] == "1"
    assert float(repetition["rom_deg"]) == pytest.approx(91.673, abs=1e-3)
    assert database.count("joint_angle", "right_ankle_deg") == 0
    assert database.count("sensor", "battery") == 0


async def test_catches_up_after_an_outage_without_duplicate_or_hole(
    influx: Influx, session: Session
) -> None:
    database = Database(influx, influx.create_bucket())
    session.record(2)
    async with running(InfluxSink(database.section, SOON), session.path) as sink:
        await until(lambda: sink.written > 0, "writing has begun")
        influx.server.kill()
        try:
            session.record(30)
            await until(lambda: sink.status.state is SinkState.RETRYING, "the outage is noticed")
            assert f"does not answer at {influx.url}" in sink.status.text
        finally:
            influx.server.start()
        await until(lambda: sink.status.state is SinkState.CONNECTED, "it is back")
        session.record(3)
        session.close()
    assert counts(database) == expected(35)


async def test_goes_on_from_its_cursor_in_the_next_process(
    database: Database, session: Session, tmp_path: Path
) -> None:
    session.record(2)
    await deliver(InfluxSink(database.section, SOON), session.path)
    session.record(2)
    session.close()
    later = Session(tmp_path, "s-02")
    later.record(1)
    later.close()
    sink = InfluxSink(database.section, SOON)
    older = unfinished(tmp_path, sink, later.path)
    assert older == [session.path]
    async with running(sink, later.path, older):
        await until(lambda: sink.written == 3 * LINES_A_SECOND, "both sessions are delivered")
    assert counts(database) == expected(5)
    assert unfinished(tmp_path, sink, later.path) == []


async def test_a_session_begun_in_an_outage_is_delivered_later(
    database: Database, session: Session, tmp_path: Path
) -> None:
    session.record(1)
    session.close()
    nowhere = InfluxSection(enabled=True, url=f"http://{LOOPBACK}:{free_port()}")
    blind = InfluxSink(nowhere, SOON, grace_s=0.1)
    async with running(blind, session.path):
        await until(lambda: blind.status.state is SinkState.RETRYING, "it notices")
    other = Session(tmp_path, "other")
    sink = InfluxSink(database.section, SOON)
    assert unfinished(tmp_path, sink, other.path) == [session.path]
    other.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"token": SecretStr("wrong")}, "refuses the token .* set influxdb.token"),
        ({"bucket": "missing"}, 'bucket "missing" not found; create it, or correct'),
        ({"org": "nobody"}, 'organization name "nobody" not found; create it, or correct'),
        ({"token": SecretStr("line\nbreak")}, "influxdb.token as InfluxDB shows it"),
        ({"url": "localhost:8086"}, "cannot be asked at 'localhost:8086'; influxdb.url must be an"),
        (
            {"url": "http://127.0.0.1:9"},
            "does not answer at http://127.0.0.1:9 \\(connection refused\\); start it or",
        ),
    ],
)
async def test_says_what_is_wrong_and_loses_nothing(
    database: Database, session: Session, change: dict[str, str], sentence: str
) -> None:
    session.record(1)
    wrong = database.section.model_copy(update=change)
    with pytest.raises(ServiceError, match=sentence):
        await InfluxSink(wrong).check()
    async with running(InfluxSink(wrong, SOON, grace_s=0.1), session.path) as sink:
        await until(lambda: sink.status.state is SinkState.RETRYING, "the refusal is noticed")
        assert_matches(sentence, sink.status.text)
        session.close()
    assert "are left to the next start" in sink.status.text
    await deliver(InfluxSink(database.section, SOON), session.path)
    assert counts(database) == expected(1)


async def test_points_outside_the_retention_are_counted_and_the_rest_is_kept(
    influx: Influx, tmp_path: Path
) -> None:
    database = Database(influx, influx.create_bucket(retention_s=3600))
    old = Session(tmp_path)
    old.record(1)
    sink = InfluxSink(database.section, SOON)
    now, long_ago = old.info.wall_origin_ns, old.info.wall_origin_ns - 7_200_000_000_000
    async with sink.connected():
        await sink.deliver([f'marker text="new" {now}', f'marker text="old" {long_ago}'])
    old.close()
    assert (sink.written, sink.refused) == (1, 1)
    assert database.count("marker", "text") == 1


async def test_a_check_of_a_good_configuration_passes_and_writes_nothing(
    database: Database,
) -> None:
    sink = InfluxSink(database.section)
    assert database.bucket in await sink.check()
    assert sink.written == 0
    assert counts(database) == expected(0)


async def test_one_unreadable_line_does_not_take_its_batch_along(database: Database) -> None:
    sink = InfluxSink(database.section, SOON)
    lines = [f'marker,kind=note text="{n}" {1_700_000_000_000_000_000 + n}' for n in range(40)]
    lines[17] = "no line at all"
    async with sink.connected():
        await sink.deliver(lines)
    assert (sink.written, sink.refused) == (39, 1)
    assert database.count("marker", "text") == 39


def counts(database: Database) -> dict[str, int]:
    return {name: database.count(name, field) for name, field in FIELDS.items()}


def expected(seconds: int) -> dict[str, int]:
    a_second = {"joint_angle": 100, "estimate": 100, "body_angle": 25}
    return {name: seconds * a_second.get(name, 1) for name in FIELDS}


def assert_matches(pattern: str, text: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(text)


@asynccontextmanager
async def running(
    sink: InfluxSink, path: Path, older: list[Path] | None = None
) -> AsyncIterator[InfluxSink]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(sink.run(path, stop, older or []))
        try:
            yield sink
        finally:
            stop.set()


async def deliver(sink: InfluxSink, path: Path) -> None:
    async with running(sink, path):
        pass
