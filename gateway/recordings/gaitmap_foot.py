"""Example data of gaitmap: both feet, level walking and stairs, and one foot at a time in MS.

A recording is one ``imu_NAME.csv``, its index in samples or in seconds. The files do not state
their rate, so it is told by name; of another name it is that of an index in seconds, or else
204.8 Hz.
Data set: https://github.com/mad-lab-fau/gaitmap
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import FloatArray, Place
from gateway.recordings.frames import FrameRecording, Timing, Track, absent, whole_ticks
from gateway.recordings.table import Table, first_lines, read_table

_SLOWER_HZ = 102.4
_SLOWER = ("imu_sample_ic_stride", "imu_sample_ms_left", "imu_sample_ms_right")
_USUAL_HZ = 204.8
_KNOWN = ("imu_sample", "imu_sample_not_rotated")
_PLACES = {"left_sensor": Place.LEFT_FOOT, "right_sensor": Place.RIGHT_FOOT}
_ACC = ("acc_x", "acc_y", "acc_z")
_GYR_DPS = ("gyr_x", "gyr_y", "gyr_z")


class GaitmapReader:
    """Reads an ``imu_sample….csv``."""

    name = "gaitmap_foot"

    def matches(self, path: Path) -> bool:
        """Tell by the name, and the heading unless the file is too short to have one."""
        if not path.name.startswith("imu_") or path.suffix != ".csv":
            return False
        lines = first_lines(path, 2)
        return not lines or "acc_x" in lines[-1] or "acc_x" in lines[0]

    def open(self, path: Path) -> FrameRecording:
        """Open a recording; raises RecordingError."""
        heading = first_lines(path, 1)
        one_foot = bool(heading) and "acc_x" in heading[0]
        table = read_table(path, ",", heading=1 if one_foot else 2)
        index = table.values[:, 0]
        timing = Timing.counted(_rate_hz(path, index))
        in_seconds = bool((index % 1 > 0).any())
        told = path.stem in (*_SLOWER, *_KNOWN) or in_seconds
        remarks = [] if told else [f"it does not state its rate: {_USUAL_HZ} Hz is taken"]
        ticks = whole_ticks(path, np.rint(index * timing.rate_hz) if in_seconds else index)
        if one_foot:
            sensor = "left_sensor" if path.stem.endswith("left") else "right_sensor"
            tracks = [Track(sensor, _PLACES[sensor], ticks, _acc(table), _gyr(table))]
            return FrameRecording(path, path.stem, "gaitmap", tracks, timing, remarks=remarks)
        worn = {sensor: place for sensor, place in _PLACES.items() if sensor in table.heading[0]}
        if not worn:
            raise RecordingError(f"{path}: there is no column of {' or '.join(_PLACES)}")
        tracks = [
            Track(sensor, place, ticks, _acc(table, f"{sensor} "), _gyr(table, f"{sensor} "))
            for sensor, place in worn.items()
        ]
        remarks += absent(place for sensor, place in _PLACES.items() if sensor not in worn)
        return FrameRecording(path, path.stem, "gaitmap", tracks, timing, remarks=remarks)


def _rate_hz(path: Path, index: FloatArray) -> float:
    if path.stem in _SLOWER:
        return _SLOWER_HZ
    steps = np.diff(index)
    if not (index % 1 > 0).any() or not (steps > 0).any():
        return _USUAL_HZ
    return round(1.0 / float(np.median(steps[steps > 0])), 1)


def _acc(table: Table, prefix: str = "") -> FloatArray:
    return table.columns(*(prefix + axis for axis in _ACC))


def _gyr(table: Table, prefix: str = "") -> FloatArray:
    return np.radians(table.columns(*(prefix + axis for axis in _GYR_DPS)))


READER = GaitmapReader()
