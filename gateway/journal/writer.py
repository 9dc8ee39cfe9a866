"""Write a session: append is cheap, commit makes everything so far last."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections import deque
from pathlib import Path
from typing import Self

import msgspec

from gateway.errors import JournalError
from gateway.journal.schema import SCHEMA, TRUTH, SessionInfo, connect, explained
from gateway.wire import Recorded, encode

_Row = tuple[int, int, str, bytes]
_INSERT = "INSERT INTO entry (seq, t_ns, kind, body) VALUES "
_ROWS_AT_ONCE = 500
"""So many entries go in by one statement: the interpreter is free for others meanwhile."""
_FOLD_EVERY_PAGES = 256
"""So long may the write-ahead log become (4 MiB), so that little is left to fold at the end."""


class Journal:
    """The session being written; the only writer of its entries.

    ``append`` and ``commit`` may be called from two threads, but neither from two at once: an
    event loop appends and leaves the commit, which waits for the disk, to a worker.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.last_seq = 0
        self._connection = connection
        # A deque, because its ends may be used from two threads without losing an entry.
        self._pending: deque[_Row] = deque()

    @classmethod
    def create(cls, path: Path, info: SessionInfo) -> Self:
        """Create the session file, readable by its owner only; raises JournalError."""
        with explained(path.parent, "make the folder of sessions"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with explained(path, "create the session file"):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with explained(path, "create the session file"):
                return cls(path, _prepared(path, info))
        except JournalError:
            path.unlink()
            raise

    def append(self, message: Recorded, t_ns: int, *, truth: bool = False) -> int:
        """Keep ``message`` for the next commit, at ``t_ns`` since the origin; return its number."""
        kind, body = encode(message)
        self.last_seq += 1
        self._pending.append((self.last_seq, t_ns, TRUTH + kind if truth else kind, body))
        return self.last_seq

    def commit(self) -> None:
        """Write everything appended so far, to survive a crash and a power cut.

        Raises JournalError, above all when the disk is full; nothing is then lost of what was
        committed before, and what was not is kept for another try.
        """
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        if not batch:
            return
        try:
            with explained(self.path, "record"):
                self._write(batch)
        except JournalError:
            self._pending.extendleft(reversed(batch))
            raise

    def close(self, ended_ns: int | None = None) -> None:
        """Commit, mark the session as complete and leave one file; raises JournalError.

        ``ended_ns`` is how far time had gone on since the origin, if that is known.
        """
        try:
            self.commit()
            with explained(self.path, "close the session"):
                self._connection.execute("INSERT INTO meta VALUES ('closed', 'true')")
                if ended_ns is not None:
                    self._connection.execute("INSERT INTO meta VALUES ('ended_ns', ?)", [ended_ns])
                self._fold()
        finally:
            self._connection.close()

    def discard(self) -> None:
        """Close and remove the session; raises JournalError."""
        self._connection.close()
        with explained(self.path, "remove the session file"):
            for end in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    def _write(self, batch: list[_Row]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for first in range(0, len(batch), _ROWS_AT_ONCE):
                rows = batch[first : first + _ROWS_AT_ONCE]
                places = ", ".join(["(?, ?, ?, ?)"] * len(rows))
                values = list(itertools.chain.from_iterable(rows))
                self._connection.execute(_INSERT + places, values)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _fold(self) -> None:
        """Bring the write-ahead log home; whoever still reads keeps it, and that does no harm."""
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            self._connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise


def _prepared(path: Path, info: SessionInfo) -> sqlite3.Connection:
    connection = connect(path, "rw")
    rows = [
        (key, msgspec.json.encode(value).decode())
        for key, value in msgspec.to_builtins(info).items()
    ]
    # A file that is not whole is not used, so the disk is waited for once, at the end.
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(SCHEMA)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    # One sync a commit: a power cut, too, costs no more than what was not committed.
    connection.execute("PRAGMA synchronous = FULL")
    # Only now, so that the main file alone says what it is from the first moment.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_FOLD_EVERY_PAGES}")
    return connection
