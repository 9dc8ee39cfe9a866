"""Felius et al.: two minutes of walking after a stroke and in health, feet and lower back.

A recording is one walk and is named by the file of any of its sensors,
``SUBJECT_STATUS_TYPE_SESSION_AID_PLACE.csv``. Each sensor has a clock of its own in ticks of
0.1 ms; they were not synchronised, so each begins at 0 and what depends on the time between two
sensors means nothing. Single stamps are wrong by hundreds of ticks and more, and the clock jumps,
while the samples go on at about 103 Hz: such a step of the clock counts as one sample.
Data set: https://doi.org/10.5281/zenodo.11045239
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import IntArray, Place
from gateway.recordings.frames import FrameRecording, Timing, Track, absent, whole_ticks
from gateway.recordings.table import first_lines, read_table

_PLACES = {
    "leftfoot": Place.LEFT_FOOT,
    "rightfoot": Place.RIGHT_FOOT,
    "lowback": Place.PELVIS,
}
_HEADING = ",T,ax,ay,az,gx,gy,gz"
_STANDARD_GRAVITY = 9.80665
_TICK_NS = 1e5
_LONGEST_STEP = 3.0
"""A step of the clock of more samples than these is an error of the clock."""


class FeliusReader:
    """Reads a walk by the file of any of its sensors."""

    name = "felius_stroke_2mwt"

    def matches(self, path: Path) -> bool:
        """Tell by the name and the heading."""
        return _unit(path) in _PLACES and first_lines(path, 1) == [_HEADING]

    def open(self, path: Path) -> FrameRecording:
        """Open a walk; raises RecordingError."""
        walk = path.stem.rpartition("_")[0]
        files = {unit: path.with_name(f"{walk}_{unit}.csv") for unit in _PLACES}
        tracks = [_track(unit, file) for unit, file in files.items() if file.is_file()]
        # A tick of the slowest clock: they differ by half a percent, and resampling evens that out.
        rate_hz = 1e9 / _TICK_NS / min(float(np.median(np.diff(t.ticks))) for t in tracks)
        person = f"felius-{walk.partition('_')[0]}"
        remarks = absent(_PLACES[unit] for unit in _PLACES if not files[unit].is_file())
        timing = Timing(rate_hz, _TICK_NS)
        return FrameRecording(path, walk, person, tracks, timing, remarks=remarks)


def _unit(path: Path) -> str:
    return path.stem.rpartition("_")[2] if path.suffix == ".csv" else ""


def _track(unit: str, path: Path) -> Track:
    table = read_table(path, ",", heading=1)
    stamps = whole_ticks(path, table.columns("T")[:, 0])
    if len(stamps) < 2:
        raise RecordingError(f"{path}: it holds a single sample; the file is truncated")
    return Track(
        sensor=unit,
        place=_PLACES[unit],
        ticks=_mended(stamps),
        acc=table.columns("ax", "ay", "az") * _STANDARD_GRAVITY,
        gyr=np.radians(table.columns("gx", "gy", "gz")),
    )


def _mended(stamps: IntArray) -> IntArray:
    """Return the stamps (N,) from 0 on, each impossible step as long as a usual one."""
    steps = np.diff(stamps)
    usual = int(np.median(steps))
    wrong = (steps <= 0) | (steps > _LONGEST_STEP * usual)
    ticks: IntArray = np.concatenate([[0], np.cumsum(np.where(wrong, usual, steps))])
    return ticks


READER = FeliusReader()
