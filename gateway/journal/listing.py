"""What is stored: one line a session file, the damaged ones with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.errors import JournalError
from gateway.journal.reader import JournalReader, open_journal
from gateway.journal.schema import SUFFIX

_SECOND_NS = 1_000_000_000


class StoredSession(msgspec.Struct, frozen=True):
    """A session file; only ``file`` and ``size_bytes`` are known where ``problem`` is not empty.

    ``started`` is RFC 3339 in UTC; ``closed`` says that the session was ended in good order.
    """

    file: str
    size_bytes: int
    session: str = ""
    person: str = ""
    started: str = ""
    duration_s: float = 0.0
    sensors: Sequence[str] = ()
    strides: int = 0
    repetitions: int = 0
    closed: bool = False
    problem: str = ""


def stored_sessions(folder: Path) -> list[StoredSession]:
    """Return the sessions in ``folder``, oldest first; none where there is no such folder yet."""
    found = [_stored(path) for path in folder.glob(f"*{SUFFIX}")]
    return sorted(found, key=lambda stored: (stored.started, stored.file))


def _stored(path: Path) -> StoredSession:
    size = path.stat().st_size
    try:
        with open_journal(path) as journal:
            journal.check()
            return _described(path, size, journal)
    except JournalError as error:
        reason = str(error).removeprefix(f"{path}: ")
        return StoredSession(str(path), size, problem=reason)


def _described(path: Path, size: int, journal: JournalReader) -> StoredSession:
    info, counts = journal.info, journal.counts()
    return StoredSession(
        file=str(path),
        size_bytes=size,
        session=info.session,
        person=info.person,
        started=datetime.fromtimestamp(info.wall_origin_ns // _SECOND_NS, UTC).isoformat(),
        duration_s=round(journal.end_ns / _SECOND_NS, 1),
        sensors=[spec.place or spec.driver for spec in info.sensors],
        strides=counts.get("stride", 0),
        repetitions=counts.get("repetition", 0),
        closed=journal.closed,
    )
