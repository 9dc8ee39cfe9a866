"""Example data of gaitmap: both feet, level walking and stairs, and one foot at a time in MS.

A recording is one ``imu_sample….csv``. The files do not state their rate, so it is told by name.
Data set: https://github.com/mad-lab-fau/gaitmap
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import FloatArray, Place
from gateway.recordings.frames import FrameRecording, Timing, Track, whole_ticks
from gateway.recordings.table import Table, first_lines, read_table

_RATE_HZ = {
    "imu_sample": 204.8,
    "imu_sample_not_rotated": 204.8,
    "imu_sample_healthy_stair_up": 204.8,
    "imu_sample_healthy_stair_down": 204.8,
    "imu_sample_ic_stride": 102.4,
    "imu_sample_ms_left": 102.4,
    "imu_sample_ms_right": 102.4,
}
_INDEX_IN_SECONDS = ("imu_sample_healthy_stair_up", "imu_sample_healthy_stair_down")
_PLACES = {"left_sensor": Place.LEFT_FOOT, "right_sensor": Place.RIGHT_FOOT}
_ACC = ("acc_x", "acc_y", "acc_z")
_GYR_DPS = ("gyr_x", "gyr_y", "gyr_z")


class GaitmapReader:
    """Reads an ``imu_sample….csv``."""

    name = "gaitmap_foot"

    def matches(self, path: Path) -> bool:
        """Tell by the name, and the heading unless the file is too short to have one."""
        if not path.name.startswith("imu_sample") or path.suffix != ".csv":
            return False
        lines = first_lines(path, 2)
        return not lines or "acc_x" in lines[-1] or "acc_x" in lines[0]

    def open(self, path: Path) -> FrameRecording:
        """Open a recording; raises RecordingError."""
        if path.stem not in _RATE_HZ:
            raise RecordingError(
                f"{path}: its sampling rate is not known; known are {', '.join(_RATE_HZ)}"
            )
        timing = Timing.counted(_RATE_HZ[path.stem])
        tracks = _one_foot(path) if "_ms_" in path.stem else _both_feet(path, timing)
        return FrameRecording(path, path.stem, "gaitmap", tracks, timing)


def _both_feet(path: Path, timing: Timing) -> list[Track]:
    table = read_table(path, ",", heading=2)
    index = table.values[:, 0] * (timing.rate_hz if path.stem in _INDEX_IN_SECONDS else 1)
    ticks = whole_ticks(path, index)
    return [
        Track(sensor, place, ticks, _acc(table, f"{sensor} "), _gyr(table, f"{sensor} "))
        for sensor, place in _PLACES.items()
    ]


def _one_foot(path: Path) -> list[Track]:
    table = read_table(path, ",", heading=1)
    sensor = "left_sensor" if path.stem.endswith("left") else "right_sensor"
    ticks = whole_ticks(path, table.columns("index")[:, 0])
    return [Track(sensor, _PLACES[sensor], ticks, _acc(table), _gyr(table))]


def _acc(table: Table, prefix: str = "") -> FloatArray:
    return table.columns(*(prefix + axis for axis in _ACC))


def _gyr(table: Table, prefix: str = "") -> FloatArray:
    return np.radians(table.columns(*(prefix + axis for axis in _GYR_DPS)))


READER = GaitmapReader()
