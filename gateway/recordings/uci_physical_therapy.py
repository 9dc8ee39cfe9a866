"""Yurtman and Barshan, physical therapy exercises: up to five sensors at 25 Hz.

A session is one sensor's ``sS/eE/uU/test.txt`` (or ``template_session.txt``): whichever sensor's
file is named, all sensors of the exercise are played. The sensor on the shoulder is left out,
because the one at the elbow is on the same upper arm. Data set: https://doi.org/10.24432/C5JK60
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import FloatArray, Place
from gateway.recordings.frames import FrameRecording, Timing, Track, absent, whole_ticks
from gateway.recordings.table import first_lines, read_table

_RATE_HZ = 25.0
_PATH = re.compile(r"s\d+/e[1-8]/u[1-5]/(test|template_session)\.txt")
_FIRST_ARM_EXERCISE = 6

# Gravity at rest and the unit that moves say that units 4 and 5 are worn this way round in the
# exercises 1 to 5, and that exercise 2 is among them; and how each is turned (docs/recordings.md).
_FRONT = (1, 2, 3)
_RIGHT_SIDE = (-1, 3, 2)
_LEFT_SIDE = (-1, -3, -2)
_LEG_SET = {
    1: (Place.LEFT_SHANK, _LEFT_SIDE),
    2: (Place.RIGHT_SHANK, _RIGHT_SIDE),
    3: (Place.RIGHT_THIGH, _RIGHT_SIDE),
    4: (Place.STERNUM, _FRONT),
    5: (Place.LEFT_THIGH, _LEFT_SIDE),
}
_ARM_SET = {
    1: (Place.RIGHT_THIGH, _RIGHT_SIDE),
    2: (Place.RIGHT_FOREARM, _RIGHT_SIDE),
    3: (Place.RIGHT_UPPER_ARM, _FRONT),
    5: (Place.STERNUM, _FRONT),
}
_Worn = Mapping[int, tuple[Place, tuple[int, int, int]]]


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
        worn: _Worn = _LEG_SET if int(exercise.name[1:]) < _FIRST_ARM_EXERCISE else _ARM_SET
        files = {unit: exercise / f"u{unit}" / path.name for unit in worn}
        tracks = [_track(unit, file, worn) for unit, file in files.items() if file.is_file()]
        if not tracks:
            raise RecordingError(f"{path}: none of its sensors is at a place that is known here")
        _check_lengths(path, tracks)
        subject = exercise.parent.name
        name = f"{subject}-{exercise.name}-{path.stem}"
        remarks = absent(worn[unit][0] for unit in worn if not files[unit].is_file())
        timing = Timing.counted(_RATE_HZ)
        return FrameRecording(path, name, f"uci-{subject}", tracks, timing, remarks=remarks)


def _track(unit: int, path: Path, worn: _Worn) -> Track:
    table = read_table(path, ";", heading=1)
    place, axes = worn[unit]
    return Track(
        sensor=f"u{unit}",
        place=place,
        ticks=whole_ticks(path, table.columns("time index")[:, 0]),
        acc=_turned(table.columns("acc_x", "acc_y", "acc_z"), axes),
        gyr=_turned(table.columns("gyr_x", "gyr_y", "gyr_z"), axes),
    )


def _turned(vectors: FloatArray, axes: tuple[int, int, int]) -> FloatArray:
    """Return vectors (N, 3) in the axes of ``gateway.mounting``, taken from ± the axes numbered."""
    return vectors[:, np.abs(axes) - 1] * np.sign(axes)


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
