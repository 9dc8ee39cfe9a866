"""Every sink in the folder of its own: found, described, switched off until it is asked for."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gateway.sinks.plugins
from gateway.config.settings import Config
from gateway.journal import SUFFIX, Entry
from gateway.retry import Backoff
from gateway.sinks.delivery import keep_delivering
from gateway.sinks.documents import RECORD_TOPICS
from gateway.sinks.follower import unfinished
from gateway.sinks.plugins import Sink, sinks
from gateway.sinks.plugins.json_lines import JsonLines, JsonLinesSection
from gateway.sinks.status import SinkState, SinkStatus
from gateway.wire import KINDS, encode
from tests.gateway.made_sessions import Session, second_of_records, session_info
from tests.services.wait import until

SOON = Backoff(first_s=0.02, most_s=0.1)
RECORDS_A_SECOND = 10
every_sink = pytest.mark.parametrize("sink", sinks().values(), ids=lambda s: s.name)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def test_every_file_of_the_folder_is_a_sink_by_its_name() -> None:
    files = {path.stem for path in Path(*gateway.sinks.plugins.__path__).glob("[a-z]*.py")}
    assert files == set(sinks())


@every_sink
def test_a_sink_is_off_until_its_table_says_otherwise(sink: Sink) -> None:
    assert sink not in [found for found, _ in Config().enabled_sinks()]
    chosen = Config(sinks={sink.name: {"enabled": True}})  # type: ignore[arg-type]  # as in a file
    assert [found for found, _ in chosen.enabled_sinks()] == [sink]


@every_sink
def test_every_key_is_described(sink: Sink) -> None:
    assert sink.settings.__doc__
    assert all(field.description for field in sink.settings.model_fields.values())


@every_sink
def test_a_sink_takes_every_entry_that_it_wants(sink: Sink) -> None:
    made = sink.make(sink.settings())
    assert made.reader == sink.name
    assert set(made.kinds) <= set(KINDS)
    assert made.page > 0
    assert made.rate_per_s > 0
    for seq, message in enumerate(second_of_records(3, np.random.default_rng(4)), start=1):
        kind, body = encode(message)  # type: ignore[arg-type]  # all of them are recorded
        if kind in made.kinds:
            assert made.convert(Entry(seq, 0, kind, body), session_info())


async def test_every_record_becomes_one_line(session: Session, tmp_path: Path) -> None:
    session.record(3)
    async with delivering(json_lines(tmp_path / "new"), session) as status:
        await until(
            lambda: len(lines(tmp_path / "new")) == 3 * RECORDS_A_SECOND,
            "what there was is written",
        )
        session.record(2)
        session.close()
    assert status.text == "stopped; everything is delivered"
    written = lines(tmp_path / "new")
    assert [line["seq"] for line in written] == list(range(1, 5 * RECORDS_A_SECOND + 1))
    assert {line["kind"] for line in written} == RECORD_TOPICS.keys() - {"calibration"}
    assert {(line["session"], line["person"]) for line in written} == {("s-01", "p-07")}
    stride = next(line["data"] for line in written if line["kind"] == "stride")
    assert stride["cadence_spm"] == 120.0


async def test_a_sink_that_fails_is_tried_again_and_misses_nothing(
    session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "taken"
    folder.write_text("a file stands where the folder should be", encoding="utf-8")
    session.record(2)
    async with delivering(json_lines(folder), session) as status:
        await until(lambda: status.state is SinkState.RETRYING, "the failure is noticed")
        assert "correct sinks.json_lines.folder" in status.text
        folder.unlink()
        await until(lambda: status.state is SinkState.CONNECTED, "it delivers")
        session.close()
    assert len(lines(folder)) == 2 * RECORDS_A_SECOND


async def test_what_is_left_is_delivered_at_the_next_start(
    session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "taken"
    folder.touch()
    session.record(1)
    session.close()
    sink = json_lines(folder)
    async with delivering(sink, session, grace_s=0.1) as status:
        await until(lambda: status.state is SinkState.RETRYING, "the failure is noticed")
    assert status.text == f"stopped; {RECORDS_A_SECOND} entries are left to the next start"
    folder.unlink()
    later = Session(tmp_path, "s-02")
    later.close()
    older = unfinished(tmp_path, sink, later.path)
    assert older == [session.path]
    async with delivering(sink, later, older):
        await until(
            lambda: len(lines(folder)) == RECORDS_A_SECOND, "the older session is delivered"
        )


async def test_a_line_that_a_crash_left_torn_is_written_anew(
    session: Session, tmp_path: Path
) -> None:
    session.record(1)
    session.close()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "s-01.jsonl").write_bytes(b'{"kind":"event","seq":0}\n{"kind":"str')
    async with delivering(json_lines(tmp_path / "new"), session):
        pass
    assert [line["seq"] for line in lines(tmp_path / "new")] == list(range(RECORDS_A_SECOND + 1))


async def test_older_sessions_that_cannot_be_read_hold_nothing_up(
    session: Session, tmp_path: Path
) -> None:
    session.record(1)
    session.close()
    with sqlite3.connect(session.path) as database:
        database.execute("UPDATE entry SET body = 'text' WHERE seq = 5")
    database.close()
    later = Session(tmp_path, "s-02")
    later.record(1)
    sink = json_lines(tmp_path / "new")
    async with delivering(sink, later, [session.path, tmp_path / f"gone{SUFFIX}"]) as status:
        await until((tmp_path / "new" / "s-02.jsonl").exists, "the session is delivered")
        await asyncio.sleep(0.5)
        assert status.state is SinkState.CONNECTED
        later.close()
    assert status.text == "stopped; everything is delivered"


def json_lines(folder: Path) -> JsonLines:
    return JsonLines(JsonLinesSection(folder=folder))


def lines(folder: Path) -> list[Any]:
    """The lines of the first session in ``folder``."""
    path = folder / "s-01.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@asynccontextmanager
async def delivering(
    sink: JsonLines, session: Session, older: list[Path] | None = None, grace_s: float = 5.0
) -> AsyncIterator[SinkStatus]:
    stop, status = asyncio.Event(), SinkStatus("json_lines")
    async with asyncio.TaskGroup() as group:
        group.create_task(
            keep_delivering(sink, status, session.path, stop, older or [], SOON, grace_s)
        )
        try:
            yield status
        finally:
            stop.set()
