"""Two segments on a joint of one, two or three axes: how they are turned against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gateway import quaternion
from gateway.app.validation import About, Metric, Mode, TrialScore, means, named
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import BoolArray, FloatArray, JointRotationBlock
from gateway.recordings import open_recording
from gateway.recordings.dfjimu_joint import NAME, RATE_HZ
from gateway.recordings.matlab import load_matlab
from inference.joints.rotations import TOLD_S

SKIPPED_S = 10.0
LATE_SAMPLES = 1
"""The optical orientation of a row belongs to the sensors' next row: so the authors compare."""

JUMP_RAD_S = 2.0
"""Where the optical orientation turns by so much more than the gyroscope, markers were mixed up."""
BESIDE_JUMP_S = 1.0

_BEST = "3.4 with lever arms given (the authors' online filter, computed by us)"
_ALL = "relative_deg_after_10s"
_CLEAN = "relative_deg_without_optical_jumps"


class DfjimuSet:
    """The angle between true and told relative orientation, root mean square."""

    name = "dfjimu_joint"
    about = About(
        who="nobody: two rigid segments, moved by hand, on a joint of one, two or three axes",
        truth="optical orientation of both segments",
        source="https://github.com/daniel-om-weber/dfjimu",
        licence="MIT",
        layout="`data_1D_01.mat` and so on, anywhere below the folder",
    )
    look_ahead_s = TOLD_S
    metrics = (
        Metric(_ALL, "°", 3.0, _BEST),
        *(Metric(f"{_ALL}_{kind}", "°", 3.4, _BEST) for kind in ("1D", "2D", "3D")),
        Metric(_CLEAN, "°", 3.0, "none is known"),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every ``data_2D_01.mat``."""
        found = [path for path in folder.rglob("data_*.mat") if NAME.fullmatch(path.name)]
        return named(sorted((path.stem, path) for path in found), folder)

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Score a trial; raises RecordingError."""
        recording = open_recording(path)
        true, jumps = _truth(path)
        heard = Heard(recording, JointRotationBlock)
        blocks = heard.all(JointRotationBlock)
        told = np.concatenate([block.quat[:, 0] for block in blocks])[LATE_SAMPLES:]
        count = min(len(true), len(told))
        error_deg = _angle_deg(true[:count], told[:count])
        time_s = (np.arange(count) + LATE_SAMPLES) / RATE_HZ
        scored = (time_s >= SKIPPED_S) & np.isfinite(error_deg)
        clean = scored & ~_beside(jumps)[:count]
        values = {_ALL: _rms(error_deg[scored]), _CLEAN: _rms(error_deg[clean])}
        return TrialScore(
            recording.person,
            0,
            {**values, f"{_ALL}_{_kind(path)}": values[_ALL]},
            remark="; ".join(filter(None, [heard.remark, _remark(jumps), _short(scored)])),
            course={"error of relative orientation (°)": np.stack([time_s, error_deg], axis=1)},
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the means over the trials."""
        return means(scores, self.metrics)


def _truth(path: Path) -> tuple[FloatArray, BoolArray]:
    """Return the relative orientation (T, 4) and where the optical one jumps (T,).

    Raises RecordingError.
    """
    try:
        data = load_matlab(path)["data"]
        reference = np.asarray(data["ref"], np.float64)
        optical = reference[:, :8].reshape(len(reference), 2, 4)
        optical = np.where(np.linalg.norm(optical, axis=2, keepdims=True) > 0, optical, np.nan)
        gyr = np.asarray(data["sensorData"], np.float64).reshape(-1, 2, 6)[:, :, 3:]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordingError(f"{path}: its optical truth cannot be read ({error})") from error
    steps = quaternion.multiply(quaternion.conjugate(optical[:-1]), optical[1:])
    turning = np.linalg.norm(quaternion.to_rotation_vector(steps), axis=-1) * RATE_HZ
    felt = np.linalg.norm(gyr[LATE_SAMPLES:], axis=-1)
    both = min(len(turning), len(felt))
    jumps = np.zeros(len(optical), np.bool_)
    jumps[1 : both + 1] = ~((turning[:both] - felt[:both]).max(axis=1) < JUMP_RAD_S)
    first, second = optical[:, 0], optical[:, 1]
    return quaternion.multiply(quaternion.conjugate(first), second), jumps


def _beside(jumps: BoolArray) -> BoolArray:
    """Return where (T,) a jump is at most ``BESIDE_JUMP_S`` away."""
    near = np.ones(2 * round(BESIDE_JUMP_S * RATE_HZ) + 1)
    return np.convolve(jumps, near, "same") > 0


def _angle_deg(true: FloatArray, told: FloatArray) -> FloatArray:
    error = quaternion.multiply(quaternion.conjugate(true), told)
    return np.asarray(np.degrees(np.linalg.norm(quaternion.to_rotation_vector(error), axis=-1)))


def _rms(error: FloatArray) -> float:
    return float(np.sqrt(np.mean(error**2))) if len(error) else float("nan")


def _kind(path: Path) -> str:
    named = NAME.fullmatch(path.name)
    return named[1] if named else ""


def _remark(jumps: BoolArray) -> str:
    count = int(np.count_nonzero(jumps))
    return f"the optical orientation jumps {count} times, which counts as error" if count else ""


def _short(scored: BoolArray) -> str:
    """Say why there is no figure where nothing is ``scored`` (T,)."""
    none = f"no figure: both orientations are not known at any time after {SKIPPED_S:.0f} s"
    return "" if scored.any() else none


SET = DfjimuSet()
