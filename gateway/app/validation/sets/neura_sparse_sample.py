"""A walk with optical truth: flexion of hips, knees and ankles, hips and knees in all planes.

The raw recording is played, because it begins with standing, and scored where the optical one is
aligned with it. Both angles are the first of the ISB sequence z-x'-y'', and zero in the stance that
calibrated the sensors. Optical segments are there for the walk only, so their angle in the stance
is told from the joint centres, whose change from the stance to the walk is small. The other two
planes have zeros that differ by what each takes for the front, so they are scored about the mean of
their error; the ankle is left out, because the optical foot has no inversion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway import quaternion
from gateway.app.validation import About, Metric, Mode, TrialScore, doubts, means, named
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
    BoolArray,
    Calibration,
    Figure,
    FloatArray,
    Joint,
    JointAngleBlock,
    Side,
    Stride,
)
from gateway.recordings import open_recording
from gateway.recordings.matlab import load_matlab
from gateway.recordings.table import first_lines, read_table
from inference.joints.error_budget import EXTENSION_DEFICIT_DEG, MOVING, Measured
from inference.joints.flexion import ENDS

RATE_HZ = 100.0
STANCE_S = 2.0
_KINDS = ("knee", "hip", "ankle")
_BEST = {
    "knee": "3.8 (inertial sensors with a model of the body, another set)",
    "hip": "9.9 (three sensors, nine people of the whole set)",
    "ankle": "7.7 (inertial sensors with a model of the body, another set)",
}
_PLANES = ("adduction", "rotation")
_TARGET = {"knee": 3.5, "hip": 5.0, "ankle": 6.0}
_ROWS = re.compile(r"// idx=(\d+),(\d+)")
_SEGMENTS = {
    "hip": ("qRPV", "q{}TH", 1.0),
    "knee": ("q{}TH", "q{}SK", -1.0),
    "ankle": ("q{}SK", "q{}FT", 1.0),
}
"""Optical segments above and below a joint, and the sign of flexion about the right axis."""


RANGES = {
    **{f"{kind}_range_of_motion": MOVING[Measured(kind)].range_deg for kind in _KINDS},
    "knee_peak_flexion": MOVING[Measured.KNEE].peak_deg,
    "knee_extension_deficit": EXTENSION_DEFICIT_DEG,
}
"""Figures of strides, and what the error budget says of them."""

_BUDGET = "the error budget that the figure's interval is made of"


class NeuraSet:
    """Root mean square of the error of each angle, the mean of both sides.

    And of ranges, peaks and deficits over all strides, with the share that their intervals hold.
    """

    name = "neura_sparse_sample"
    about = About(
        who="a healthy person who stands, walks a few metres, turns and walks back",
        truth="segments from optical markers; both angles are zero in the stance that calibrates",
        source="https://doi.org/10.7910/DVN/9QDD5J",
        licence="GPL-3.0",
        layout=(
            "`vicon/S02-Trial-Walk-1.csv`, with `imu`, `rawimu` and `rawvicon` beside the folder"
        ),
        limits=(
            "The knee misses its target by about 1°. Its error grows from 0° at heel strike to "
            "8 to 10° at toe-off, stride by stride and on both sides, and leaves a mean of 3 to "
            "4° against the stance. It is the thigh: its sensor tips through 47° and 48° (left, "
            "right) where the optical thigh tips through 54° and 49°; shank, foot and pelvis "
            "agree within 6 %. That is muscle and skin under a sensor, or the optical hip "
            "centre. It is neither lag (none to 10 ms) nor the axis: the main axis of turning, "
            "or the hinge axis of both rates, in place of the direction of the tilt give 5.4 "
            "to 5.9° on the left and 3.6 to 4.6° on the right, and even an alignment fitted to "
            "the truth leaves 3.4 to 3.9° a side. Adduction and rotation of the knee are small "
            "beside what an axis that is a few degrees off makes of its flexion, in the "
            "optical angles too. Flexion counts from when movement has shown the fronts of "
            "both segments, the other planes as soon as they are told."
        ),
    )
    look_ahead_s = 0.0
    metrics = (
        *(Metric(f"{kind}_flexion_deg", "°", _TARGET[kind], _BEST[kind]) for kind in _KINDS),
        *(
            Metric(f"{kind}_flexion_optical_zero_deg", "°", _TARGET[kind], _BEST[kind])
            for kind in _KINDS
        ),
        *(Metric(f"{name}_deg", "°", sd_deg, _BUDGET) for name, sd_deg in RANGES.items()),
        Metric("within_interval", "", 0.95, "what the interval says", larger_is_better=True),
        *(
            Metric(f"{kind}_{plane}_about_mean_deg", "°", 5.0, "–")
            for kind in ("hip", "knee")
            for plane in _PLANES
        ),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every optical recording."""
        found = sorted(folder.rglob("vicon/*.csv"))
        return named(((path.stem, path) for path in found), folder)

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Score a walk; raises RecordingError."""
        recording = open_recording(_raw(path))
        if recording.grid_rate_hz != RATE_HZ:
            raise RecordingError(
                f"{path}: its sensors say {recording.grid_rate_hz:g} Hz, where both they and the "
                f"optical recording have {RATE_HZ:g} Hz in this set"
            )
        truth, *planes = _optical(path)
        heard = Heard(recording, JointAngleBlock, BodyAngleBlock, Calibration, Stride, Figure)
        rows = _aligned(path, len(truth))
        found = _until([b.angle_rad for b in heard.all(JointAngleBlock)], rows.stop)
        calibrations = heard.all(Calibration)
        stance, remark = _stance_rad(path, truth, rows.start, calibrations)
        known = _fronts_known(calibrations, len(found))[rows]
        error = np.degrees(np.where(known, found[rows] - truth, np.nan))
        shifted = error + np.degrees(stance)
        ends_s = recording.duration_s
        early = doubts.ends_early(ends_s, rows.stop / RATE_HZ, "its optical recording")
        told = [heard.remark, early, remark, _from_when(known)]
        time_s = np.arange(len(error)) / RATE_HZ
        return TrialScore(
            recording.person,
            0,
            {
                **_values(shifted, "{}_flexion_deg"),
                **_values(error, "{}_flexion_optical_zero_deg"),
                **_of_strides(heard, truth - stance, rows.start),
                **_plane_values(heard.all(BodyAngleBlock), planes, rows.start),
            },
            remark="; ".join(filter(None, told)),
            agreement={
                f"{joint.replace('_', ' ')} flexion (°)": np.degrees(
                    np.stack([truth[:, c] - stance[c], found[rows][:, c]], axis=1)
                )[np.isfinite(shifted[:, c])]
                for c, joint in enumerate(JOINTS)
            },
            course={
                f"{joint.replace('_', ' ')} error (°)": np.stack([time_s, shifted[:, c]], axis=1)
                for c, joint in enumerate(JOINTS)
            },
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the means over the walks."""
        return means(scores, self.metrics)


