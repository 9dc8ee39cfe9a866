"""BROAD: one hand-held board with an optical truth of its orientation, at 285.7 Hz.

A recording is one ``NN_….mat``. The board was on nobody's body: the reader says ``sternum``, where
a single sensor leads to no joint angle. The set has no counter; its rate is steady.
Data set: https://doi.org/10.3390/data6070072
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import Place
from gateway.recordings.frames import FrameRecording, Timing, Track
from gateway.recordings.matlab import is_matlab, load_matlab

_NAME = re.compile(r"\d\d_(un)?disturbed_\w+\.mat")


class BroadReader:
    """Reads a trial."""

    name = "broad"

    def matches(self, path: Path) -> bool:
        """Tell by the name and the first bytes."""
        return _NAME.fullmatch(path.name) is not None and is_matlab(path)

    def open(self, path: Path) -> FrameRecording:
        """Open a trial; raises RecordingError."""
        variables = load_matlab(path)
        try:
            timing = Timing.counted(float(variables["sampling_rate"]))
            acc = np.asarray(variables["imu_acc"], np.float64).reshape(-1, 3)
            gyr = np.asarray(variables["imu_gyr"], np.float64).reshape(-1, 3)
            mag = variables.get("imu_mag")
            mag = None if mag is None else np.asarray(mag, np.float64).reshape(acc.shape)
            track = Track("board", Place.STERNUM, np.arange(len(acc)), acc, gyr, mag)
            return FrameRecording(path, path.stem, "broad", [track], timing)
        except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise RecordingError(f"{path}: MATLAB, but not laid out as this set is") from error


READER = BroadReader()
