"""Follow sessions in their journals, by cursor: complete, in order, at a bounded rate.

A sink that must be complete never sees the pipe. It reads what the journal has committed, and its
cursor moves only once the service has said that it has it; so an outage or a crash costs a
repetition of the last page at most, never a hole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from gateway.errors import JournalError
from gateway.journal import SUFFIX, Cursor, Entry, SessionInfo, open_journal
from gateway.retry import Healthy
from gateway.tasks import in_thread, one_error, wait_for

T = TypeVar("T")
POLL_S = 0.2


class RecordSink(Protocol[T]):
    """Where records go.

    ``reader`` names its cursor, ``kinds`` the entries it wants, ``page`` how many at once,
    ``rate_per_s`` how many items a second it is given at most.
    """

    reader: str
    kinds: Sequence[str]
    page: int
    rate_per_s: float

    def convert(self, entry: Entry, info: SessionInfo) -> list[T]:
        """Make the items of one entry; runs in a thread; raises JournalError if damaged."""

    async def deliver(self, items: Sequence[T]) -> None:
        """Return once the service has all of ``items``; raises ServiceError."""


@dataclass(frozen=True)
class _Page(Generic[T]):
    items: list[T]
    last_seq: int
    damaged: int


class _Session(Generic[T]):
    """One session and the sink's cursor in it."""

    def __init__(self, path: Path, sink: RecordSink[T], stack: ExitStack) -> None:
        self._path = path
        self._sink = sink
        self._journal = stack.enter_context(open_journal(path))
        self._cursor = stack.enter_context(Cursor(path, sink.reader))
        self._position = self._cursor.position
        self._ahead: _Page[T] | None = None

    async def step(self) -> int:
        """Deliver one page and move the cursor; returns its number of items, -1 for no page.

        The next page is read and converted while the service takes this one.
        """
        page = self._ahead or await in_thread(self._page_after, self._position)
        if page is None:
            return -1
        with one_error():
            async with asyncio.TaskGroup() as group:
                ahead = group.create_task(in_thread(self._page_after, page.last_seq))
                await self._deliver(page)
        self._ahead = ahead.result()
        return len(page.items)

    async def _deliver(self, page: _Page[T]) -> None:
        if page.items:
            await self._sink.deliver(page.items)
        await in_thread(self._cursor.advance, page.last_seq)
        self._position = page.last_seq
        if page.damaged:
            log = structlog.get_logger()
            log.warning("damaged entries were left out", session=str(self._path), n=page.damaged)

    def _page_after(self, position: int) -> _Page[T] | None:
        entries = self._journal.entries(position, self._sink.page, self._sink.kinds)
        if not entries:
            return None
        items: list[T] = []
        damaged = 0
        for entry in entries:
            try:
                items += self._sink.convert(entry, self._journal.info)
            except JournalError:
                damaged += 1
        return _Page(items, entries[-1].seq, damaged)


def begin(path: Path, sink: RecordSink[T]) -> None:
    """Leave the sink's cursor in a session before anything is delivered, for ``unfinished``."""
    with Cursor(path, sink.reader) as cursor:
        if not cursor.begun:
            cursor.advance(0)


async def follow(
    path: Path,
    sink: RecordSink[T],
    stop: asyncio.Event,
    older: Sequence[Path] = (),
    healthy: Healthy = lambda: None,
) -> None:
    """Deliver the session at ``path`` as it grows, and in the pauses what ``older`` ones lack.

    Once ``stop`` is set, which must be after the session's last commit, returns when the session
    is delivered to its end. ``healthy`` is called after each page that the service took. Raises
    ServiceError, and JournalError about the session at ``path``; called again, it goes on. An older
    session that cannot be read is left to the next start, with a warning.
    """
    with ExitStack() as stack:
        session = _Session(path, sink, stack)
        others = _opened(older, sink, stack)
        while True:
            stopping = stop.is_set()
            began = time.monotonic()
            delivered = await session.step()
            if delivered < 0 and stopping:
                return
            if delivered < 0 and others:
                delivered = await _step_of_first(others)
            elif delivered < 0:
                await wait_for(stop, POLL_S)
            if delivered > 0:
                healthy()
            await asyncio.sleep(began + delivered / sink.rate_per_s - time.monotonic())


def _opened(paths: Sequence[Path], sink: RecordSink[T], stack: ExitStack) -> list[_Session[T]]:
    sessions: list[_Session[T]] = []
    for path in paths:
        try:
            sessions.append(_Session(path, sink, stack))
        except JournalError as error:
            _left_out(error)
    return sessions


def _left_out(error: JournalError) -> None:
    structlog.get_logger().warning("session is left to the next start", why=str(error))


async def _step_of_first(sessions: list[_Session[T]]) -> int:
    """Deliver a page of the first session; one that has no more is taken off the list."""
    try:
        delivered = await sessions[0].step()
    except JournalError as error:
        _left_out(error)
        delivered = -1
    if delivered < 0:
        sessions.pop(0)
    return delivered


def unfinished(folder: Path, sink: RecordSink[T], current: Path) -> list[Path]:
    """Return the sessions in ``folder`` that the sink once began and has not delivered to the end.

    Sessions from before the sink was switched on are not begun now. A file that cannot be read
    is left out, with a warning.
    """
    found: list[Path] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            if path != current and _lacks(path, sink):
                found.append(path)
        except JournalError as error:
            structlog.get_logger().warning("session is not looked at", why=str(error))
    return found


async def leftover(path: Path, sink: RecordSink[T]) -> str:
    """Return in words what of a session the sink leaves to the next start."""
    try:
        return f"{await in_thread(undelivered, path, sink)} entries are left to the next start"
    except JournalError as error:
        return str(error)


def undelivered(path: Path, sink: RecordSink[T]) -> int:
    """Return how many entries of a session the sink has yet to deliver; raises JournalError."""
    with open_journal(path) as journal, Cursor(path, sink.reader) as cursor:
        kinds = sink.kinds
        position, left = cursor.position, 0
        while entries := journal.entries(position, 1000, kinds):
            position, left = entries[-1].seq, left + len(entries)
        return left


def _lacks(path: Path, sink: RecordSink[T]) -> bool:
    with open_journal(path) as journal, Cursor(path, sink.reader) as cursor:
        return cursor.begun and bool(journal.entries(cursor.position, 1, sink.kinds))
