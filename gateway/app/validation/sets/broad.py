"""BROAD: orientation of a board in somebody's hand against optical markers, with magnets or not.

The errors are those of the set's authors: of the error quaternion in the global frame the whole
angle, the part about the vertical (heading), and what is left (inclination), each as root mean
square over the samples that they mark as movement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gateway import quaternion
from gateway.app.validation import About, Metric, Mode, TrialScore, means, named
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import BodyBlock, BoolArray, FloatArray, OrientationBlock
from gateway.orientation.offline import offline_orientation
from gateway.recordings import open_recording
from gateway.recordings.matlab import load_matlab

_NAME = re.compile(r"\d\d_(un)?disturbed_\w+")
_KINDS = ("total_deg", "heading_deg", "inclination_deg")
_NO_FIELD = "it has no magnetometer, so only inclination is scored"
_COURSE_STEP = 29
"""Ten errors a second are enough to be looked at."""


class BroadSet:
    """Orientation with the magnetometer."""

    name = "broad"
    about = About(
        who="nobody: one board in the hand, turned, moved and tapped, near magnets or not",
        truth="optical markers",
        source="https://doi.org/10.3390/data6070072",
        licence="CC BY 4.0",
        layout="`NN_disturbed_….mat` and `NN_undisturbed_….mat`, in any folder",
        limits=(
            "What is missed is missed by VQF itself: on each of the eight trials the figures "
            "are those of its reference implementation at full rate. Trial 32 (a magnet on "
            "the board) has 7.7° in all, trials 21 and 28 about 4° each."
        ),
    )
    look_ahead_s = 0.0
    metrics = (
        Metric("total_deg", "°", 2.45, "VQF 2.43 live, 2.15 offline (30 trials)"),
        Metric("heading_deg", "°", 2.30, "VQF 2.27 live, 2.05 offline (30 trials)"),
        Metric("inclination_deg", "°", 0.72, "VQF 0.72 live, 0.53 offline (30 trials)"),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every ``NN_….mat``."""
        found = [path for path in folder.rglob("*.mat") if _NAME.fullmatch(path.stem)]
        return named(sorted((path.stem, path) for path in found), folder)

    def score(self, path: Path, mode: Mode) -> TrialScore:
        """Score the orientation of the board; raises RecordingError."""
        truth, scored = _truth(path)
        recording = open_recording(path)
        heard = Heard(recording, OrientationBlock, BodyBlock)
        if mode is Mode.OFFLINE:
            blocks = [offline_orientation(heard.all(BodyBlock))]
        else:
            blocks = heard.all(OrientationBlock)
        absolute = [block.absolute[:, 0] for block in blocks if block.absolute is not None]
        if not absolute:
            plain = np.concatenate([block.quat[:, 0] for block in blocks])
            values = _values(_errors_deg(plain, truth), scored)
            inclination = {_KINDS[2]: values[_KINDS[2]]}
            return TrialScore(recording.person, 0, inclination, remark=_NO_FIELD)
        errors = _errors_deg(np.concatenate(absolute), truth)
        t_s = np.arange(errors.shape[1]) / recording.grid_rate_hz
        return TrialScore(
            person=recording.person,
            strides=0,
            values=_values(errors, scored),
            remark="; ".join(filter(None, [heard.remark, _unknown(errors)])),
            course={"total error (°)": np.stack([t_s, errors[0]], axis=1)[scored][::_COURSE_STEP]},
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the means over all trials, as the authors do."""
        return means(scores, self.metrics)


def _truth(path: Path) -> tuple[FloatArray, BoolArray]:
    """Return the optical orientation (N, 4) and which samples are scored (N,)."""
    variables = load_matlab(path)
    try:
        truth = np.asarray(variables["opt_quat"], np.float64).reshape(-1, 4)
        scored = np.asarray(variables["movement"]).reshape(-1) > 0
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path}: it has no optical orientation to compare with") from error
    # Where the cameras did not see the board there may be zeros.
    truth = np.where(np.any(truth != 0.0, axis=1, keepdims=True), truth, np.nan)
    if len(scored) != len(truth) or not (scored & np.isfinite(truth[:, 0])).any():
        raise RecordingError(f"{path}: it has no movement with an optical orientation")
    return truth, scored


def _errors_deg(estimate: FloatArray, truth: FloatArray) -> FloatArray:
    """Return total, heading and inclination error in degrees (3, N); NaN where not both are known.

    Both (…, 4) sensor → earth; what is missing at the end of the estimate is NaN.
    """
    error = np.full(truth.shape, np.nan)
    count = min(len(truth), len(estimate))
    error[:count] = quaternion.multiply(estimate[:count], quaternion.conjugate(truth[:count]))
    w, z = np.abs(error[:, 0]), np.abs(error[:, 3])
    total = np.arccos(np.minimum(w, 1.0))
    inclination = np.arccos(np.minimum(np.hypot(w, z), 1.0))
    return 2 * np.degrees([total, np.arctan2(z, w), inclination])


def _values(errors_deg: FloatArray, scored: BoolArray) -> dict[str, float]:
    known = errors_deg[:, scored & np.isfinite(errors_deg[0])]
    if not known.shape[1]:
        return dict.fromkeys(_KINDS, float("nan"))
    rms = np.sqrt((known**2).mean(axis=1))
    return dict(zip(_KINDS, rms.tolist(), strict=True))


def _unknown(errors_deg: FloatArray) -> str:
    """Say why there is no figure where no error (3, N) is known."""
    none = "no figure: its magnetic field is never known"
    return "" if np.isfinite(errors_deg).any() else none


SET = BroadSet()
