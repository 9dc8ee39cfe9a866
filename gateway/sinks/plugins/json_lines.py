"""Records as lines of JSON, a file a session: for a spreadsheet, a script, or another database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BufferedRandom
from pathlib import Path

import msgspec

from gateway.errors import ServiceError
from gateway.journal import Entry, SessionInfo
from gateway.sinks.plugins import Sink, SinkSection
from gateway.sinks.records import PUBLISHED
from gateway.sinks.topics import named_record
from gateway.tasks import in_thread

Line = tuple[str, bytes]


class JsonLinesSection(SinkSection):
    """Records as lines of JSON, in a file a session."""

    folder: Path = Path("~/.local/share/gaitwire/records")
    """Where the files are; made where it is missing."""


_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT


class JsonLines:
    """Appends the documents of MQTT's record topics, with their topic's name as ``kind``.

    A line may come twice after a crash: its ``session`` and ``seq`` name it.
    """

    reader = "json_lines"
    kinds: Sequence[str] = PUBLISHED
    page = 500
    rate_per_s = 5000.0

    def __init__(self, settings: JsonLinesSection) -> None:
        self._folder = settings.folder.expanduser()

    def convert(self, entry: Entry, info: SessionInfo) -> list[Line]:
        """Return the session and the line of an entry."""
        found = named_record(entry, info)
        if found is None:
            return []
        kind, record = found
        fields = {"kind": kind, **msgspec.structs.asdict(record)}
        return [(info.session, msgspec.json.encode(fields) + b"\n")]

    async def deliver(self, items: Sequence[Line]) -> None:
        """Append lines; raises ServiceError where the file cannot be written."""
        await in_thread(self._append, items)

    def _append(self, items: Sequence[Line]) -> None:
        session = items[0][0]  # a page is of one session
        path = self._folder / f"{Path(session).name}.jsonl"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, _APPEND, 0o600), "ab+") as file:
                _take_off_torn_line(file)
                file.writelines(line for _, line in items)
        except OSError as error:
            raise ServiceError(
                f"{path} cannot be written: {error.strerror}; correct sinks.json_lines.folder"
            ) from error


def _take_off_torn_line(file: BufferedRandom) -> None:
    """Cut off what a full disk or a crash left of a line; the line is delivered again."""
    if not file.seek(0, os.SEEK_END):
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


SINK = Sink("json_lines", JsonLinesSection, JsonLines)