def _until(angles_rad: Sequence[FloatArray], stop: int) -> FloatArray:
    """Return all of the angles (T, 6), NaN from where they end up to sample ``stop``."""
    found = np.concatenate([np.empty((0, len(JOINTS))), *angles_rad])
    missing = np.full((max(0, stop - len(found)), len(JOINTS)), np.nan)
    return np.concatenate([found, missing])


def _raw(path: Path) -> Path:
    found = sorted((path.parents[1] / "rawimu").glob(f"{path.stem}-*.txt"))
    if not found:
        raise RecordingError(f"{path}: there is no raw recording of it in the folder rawimu")
    return found[0]


def _aligned(path: Path, count: int) -> slice:
    """Return the rows of the raw recording that the optical one has; raises RecordingError."""
    beside = sorted((path.parents[1] / "imu").glob(f"{path.stem}-*.csv"))
    comments = [line for file in beside[:1] for line in first_lines(file, 8)]
    rows = [match for line in comments if (match := _ROWS.match(line))]
    if not rows:
        raise RecordingError(f"{path}: no file in imu says which rows belong to it")
    first = int(rows[0][1]) - 1
    return slice(first, first + count)


def _optical(path: Path) -> FloatArray:
    """Return flexion, adduction and internal rotation (3, T, 6) rad of the optical segments.

    Raises RecordingError.
    """
    comments = [line for line in first_lines(path, 8) if line.startswith("//")]
    table = read_table(path, ",", skip=len(comments), heading=1)

    def axes(name: str) -> FloatArray:
        matrix = quaternion.to_matrix(table.columns(*(f"{name}_{i}" for i in (1, 2, 3, 4))))
        x, y, z = np.moveaxis(matrix, -1, 0)
        # Feet have z forward and x down, the others x forward and z up; y is to the left.
        return np.stack([z, -x, -y] if name.endswith("FT") else [x, z, -y], axis=-1)

    def angles(joint: Joint) -> FloatArray:
        side, _, kind = joint.partition("_")
        above, below, sign = _SEGMENTS[kind]
        relative = np.einsum(
            "tji,tjk->tik", *(axes(name.format(side[0].upper())) for name in (above, below))
        )
        mirror = -1.0 if side == Side.LEFT else 1.0
        return np.stack(
            [
                sign * np.arctan2(-relative[:, 0, 1], relative[:, 1, 1]),
                mirror * np.arcsin(np.clip(relative[:, 2, 1], -1, 1)),
                mirror * np.arctan2(-relative[:, 2, 0], relative[:, 2, 2]),
            ]
        )

    return np.stack([angles(joint) for joint in JOINTS], axis=2)


