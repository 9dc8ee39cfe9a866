"""Mobilise-D example data: one sensor on the lower back at 100 Hz, healthy and with MS.

A recording is one trial of a ``data.mat``. The file's own name opens its longest trial;
``data.mat#Test5-Trial1`` opens another one. The clock is the sensor's time stamps.
Data set: https://github.com/mobilise-d/mobgap
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import UNKNOWN_SIZE, BodySize, FloatArray, IntArray, Place
from gateway.recordings.frames import FrameRecording, Timing, Track, whole_ticks
from gateway.recordings.json_file import read_json
from gateway.recordings.matlab import is_matlab, load_matlab

_MICROSECOND_NS = 1000.0
_STANDARD_GRAVITY = 9.80665
_FOLDERS_ABOVE = 5
_RATE_TOLERANCE = 0.02


class MobgapReader:
    """Reads a trial of a ``data.mat``."""

    name = "mobgap_lowback"

    def matches(self, path: Path) -> bool:
        """Tell by the name and the first bytes."""
        file, _ = _file_and_trial(path)
        return file.name == "data.mat" and is_matlab(file)

    def open(self, path: Path) -> FrameRecording:
        """Open a trial; raises RecordingError."""
        file, wanted = _file_and_trial(path)
        trials = _trials(file)
        if wanted and wanted not in trials:
            raise RecordingError(f"{file}: there is no trial {wanted}; it has {', '.join(trials)}")
        name = wanted or max(trials, key=lambda each: len(trials[each]["Timestamp"]))
        person = "-".join(("mobgap", *file.absolute().parts[-3:-1]))
        return _recording(file, name, person, trials[name])


def _file_and_trial(path: Path) -> tuple[Path, str]:
    file, _, trial = path.name.partition("#")
    return path.with_name(file), trial


def trial_names(path: Path) -> list[str]:
    """Return the trials of a ``data.mat``, as ``Test-Trial``; raises RecordingError."""
    return list(_trials(path))


def _trials(path: Path) -> dict[str, dict[str, Any]]:
    """Return the lower back's sensor of every trial, by ``Test-Trial``."""
    variables = load_matlab(path)
    try:
        tests = variables["data"]["TimeMeasure1"]
        found = {
            f"{test}-{trial}": content["SU"]["LowerBack"]
            for test, trials in tests.items()
            for trial, content in trials.items()
        }
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise RecordingError(f"{path}: MATLAB, but not laid out as this set is") from error
    if not found:
        raise RecordingError(f"{path}: there is no trial in it")
    return found


def _recording(path: Path, name: str, person: str, sensor: dict[str, Any]) -> FrameRecording:
    size = _size(path)
    try:
        stamps = np.asarray(sensor["Timestamp"], np.float64)
        acc_g, gyr_dps = _axes(sensor["Acc"]), _axes(sensor["Gyr"])
        said_hz = float(sensor["Fs"]["Acc"])
        ticks = whole_ticks(path, np.rint((stamps - stamps.min()) * 1e6))
        rate_hz = _rate_hz(path, ticks)
        disagree = not abs(said_hz / rate_hz - 1) < _RATE_TOLERANCE
        odd = f"Fs says {said_hz:g} Hz, its time stamps {rate_hz:.0f} Hz, which are taken"
        track = Track(
            "lower_back", Place.PELVIS, ticks, acc_g * _STANDARD_GRAVITY, np.radians(gyr_dps)
        )
        return FrameRecording(
            path,
            name,
            person,
            [track],
            Timing(rate_hz, _MICROSECOND_NS),
            size=size,
            remarks=[odd] if disagree else [],
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordingError(f"{path}: {name} is not laid out as this set is ({error})") from error


def _rate_hz(path: Path, ticks: IntArray) -> float:
    """Return the rate of the time stamps; raises RecordingError where they never rise."""
    steps = np.diff(ticks)
    if not (steps > 0).any():
        raise RecordingError(f"{path}: its time stamps never rise")
    return 1e6 / float(np.median(steps[steps > 0]))


def _size(path: Path) -> BodySize:
    """Return what ``participant_metadata.json``, in a folder above, says; unknown without it."""
    person, cohort = path.absolute().parts[-2], path.absolute().parts[-3]
    for folder in list(path.absolute().parents)[:_FOLDERS_ABOVE]:
        try:
            noted = read_json(folder / "participant_metadata.json")
            noted = noted.get(cohort, noted)[person]
            size = BodySize(float(noted["height_m"]), float(noted["sensor_height_m"]))
        except (RecordingError, ValueError, KeyError, TypeError, AttributeError):
            continue
        return UNKNOWN_SIZE if size.doubt else size
    return UNKNOWN_SIZE


def _axes(values: Any) -> FloatArray:
    return np.asarray(values, np.float64).reshape(-1, 3)


READER = MobgapReader()
