"""x-io's Gait-Tracking: one foot that walks a loop and ends where it began, at about 400 Hz.

A recording is one file. Its time stamps are the clock: some rows were written twice in place of
others, which are lost. Which foot wore the sensor is not said; it is played as the right one.
Data set: https://github.com/xioTechnologies/Gait-Tracking
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import Place
from gateway.recordings.frames import FrameRecording, Timing, Track, whole_ticks
from gateway.recordings.table import first_lines, read_table

_TIME = "Time (s)"
_GYR_DPS = tuple(f"Gyroscope {axis} (deg/s)" for axis in "XYZ")
_ACC_G = tuple(f"Accelerometer {axis} (g)" for axis in "XYZ")
_HEADING = ",".join([_TIME, *_GYR_DPS, *_ACC_G])
_STANDARD_GRAVITY = 9.80665
_MICROSECOND_NS = 1000.0


class XioReader:
    """Reads a walk by its ``.csv``."""

    name = "xio_foot_loop"

    def matches(self, path: Path) -> bool:
        """Tell by the heading."""
        return path.suffix == ".csv" and first_lines(path, 1) == [_HEADING]

    def open(self, path: Path) -> FrameRecording:
        """Open a walk; raises RecordingError."""
        table = read_table(path, ",", heading=1)
        ticks = whole_ticks(path, np.rint(table.columns(_TIME)[:, 0] * 1e6))
        new = np.diff(ticks, prepend=-1) > 0
        steps = np.diff(ticks[new])
        if not len(steps):
            raise RecordingError(f"{path}: its time stamps never rise")
        track = Track(
            sensor="foot",
            place=Place.RIGHT_FOOT,
            ticks=ticks[new],
            acc=table.columns(*_ACC_G)[new] * _STANDARD_GRAVITY,
            gyr=np.radians(table.columns(*_GYR_DPS)[new]),
        )
        timing = Timing(1e6 / float(np.median(steps)), _MICROSECOND_NS)
        return FrameRecording(path, path.stem, "xio", [track], timing)


READER = XioReader()