@dataclass(frozen=True)
class _Centres:
    """Joint centres and markers of a raw optical recording, by name."""

    places: Mapping[str, FloatArray]

    def flexion_rad(self, joint: Joint) -> FloatArray:
        """Return the flexion (T,) between the lines that join them, in the sagittal plane."""
        side, _, kind = joint.partition("_")
        hip, knee, ankle, toe = (
            self.places[f"{side[0].upper()}{name}"] for name in ("HJC", "KJC", "AJC", "TOE")
        )
        front = self.places["LASI"] + self.places["RASI"]
        right = self.places["RASI"] - self.places["LASI"]
        if kind == "hip":
            back = self.places["LPSI"] + self.places["RPSI"]
            return _turn(front - back, hip - knee, right) - np.pi / 2
        if kind == "knee":
            return _turn(knee - ankle, hip - knee, right)
        return _turn(knee - ankle, toe - ankle, right) + np.pi / 2


def _turn(one: FloatArray, other: FloatArray, axis: FloatArray) -> FloatArray:
    """Return the angle (T,) from ``one`` to ``other`` about ``axis``, all (T, 3)."""
    unit = axis / np.linalg.norm(axis, axis=1, keepdims=True)
    sine = (np.cross(one, other) * unit).sum(axis=1)
    return np.asarray(np.arctan2(sine, (one * other).sum(axis=1)))


def _stance_rad(
    path: Path, truth: FloatArray, first: int, calibrations: Sequence[Calibration]
) -> tuple[FloatArray, str]:
    """Return the optical flexion (6,) in the stance that calibrated, or 0 and why not."""
    file = path.parents[1] / "rawvicon" / f"{path.stem}.mat"
    none = np.zeros(len(JOINTS))
    if not calibrations:
        return none, ""
    last = round(calibrations[0].t_s * RATE_HZ)
    stance = slice(max(0, last - round(STANCE_S * RATE_HZ)), last)
    try:
        centres = _Centres(load_matlab(file))
        angle = np.stack([centres.flexion_rad(joint) for joint in JOINTS], axis=1)
    except (RecordingError, KeyError, ValueError, IndexError):
        return none, f"without {file.name} of rawvicon, the optical angle in the stance is unknown"
    moved = angle[first] - angle[stance].mean(axis=0)
    return truth[0] - moved, ""


def _fronts_known(calibrations: Sequence[Calibration], count: int) -> BoolArray:
    """Return (T, 6) when movement had shown the fronts of both segments of each joint."""
    known = np.zeros((count, len(JOINTS)), np.bool_)
    for calibration in calibrations:
        shown = {
            place for place, yes in zip(calibration.places, calibration.front, strict=True) if yes
        }
        columns = [set(ENDS[joint]) <= shown for joint in JOINTS]
        known[round(calibration.t_s * RATE_HZ) :, columns] = True
    return known


