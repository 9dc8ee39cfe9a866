"""What a session file looks like inside, and SQLite's failures as sentences."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.errors import JournalError
from gateway.messages import SensorSpec, message

SUFFIX = ".gaitwire"
FORMAT = 1
APPLICATION_ID = int.from_bytes(b"GAIT", "big")
TRUTH = "truth:"
"""Prefix of the kind of an entry that a simulator knows and no sensor told."""

BUSY_TIMEOUT_MS = 5_000
DAMAGED = "the file is truncated or damaged"

# Leaves its transaction open, for what is written into the tables first.
# Pages of 16 KiB hold a sensor-second; the default of 4 KiB halves the rate of writing.
SCHEMA = f"""
PRAGMA page_size = 16384;
BEGIN;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE cursor (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
"""

_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY = 0xFF  # the low byte of an extended result code is the primary one


@message
class SessionInfo:
    """What a session is.

    ``origin_ns`` is the host's monotonic clock at grid index 0 and ``wall_origin_ns`` the wall
    clock (ns since 1970, UTC) at the same moment; ``configuration`` what it ran with, free of
    secrets; ``source`` where the packets came from, for people; ``truth`` whether a simulator
    left its truth in the file; ``version`` of the program that wrote it.
    """

    session: str
    person: str
    origin_ns: int
    wall_origin_ns: int
    grid_rate_hz: float
    sensors: tuple[SensorSpec, ...]
    configuration: dict[str, Any]
    source: str
    truth: bool
    version: str


@contextmanager
def explained(path: Path, action: str) -> Iterator[None]:
    """Turn SQLite's and the system's errors about ``path`` into a JournalError."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"{path}: cannot {action}: {_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise JournalError(f"{path}: cannot {action}: {DAMAGED}") from error
    except OSError as error:
        raise JournalError(f"{path}: cannot {action}: {error.strerror or error}") from error


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open an existing file; ``mode`` is SQLite's ``ro`` or ``rw``. Transactions are explicit.

    Calls may come from any one thread at a time, so that a commit need not hold up an event loop.
    """
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return connection


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full; free some space or choose another journal.folder"
    if code == sqlite3.SQLITE_IOERR:
        return "the disk refuses (full, over quota, or failing); check it or choose another folder"
    if code in _CORRUPT:
        return DAMAGED
    return str(error)
