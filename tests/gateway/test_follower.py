"""Following a journal by cursor: complete, in order, bounded, and past what is damaged."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.errors import JournalError, ServiceError
from gateway.journal import Cursor, Entry, SessionInfo
from gateway.sinks.follower import begin, follow, undelivered, unfinished
from tests.gateway.made_sessions import Session
from tests.services.wait import until

ENTRIES_A_SECOND = 7


class Shelf:
    """A sink that keeps what it is given; ``refusals`` deliveries fail, some after taking half."""

    reader = "shelf"
    kinds: Sequence[str] = (
        "gait_event",
        "stride",
        "repetition",
        "cue",
        "marker",
        "sensor_status",
        "joint_angles",
    )
    page = 5
    rate_per_s = 1e9

    def __init__(self, refusals: int = 0, seed: int = 0) -> None:
        self.kept: list[tuple[str, int]] = []
        self.pages: list[int] = []
        self._refusals = refusals
        self._rng = random.Random(seed)

    def convert(self, entry: Entry, info: SessionInfo) -> list[tuple[str, int]]:
        assert entry.message is not None
        return [(info.session, entry.seq)]

    async def deliver(self, items: Sequence[tuple[str, int]]) -> None:
        self.pages.append(len(items))
        if self._refusals and self._rng.random() < 0.5:
            self._refusals -= 1
            self.kept += items[: len(items) // 2]
            raise ServiceError("full")
        self.kept += items


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


async def test_delivers_all_entries_in_order_in_pages(session: Session) -> None:
    session.record(10)
    session.close()
    shelf = Shelf()
    await follow(session.path, shelf, stopped())
    assert [seq for _, seq in shelf.kept] == sorted({seq for _, seq in shelf.kept})
    assert len(shelf.kept) == 10 * ENTRIES_A_SECOND
    assert max(shelf.pages) == shelf.page
    assert undelivered(session.path, shelf) == 0


async def test_follows_a_session_that_grows(session: Session) -> None:
    shelf, stop = Shelf(), asyncio.Event()
    session.record(1)
    task = asyncio.create_task(follow(session.path, shelf, stop))
    for seconds in (1, 2, 3):
        await until(lambda n=seconds: len(shelf.kept) == n * ENTRIES_A_SECOND, "kept")  # type: ignore[misc] # a bound default
        session.record(1)
    session.close()
    stop.set()
    await task
    assert len(shelf.kept) == 4 * ENTRIES_A_SECOND


@pytest.mark.parametrize("seed", range(5))
async def test_failures_cost_repetitions_but_never_a_hole(session: Session, seed: int) -> None:
    session.record(20)
    session.close()
    shelf = Shelf(refusals=8, seed=seed)
    for _ in range(9):
        try:
            await follow(session.path, shelf, stopped())
        except ServiceError:
            continue
    first_seen = list(dict.fromkeys(shelf.kept))
    assert first_seen == sorted(first_seen)
    assert len(first_seen) == 20 * ENTRIES_A_SECOND
    assert len(shelf.kept) <= len(first_seen) + 8 * shelf.page


async def test_older_sessions_come_in_the_pauses(session: Session, tmp_path: Path) -> None:
    older = [Session(tmp_path, name) for name in ("s-00a", "s-00b")]
    for each in older:
        each.record(2)
        each.close()
    session.record(1)
    shelf, stop = Shelf(), asyncio.Event()
    task = asyncio.create_task(follow(session.path, shelf, stop, [each.path for each in older]))
    await until(lambda: len(shelf.kept) == 5 * ENTRIES_A_SECOND, "all three are kept")
    session.close()
    stop.set()
    await task
    assert list(dict.fromkeys(name for name, _ in shelf.kept)) == ["s-01", "s-00a", "s-00b"]


async def test_the_rate_is_bounded(session: Session) -> None:
    session.record(10)
    session.close()
    shelf = Shelf()
    shelf.rate_per_s = 200.0
    began = time.monotonic()
    await follow(session.path, shelf, stopped())
    assert time.monotonic() - began >= 10 * ENTRIES_A_SECOND / 200.0 * 0.9


async def test_a_damaged_entry_is_left_out_and_the_rest_delivered(session: Session) -> None:
    session.record(2)
    session.close()
    with sqlite3.connect(session.path) as connection:
        connection.execute("UPDATE entry SET body = x'00' WHERE kind = 'cue' AND seq < 10")
    connection.close()
    shelf = Shelf()
    await follow(session.path, shelf, stopped())
    assert len(shelf.kept) == 2 * ENTRIES_A_SECOND - 1


async def test_only_sessions_that_were_begun_are_unfinished(
    session: Session, tmp_path: Path
) -> None:
    begun, never, done = (Session(tmp_path, name) for name in ("begun", "never", "done"))
    for each in (begun, never, done):
        each.record(1)
        each.close()
    shelf = Shelf()
    begin(begun.path, shelf)
    await follow(done.path, shelf, stopped())
    begin(done.path, shelf)
    (tmp_path / "broken.gaitwire").write_bytes(b"no session")
    assert unfinished(tmp_path, shelf, session.path) == [begun.path]
    assert undelivered(begun.path, shelf) == ENTRIES_A_SECOND
    with Cursor(done.path, shelf.reader) as cursor:
        assert cursor.position > 0
    session.close()


async def test_a_session_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"missing\.gaitwire"):
        await follow(tmp_path / "missing.gaitwire", Shelf(), stopped())


def stopped() -> asyncio.Event:
    """Return a stop that is set already: deliver what is there and return."""
    stop = asyncio.Event()
    stop.set()
    return stop
