"""How far a reader of the journal has come, kept in the session file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from gateway.journal.schema import connect, explained

_ADVANCE = (
    "INSERT INTO cursor (reader, seq) VALUES (?, ?) "
    "ON CONFLICT (reader) DO UPDATE SET seq = excluded.seq"
)


class Cursor:
    """The place of the reader called ``reader``: everything up to ``position`` is done.

    It may fall back by a few entries in a power cut, so what is done with an entry must bear
    being done twice.
    """

    def __init__(self, path: Path, reader: str) -> None:
        self._path = path
        self._reader = reader
        with explained(path, "open the session"):
            self._connection = connect(path, "rw")
            # The entries are what must last; a cursor costs no wait for the disk.
            self._connection.execute("PRAGMA synchronous = NORMAL")

    @property
    def position(self) -> int:
        """Number of the last entry that is done; 0 at first."""
        return self._row() or 0

    @property
    def begun(self) -> bool:
        """Whether the reader was here before, even if only to ``advance`` to 0."""
        return self._row() is not None

    def advance(self, seq: int) -> None:
        """Remember that everything up to ``seq`` is done; raises JournalError."""
        with explained(self._path, "move the cursor"):
            self._connection.execute(_ADVANCE, (self._reader, seq))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _row(self) -> int | None:
        with explained(self._path, "read the cursor"):
            query = "SELECT seq FROM cursor WHERE reader = ?"
            row = self._connection.execute(query, (self._reader,)).fetchone()
        return None if row is None else int(row[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
