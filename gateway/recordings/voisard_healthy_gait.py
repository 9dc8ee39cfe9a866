"""Voisard et al., healthy gait: 10 m, a turn and back, both feet and the lower back at 100 Hz.

A trial is its ``S-T.json``; beside it lie ``S-T_lf.txt``, ``S-T_rf.txt`` and ``S-T_lb.txt``. The
radio of the sensors (MTw Awinda) lost packets: the ``PacketCounter`` is the clock, and the
numbers of the set's gait events are its values, so grid time 0 is counter 0.
Data set: https://doi.org/10.5201/ipol.2023.497
"""

from __future__ import annotations

import re
from pathlib import Path

from gateway.errors import RecordingError
from gateway.messages import UNKNOWN_SIZE, BodySize, Place
from gateway.recordings.frames import FrameRecording, Timing, Track, absent, whole_ticks
from gateway.recordings.json_file import read_json
from gateway.recordings.table import first_lines, read_table

_PLACES = {"lf": Place.LEFT_FOOT, "rf": Place.RIGHT_FOOT, "lb": Place.PELVIS}
_RATE_LINE = re.compile(r"Acquisition frequency: (\d+(?:\.\d+)?) Hz")
_NAME = re.compile(r"\w+-\w+")


class VoisardReader:
    """Reads a trial by its ``.json``."""

    name = "voisard_healthy_gait"

    def matches(self, path: Path) -> bool:
        """Tell by the name and by a sensor's file beside it."""
        named = path.suffix == ".json" and _NAME.fullmatch(path.stem) is not None
        return named and bool(_sensor_files(path))

    def open(self, path: Path) -> FrameRecording:
        """Open a trial; raises RecordingError."""
        subject, size = _person(path)
        files = _sensor_files(path)
        if not files:
            raise RecordingError(f"{path}: no sensor's file ({path.stem}_lf.txt …) lies beside it")
        rates = {_rate_hz(file) for file in files.values()}
        if len(rates) > 1:
            raise RecordingError(f"{path}: its sensors were sampled at different rates")
        tracks = [_track(unit, file) for unit, file in files.items()]
        timing = Timing.counted(rates.pop())
        return FrameRecording(
            path,
            path.stem,
            f"voisard-{subject}",
            tracks,
            timing,
            origin_tick=0,
            size=UNKNOWN_SIZE if size.doubt else size,
            remarks=[
                *absent(_PLACES[unit] for unit in _PLACES if unit not in files),
                *([f"its Height is left out: {size.doubt}"] if size.doubt else []),
            ],
        )


def _sensor_files(path: Path) -> dict[str, Path]:
    files = {unit: path.with_name(f"{path.stem}_{unit}.txt") for unit in _PLACES}
    return {unit: file for unit, file in files.items() if file.is_file()}


def _person(path: Path) -> tuple[str, BodySize]:
    """Return who walked, and how tall they are, where that is noted."""
    description = read_json(path)
    try:
        subject, height_cm = str(description["Subject"]), description.get("Height")
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordingError(f"{path}: JSON, but it does not describe a trial's Subject") from error
    try:
        return subject, BodySize(float(height_cm) / 100) if height_cm else UNKNOWN_SIZE
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{path}: its Height is {height_cm!r}, not a number in cm") from error


def _rate_hz(path: Path) -> float:
    found = _RATE_LINE.match("".join(first_lines(path, 1)))
    if not found or float(found[1]) <= 0:
        raise RecordingError(f"{path}: the first line does not give the acquisition frequency")
    return float(found[1])


def _track(unit: str, path: Path) -> Track:
    table = read_table(path, "\t", skip=1, heading=1)
    return Track(
        sensor=unit,
        place=_PLACES[unit],
        ticks=whole_ticks(path, table.columns("PacketCounter")[:, 0]),
        acc=table.columns("Acc_X", "Acc_Y", "Acc_Z"),
        gyr=table.columns("Gyr_X", "Gyr_Y", "Gyr_Z"),
    )


READER = VoisardReader()
