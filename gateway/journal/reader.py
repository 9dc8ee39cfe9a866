"""Read a session, finished, interrupted or still being written."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from gateway.drivers import FASTEST_HZ, SLOWEST_HZ
from gateway.errors import JournalError
from gateway.journal.schema import (
    APPLICATION_ID,
    DAMAGED,
    FORMAT,
    TRUTH,
    SessionInfo,
    connect,
    explained,
)
from gateway.messages import PSEUDONYM, message
from gateway.wire import KINDS, Recorded, decode

_SQLITE_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_BATCH = 1000
LONGEST_NS = 366 * 86_400 * 1_000_000_000
"""No session lasts a year: an entry beyond is damaged."""


@message
class Entry:
    """One entry: its number, its time since the origin, and a message as ``gateway.wire`` has it.

    A ``kind`` that begins with ``truth:`` is what a simulator knows.
    """

    seq: int
    t_ns: int
    kind: str
    body: bytes

    @property
    def message(self) -> Recorded:
        """The message; raises JournalError where the entry is damaged."""
        return decode(self.kind.removeprefix(TRUTH), self.body)


class JournalReader:
    """A session, read-only; every call sees what was committed before it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        meta = {key: msgspec.json.decode(value) for key, value in self._rows("SELECT * FROM meta")}
        self.closed = meta.pop("closed", False) is True
        ended_ns = meta.pop("ended_ns", None)
        self._ended_ns = ended_ns if isinstance(ended_ns, int) else None
        self.info = msgspec.convert(meta, SessionInfo)

    @property
    def last_seq(self) -> int:
        """Number of the newest entry; 0 before the first."""
        rows = self._rows("SELECT coalesce(max(seq), 0) FROM entry")
        return int(rows[0][0])

    def entries(self, after: int, limit: int, kinds: Collection[str] | None = None) -> list[Entry]:
        """Return at most ``limit`` entries numbered above ``after``, in order."""
        chosen = "" if kinds is None else f"AND kind IN ({', '.join('?' * len(kinds))})"
        query = (
            "SELECT seq, t_ns, kind, body FROM entry "  # noqa: S608, only question marks go in
            f"WHERE seq > ? {chosen} ORDER BY seq LIMIT ?"
        )
        return [self._entry(row) for row in self._rows(query, after, *(kinds or ()), limit)]

    def messages(self, kinds: Collection[str]) -> Iterator[Recorded]:
        """Yield every message of these kinds, in order; raises JournalError at a damaged one."""
        after = 0
        while found := self.entries(after, _BATCH, kinds):
            for entry in found:
                yield self._message(entry)
            after = found[-1].seq

    def truth(self) -> Iterator[Recorded]:
        """Yield what the simulator knew, in order; nothing for a real session."""
        yield from self.messages([kind for kind in self.counts() if kind.startswith(TRUTH)])

    def counts(self) -> dict[str, int]:
        """Return the number of entries of each kind."""
        return dict(
            self._rows("SELECT kind, count(*) FROM entry WHERE typeof(kind) = 'text' GROUP BY kind")
        )

    @property
    def end_ns(self) -> int:
        """How far time went on since the origin; else the latest entry, 0 before the first."""
        if self._ended_ns is not None:
            return self._ended_ns
        query = "SELECT coalesce(max(t_ns), 0) FROM entry WHERE typeof(t_ns) = 'integer'"
        return int(self._rows(query)[0][0])

    def check(self) -> None:
        """Raise JournalError where times or kinds of entries are none that a session can have."""
        known = {*KINDS, *(TRUTH + kind for kind in KINDS)}
        strange = self.counts().keys() - known
        if strange:
            raise JournalError(f"{self.path}: {DAMAGED}: entries of unknown kind {min(strange)!r}")
        if not 0 <= self.end_ns < LONGEST_NS:
            raise JournalError(f"{self.path}: {DAMAGED}: entries at impossible times")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        entry = Entry(*row)
        # SQLite lets any type stand in any column, so damage may change one.
        if type(entry.t_ns) is int and type(entry.kind) is str and type(entry.body) is bytes:
            return entry
        raise JournalError(f"{self.path}: entry {entry.seq}: {DAMAGED}")

    def _message(self, entry: Entry) -> Recorded:
        try:
            return entry.message
        except JournalError as error:
            raise JournalError(f"{self.path}: entry {entry.seq} is {error}") from error

    def _rows(self, query: str, *arguments: Any) -> list[Any]:
        with explained(self.path, "read the session"):
            return self._connection.execute(query, arguments).fetchall()


_GRIDS_HZ = (1.0, 10_000.0)
"""No session has another grid; memory grows with it, and with its interval the time to the end."""
_WALL_NS = (0, datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1e9)


def open_journal(path: Path) -> JournalReader:
    """Open a session to read; raises JournalError saying what the file is instead."""
    check_header(path)
    with explained(path, "open the session"):
        connection = connect(path, "ro")
    try:
        reader = JournalReader(path, connection)
    except (msgspec.MsgspecError, TypeError) as error:
        connection.close()
        raise JournalError(f"{path}: the session's description is damaged: {error}") from error
    except JournalError:
        connection.close()
        raise
    if damage := _damage(reader.info):
        reader.close()
        raise JournalError(f"{path}: the session's description is damaged: {damage}")
    return reader


def _damage(info: SessionInfo) -> str:
    """Return what no session says of itself; empty where there is nothing of that kind."""
    if not _GRIDS_HZ[0] <= info.grid_rate_hz <= _GRIDS_HZ[1]:
        return f"a grid of {info.grid_rate_hz:g} Hz"
    if not _WALL_NS[0] <= info.wall_origin_ns <= _WALL_NS[1]:
        return "it began at a time that no calendar has"
    if not re.fullmatch(PSEUDONYM, info.person):
        return f"a person called {info.person!r}"
    for spec in info.sensors:
        if not SLOWEST_HZ <= spec.rate_hz <= FASTEST_HZ:
            return f"a sensor of {spec.rate_hz:g} Hz"
    return ""


def check_header(path: Path) -> None:
    """Raise JournalError unless the file begins as a session of this format does."""
    with explained(path, "open the session"), path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header:
        raise JournalError(f"{path}: the file is empty; nothing was recorded in it")
    if not header.startswith(_SQLITE_MAGIC):
        raise JournalError(f"{path}: not a session file of gaitwire")
    if len(header) < _HEADER_BYTES:
        raise JournalError(f"{path}: the file is truncated; nothing in it can be read")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise JournalError(f"{path}: an SQLite file, but not a session of gaitwire")
    version = int.from_bytes(header[60:64], "big")
    if version != FORMAT:
        raise JournalError(
            f"{path}: a session of format {version}, but this gaitwire reads format {FORMAT}; "
            "use the version that wrote it"
        )
