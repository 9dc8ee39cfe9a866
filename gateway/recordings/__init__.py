"""Recordings: session files and public data sets, all read as packets with arrival times.

One module a format. A module that holds a ``READER`` is found by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from gateway.discovery import discover
from gateway.errors import RecordingError
from gateway.messages import BodySize, PacketBlock, SensorSpec


class Recording(Protocol):
    """A session to be played: real, from a data set, or simulated.

    ``origin_ns`` is the arrival clock's value at grid index 0; ``duration_s`` is NaN where a
    recording has no end. ``grid_rate_hz`` is the rate that suits its sensors, ``size`` what was
    noted of the person's.
    """

    name: str
    person: str
    origin_ns: int
    duration_s: float
    grid_rate_hz: float
    size: BodySize

    @property
    def sensors(self) -> Sequence[SensorSpec]:
        """Return the sensors, in the order in which the pipe counts them."""

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of consecutive ``seconds`` by arrival, a block a sensor and channel.

        Chunk ``i`` holds the arrivals in ``origin_ns + [i, i + 1) * seconds``.
        """


def chunk_end_ns(recording: Recording, number: int, seconds: float) -> int:
    """Return the arrival clock at the end of chunk ``number`` (from 1), or of the recording."""
    return recording.origin_ns + round(min(number * seconds, recording.duration_s) * 1e9)


class Reader(Protocol):
    """One format of recording."""

    name: str

    def matches(self, path: Path) -> bool:
        """Tell by name and content, without raising, whether ``path`` is of this format."""

    def open(self, path: Path) -> Recording:
        """Open ``path``; raises RecordingError with what is wrong with the file."""


def readers() -> dict[str, Reader]:
    """Return every reader by its name."""
    found: dict[str, Reader] = discover("gateway.recordings", "READER")
    return found


def open_recording(path: Path) -> Recording:
    """Open a recording of any known format; raises RecordingError.

    Where a file holds several trials, ``FILE#TRIAL`` names one of them.
    """
    if path.is_dir():
        raise RecordingError(f"{path}: is a folder; name a session or a trial's main file in it")
    file = path.with_name(path.name.partition("#")[0])
    if not file.is_file():
        raise RecordingError(
            f"{path}: there is no such file; name a session or a trial's main file"
        )
    for reader in readers().values():
        if reader.matches(path):
            return reader.open(path)
    if not file.stat().st_size:
        raise RecordingError(f"{path}: the file is empty")
    raise RecordingError(
        f"{path}: not a recording that can be read; known formats are {', '.join(readers())} "
        "(docs/recordings.md lists the main file of each)"
    )
