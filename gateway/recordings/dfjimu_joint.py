"""Two rigid segments on a joint of one, two or three axes, a sensor on each, at 50 Hz.

A recording is one ``data_2D_01.mat``. It was on nobody's body: the reader says left thigh and left
shank, so the joint is the left knee. The set has no counter; its rate is steady.
Data set: https://github.com/daniel-om-weber/dfjimu
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import Place
from gateway.recordings.frames import FrameRecording, Timing, Track
from gateway.recordings.matlab import is_matlab, load_matlab

RATE_HZ = 50.0
NAME = re.compile(r"data_([123]D)_\d+\.mat")
_PLACES = (Place.LEFT_THIGH, Place.LEFT_SHANK)


class DfjimuReader:
    """Reads a trial."""

    name = "dfjimu_joint"

    def matches(self, path: Path) -> bool:
        """Tell by the name and the first bytes."""
        return NAME.fullmatch(path.name) is not None and is_matlab(path)

    def open(self, path: Path) -> FrameRecording:
        """Open a trial; raises RecordingError."""
        variables = load_matlab(path)
        try:
            samples = np.asarray(variables["data"]["sensorData"], np.float64)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise RecordingError(f"{path}: MATLAB, but not laid out as this set is") from error
        if samples.ndim != 2 or samples.shape[1] != 12:
            raise RecordingError(
                f"{path}: sensorData is not twelve columns, three axes of acceleration and of rate "
                "of turn of two sensors"
            )
        tracks = [
            Track(place, place, np.arange(len(samples)), sensor[:, :3], sensor[:, 3:])
            for place, sensor in zip(_PLACES, np.split(samples, 2, axis=1), strict=True)
        ]
        return FrameRecording(path, path.stem, "dfjimu", tracks, Timing.counted(RATE_HZ))


READER = DfjimuReader()
