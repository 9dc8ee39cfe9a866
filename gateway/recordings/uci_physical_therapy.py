"""Yurtman and Barshan, physical therapy exercises: up to five sensors at 25 Hz.

A session is one sensor's ``sS/eE/uU/test.txt`` (or ``template_session.txt``): whichever sensor's
file is named, all sensors of the exercise are played. Sensors on arm and shoulder are left out,
because they have no place here. Data set: https://doi.org/10.24432/C5JK60
"""

from __future__ import annotations

import re
from pathlib import Path

from gateway.errors import RecordingError
from gateway.messages import Place
from gateway.recordings.frames import FrameRecording, Timing, Track, whole_ticks
from gateway.recordings.table import first_lines, read_table

_RATE_HZ = 25.0
_PATH = re.compile(r"s\d+/e[1-8]/u[1-5]/(test|template_session)\.txt")
_FIRST_ARM_EXERCISE = 6

# Gravity at rest and the unit that moves say that units 4 and 5 are worn this way round in the
# exercises 1 to 5, and that exercise 2 is among them (docs/recordings.md).
_LEG_SET = {
    1: Place.LEFT_SHANK,
    2: Place.RIGHT_SHANK,
    3: Place.RIGHT_THIGH,
    4: Place.STERNUM,
    5: Place.LEFT_THIGH,
}
_ARM_SET = {1: Place.RIGHT_THIGH, 5: Place.STERNUM}


class UciReader:
    """Reads the session of one exercise."""

    name = "uci_physical_therapy"

    def matches(self, path: Path) -> bool:
        """Tell by the place in the folders, and the heading unless the file is empty."""
        if not _PATH.fullmatch("/".join(path.absolute().parts[-4:])):
            return False
        lines = first_lines(path, 1)
        return not lines or lines[0].startswith("time index;")

    def open(self, path: Path) -> FrameRecording:
        """Open a session; raises RecordingError."""
        exercise = path.absolute().parent.parent
        places = _LEG_SET if int(exercise.name[1:]) < _FIRST_ARM_EXERCISE else _ARM_SET
        files = {unit: exercise / f"u{unit}" / path.name for unit in places}
        tracks = [_track(unit, files[unit], places) for unit in places if files[unit].is_file()]
        if not tracks:
            raise RecordingError(f"{path}: none of its sensors is at a place that is known here")
        _check_lengths(path, tracks)
        subject = exercise.parent.name
        name = f"{subject}-{exercise.name}-{path.stem}"
        return FrameRecording(path, name, f"uci-{subject}", tracks, Timing.counted(_RATE_HZ))


def _track(unit: int, path: Path, places: dict[int, Place]) -> Track:
    table = read_table(path, ";", heading=1)
    return Track(
        sensor=f"u{unit}",
        place=places[unit],
        ticks=whole_ticks(path, table.columns("time index")[:, 0]),
        acc=table.columns("acc_x", "acc_y", "acc_z"),
        gyr=table.columns("gyr_x", "gyr_y", "gyr_z"),
    )


def _check_lengths(path: Path, tracks: list[Track]) -> None:
    """Refuse a file that is shorter than its neighbours, which were recorded with it."""
    longest = max(tracks, key=lambda track: len(track.ticks))
    for track in tracks:
        if len(track.ticks) < len(longest.ticks):
            raise RecordingError(
                f"{path.parent.with_name(track.sensor) / path.name}: {len(track.ticks)} samples "
                f"where {longest.sensor} has {len(longest.ticks)}; the file is truncated"
            )


READER = UciReader()
