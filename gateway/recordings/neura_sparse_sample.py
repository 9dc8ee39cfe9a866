"""Neura sparse, one walk with nine sensors (MTw Awinda) at 100 Hz, aligned with Vicon or raw.

A recording is one sensor's file; whichever is named, all sensors are played:
``imu/S02-Trial-Walk-1-Pelvis.csv`` is aligned with the optical truth and has no counter,
``rawimu/S02-Trial-Walk-1-000_00B40B91.txt`` is as received, with the 16-bit packet counter.
The two sensors just above the ankles are left out: the shanks are told by those in their middle.
Data set: https://doi.org/10.7910/DVN/9QDD5J
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import Place
from gateway.recordings.frames import FrameRecording, Timing, Track, absent, whole_ticks
from gateway.recordings.table import Table, first_lines, read_table

# Segment as the aligned files name it, and the sensor's serial number in the raw ones.
_SENSORS = {
    "Pelvis": ("00B40B91", Place.PELVIS),
    "L_UpLeg": ("00B40C45", Place.LEFT_THIGH),
    "R_UpLeg": ("00B40C3C", Place.RIGHT_THIGH),
    "L_LowLeg2": ("00B40BA5", Place.LEFT_SHANK),
    "R_LowLeg2": ("00B40C35", Place.RIGHT_SHANK),
    "L_Foot": ("00B40C55", Place.LEFT_FOOT),
    "R_Foot": ("00B40C48", Place.RIGHT_FOOT),
}
_ALIGNED = re.compile(r"(S\d+)-(Trial-.+)-((?:[LR]_)?(?:Pelvis|UpLeg|LowLeg2?|Foot))\.csv")
_RAW = re.compile(r"(S\d+)-(Trial-.+)_(00B4[0-9A-F]{4})\.txt")
_RATE = re.compile(r"// (?:fs=|Update Rate: )(\d+(?:\.\d+)?)")
_HEADING_WITHIN = 12
_COUNTER_BITS = 16


class NeuraReader:
    """Reads a walk by one of its files."""

    name = "neura_sparse_sample"

    def matches(self, path: Path) -> bool:
        """Tell by the name, and the comment on top unless the file is empty."""
        if not (_ALIGNED.fullmatch(path.name) or _RAW.fullmatch(path.name)):
            return False
        lines = first_lines(path, 1)
        return not lines or lines[0].startswith("//")

    def open(self, path: Path) -> FrameRecording:
        """Open a walk; raises RecordingError."""
        aligned = _ALIGNED.fullmatch(path.name)
        named = aligned or _RAW.fullmatch(path.name)
        if named is None:
            raise RecordingError(f"{path}: not named as a file of this set is")
        subject, trial = named[1], named[2]
        files = {
            sensor: path.with_name(
                f"{subject}-{trial}-{sensor}.csv" if aligned else f"{subject}-{trial}_{serial}.txt"
            )
            for sensor, (serial, _) in _SENSORS.items()
        }
        read = _aligned_track if aligned else _raw_track
        tracks = [read(sensor, file) for sensor, file in files.items() if file.is_file()]
        if not tracks:
            raise RecordingError(f"{path}: none of its sensors is at a place that is known here")
        timing = Timing.counted(_rate_hz(path), 64 if aligned else _COUNTER_BITS)
        name, person = f"{subject}-{trial}", f"neura-{subject}"
        remarks = absent(_SENSORS[one][1] for one in _SENSORS if not files[one].is_file())
        return FrameRecording(path, name, person, tracks, timing, remarks=remarks)


def _aligned_track(sensor: str, path: Path) -> Track:
    table = _table(path)
    acc, gyr = (table.columns(*(f"{kind}_{axis}" for axis in (1, 2, 3))) for kind in ("acc", "gyr"))
    return Track(sensor, _SENSORS[sensor][1], np.arange(len(acc)), acc, gyr)


def _raw_track(sensor: str, path: Path) -> Track:
    table = _table(path)
    ticks = whole_ticks(path, table.columns("PacketCounter")[:, 0])
    acc, gyr = (table.columns(*(f"{kind}_{axis}" for axis in "XYZ")) for kind in ("Acc", "Gyr"))
    return Track(sensor, _SENSORS[sensor][1], ticks, acc, gyr)


def _table(path: Path) -> Table:
    comments = [line for line in first_lines(path, _HEADING_WITHIN) if line.startswith("//")]
    return read_table(path, ",", skip=len(comments), heading=1)


def _rate_hz(path: Path) -> float:
    found = [_RATE.match(line) for line in first_lines(path, _HEADING_WITHIN)]
    rates = [float(match[1]) for match in found if match]
    if not rates or rates[0] <= 0:
        raise RecordingError(f"{path}: the comments on top do not give the sampling rate")
    return rates[0]


READER = NeuraReader()