def _from_when(known: BoolArray) -> str:
    """Say when (T, 6) the joints were ``known`` to the pipe."""
    parts = [
        f"{joint.replace('_', ' ')} {np.argmax(column) / RATE_HZ:.1f} s"
        for joint, column in zip(JOINTS, known.T, strict=True)
        if column.any()
    ]
    never = [joint.replace("_", " ") for joint in JOINTS if not known[:, JOINTS.index(joint)].any()]
    told = [f"scored once movement has shown the fronts of both segments, from {', '.join(parts)}"]
    return "; ".join([*told[: len(parts)], *(f"{name} never" for name in never)])


def _values(error_deg: FloatArray, name: str, kinds: Sequence[str] = _KINDS) -> dict[str, float]:
    """Return the mean over the sides that are known, by metric."""
    values = {}
    for kind in kinds:
        sides = [_rms(error_deg[:, c]) for c, joint in enumerate(JOINTS) if kind in joint]
        known = [side for side in sides if np.isfinite(side)]
        values[name.format(kind)] = float(np.mean(known)) if known else float("nan")
    return values


def _plane_values(
    blocks: Sequence[BodyAngleBlock], planes: Sequence[FloatArray], first: int
) -> dict[str, float]:
    """Return the spread of the error of hips and knees in the other planes, by metric.

    ``planes`` are the optical adduction and rotation (T, 6), from sample ``first`` on.
    """
    values: dict[str, float] = {}
    for plane, truth in zip(_PLANES, planes, strict=True):
        error_deg = np.full((len(truth), len(JOINTS)), np.nan)
        for block in blocks:
            rows = block.start + np.arange(len(block.valid))
            rows = np.round(rows * RATE_HZ / block.rate_hz).astype(np.int64) - first
            within = (rows >= 0) & (rows < len(truth))
            for column, joint in enumerate(JOINTS):
                if (name := f"{joint}_{plane}") in block.names:
                    told = block.angle_rad[within, block.names.index(name)]
                    error_deg[rows[within], column] = np.degrees(told - truth[rows[within], column])
        values |= _values(_about_mean(error_deg), f"{{}}_{plane}_about_mean_deg", ("hip", "knee"))
    return values


def _about_mean(error: FloatArray) -> FloatArray:
    """Return ``error`` (T, 6) less the mean of each column."""
    known = np.isfinite(error)
    sums = np.where(known, error, 0.0).sum(axis=0)
    return np.asarray(error - sums / np.maximum(known.sum(axis=0), 1))


def _of_strides(heard: Heard, truth: FloatArray, first: int) -> dict[str, float]:
    """Score the figures of strides that lie in ``truth`` (T, 6) rad, which begins at ``first``."""
    strides = {(stride.side, stride.end_s): stride for stride in heard.all(Stride)}
    error_deg: dict[str, list[float]] = {name: [] for name in RANGES}
    inside: list[bool] = []
    for figure in heard.all(Figure):
        stride = strides.get((figure.side, figure.t_s)) if figure.side is not None else None
        if figure.name not in RANGES or figure.quality.withheld or stride is None:
            continue
        joint, _, what = figure.name.partition("_")
        begun, over = (round(t_s * RATE_HZ) - first for t_s in (stride.start_s, stride.end_s))
        course = truth[max(0, begun) : over + 1, JOINTS.index(Joint(f"{figure.side}_{joint}"))]
        if begun < 0 or over >= len(truth) or np.isnan(course).any():
            continue
        error_rad = figure.value - _EXTREMES[what](course)
        error_deg[figure.name].append(np.degrees(error_rad))
        inside.append(abs(error_rad) <= figure.half_width)
    values = {f"{name}_deg": _rms(np.array(errors)) for name, errors in error_deg.items()}
    return {**values, "within_interval": float(np.mean(inside)) if inside else float("nan")}


_EXTREMES: Mapping[str, Callable[[FloatArray], float]] = {
    "range_of_motion": lambda course: float(np.ptp(course)),
    "peak_flexion": lambda course: float(course.max()),
    "extension_deficit": lambda course: float(course.min()),
}


def _rms(error: FloatArray) -> float:
    known = error[np.isfinite(error)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else float("nan")


SET = NeuraSet()
