"""Session files of this program, replayed byte for byte."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.errors import JournalError, RecordingError
from gateway.journal.reader import JournalReader, open_journal
from gateway.journal.schema import SUFFIX
from gateway.journal.seconds import SECOND_NS
from gateway.messages import BodySize, PacketBlock, SensorSpec
from gateway.recordings.chunks import chunks

_SQLITE = b"SQLite format 3"


class SessionRecording:
    """A session: its packets with the arrivals they had.

    A session that another process is still writing can be played up to its last commit.
    """

    def __init__(self, reader: JournalReader) -> None:
        info = reader.info
        self.name = info.session
        self.person = info.person
        self.sensors: Sequence[SensorSpec] = info.sensors
        self.origin_ns = info.origin_ns
        self.duration_s = reader.end_ns / SECOND_NS
        self.grid_rate_hz = info.grid_rate_hz
        self.size = _size(info.configuration)
        self.journal = reader

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of consecutive ``seconds``; raises RecordingError at damage."""
        return chunks(self._blocks(), self.origin_ns, seconds)

    def _blocks(self) -> Iterator[PacketBlock]:
        try:
            for block in self.journal.messages(["packets"]):
                if isinstance(block, PacketBlock) and len(block.ends):
                    self._check(block)
                    yield block
        except JournalError as error:
            raise RecordingError(str(error)) from error

    def _check(self, block: PacketBlock) -> None:
        """Refuse arrivals that no recorder writes: years of silence would be played for them."""
        arrival_ns = block.arrival_ns
        first, last = ((int(ns) - self.origin_ns) // SECOND_NS for ns in arrival_ns[[0, -1]])
        falling = (arrival_ns[1:] < arrival_ns[:-1]).any()
        if falling or first != last or first > self.duration_s:
            raise JournalError(f"{self.journal.path}: an entry of packets is damaged")


def _size(configuration: Mapping[str, Any]) -> BodySize:
    """Return the size of the person that the session ran with."""
    person = configuration.get("person") or {}
    noted = (person.get(name) for name in ("height_m", "pelvis_height_m"))
    return BodySize(*(float(metres) if metres else math.nan for metres in noted))


class SessionReader:
    """Reads ``.gaitwire`` files."""

    name = "session"

    def matches(self, path: Path) -> bool:
        """Tell by the suffix, or by an SQLite file's first bytes."""
        if path.suffix == SUFFIX:
            return True
        try:
            with path.open("rb") as file:
                return file.read(len(_SQLITE)) == _SQLITE
        except OSError:
            return False

    def open(self, path: Path) -> SessionRecording:
        """Open a session; raises RecordingError with what is wrong with the file."""
        try:
            journal = open_journal(path)
            journal.check()
            return SessionRecording(journal)
        except JournalError as error:
            raise RecordingError(str(error)) from error


READER = SessionReader()
