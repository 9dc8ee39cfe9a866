"""The full-body example of the qmt toolbox: sixteen sensors of a person who moves, at 100 Hz.

A recording is one ``….mat`` whose variables are segments with ``acc``, ``gyr`` and the orientation
that the sensors' maker formed. Twelve are played; head, hands and the lower of the two sensors on
the back are left out. The set has no counter; its rate is steady.
Data set: https://github.com/dlaidig/qmt
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import Place
from gateway.recordings.frames import FrameRecording, Timing, Track, absent
from gateway.recordings.matlab import is_matlab, load_matlab

SEGMENTS = {
    Place.PELVIS: "hip",
    Place.LEFT_THIGH: "upper_leg_left",
    Place.RIGHT_THIGH: "upper_leg_right",
    Place.LEFT_SHANK: "lower_leg_left",
    Place.RIGHT_SHANK: "lower_leg_right",
    Place.LEFT_FOOT: "foot_left",
    Place.RIGHT_FOOT: "foot_right",
    Place.STERNUM: "upper_back",
    Place.LEFT_UPPER_ARM: "upper_arm_left",
    Place.RIGHT_UPPER_ARM: "upper_arm_right",
    Place.LEFT_FOREARM: "forearm_left",
    Place.RIGHT_FOREARM: "forearm_right",
}
"""The set's name of the segment at each place; the trunk's sensor is worn on the back."""


class QmtReader:
    """Reads a recording."""

    name = "qmt_full_body"

    def matches(self, path: Path) -> bool:
        """Tell by the name and the first bytes."""
        return path.name.endswith("full_body_example_data.mat") and is_matlab(path)

    def open(self, path: Path) -> FrameRecording:
        """Open a recording; raises RecordingError."""
        variables = load_matlab(path)
        try:
            t_s = np.asarray(variables["t"], np.float64).reshape(-1)
            steps = np.diff(t_s)
            if not (steps > 0).any():
                raise RecordingError(f"{path}: its times never rise")
            timing = Timing.counted(1.0 / float(np.median(steps[steps > 0])))
            tracks = [
                Track(
                    name,
                    place,
                    np.arange(len(t_s)),
                    np.asarray(variables[name]["acc"], np.float64).reshape(len(t_s), 3),
                    np.asarray(variables[name]["gyr"], np.float64).reshape(len(t_s), 3),
                )
                for place, name in SEGMENTS.items()
                if name in variables
            ]
            remarks = absent(place for place, name in SEGMENTS.items() if name not in variables)
            return FrameRecording(path, path.stem, "qmt", tracks, timing, remarks=remarks)
        except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise RecordingError(f"{path}: MATLAB, but not laid out as this set is") from error


READER = QmtReader()
