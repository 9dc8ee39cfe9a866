"""Full-body example of qmt: agreement with what the sensors' maker says; there is no other truth.

The maker's quaternions are those of body segments (x forward, y up, z right) in an earth with z up.
Each segment's fixed turn against its sensor is not told; here it is the one that makes the rate of
turn of both agree best. Inclination is then compared sensor by sensor. Headings of the maker's rest
on magnetometers that the set does not have, so they are not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from gateway import quaternion
from gateway.app.validation import About, Metric, Mode, TrialScore, means, named
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import BodyBlock, FloatArray, OrientationBlock
from gateway.orientation.offline import offline_orientation
from gateway.recordings import open_recording
from gateway.recordings.matlab import load_matlab
from gateway.recordings.qmt_full_body import SEGMENTS
from inference.inclination import up_in_sensor

TURNING_RAD_S = 0.5
LEAST_TURNING = 100
"""Samples that turn faster, without which the axes of sensor and segment do not connect."""
"""Slower turning says little of how the axes lie."""


class QmtSet:
    """Inclination of twelve sensors from feet to forearms."""

    name = "qmt_full_body"
    about = About(
        who="one person; what it does is not told",
        truth="no truth: orientations by the sensors' maker, so this is agreement",
        source="https://github.com/dlaidig/qmt",
        licence="MIT",
        layout="`full_body_example_data.mat`, also with something before that in its name",
    )
    look_ahead_s = 0.0
    metrics = (Metric("inclination_deg", "°", 3.0, "none published"),)

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every recording."""
        found = sorted(folder.rglob("*full_body_example_data.mat"))
        return named(((path.stem, path) for path in found), folder)

    def score(self, path: Path, mode: Mode) -> TrialScore:
        """Score the inclination of every sensor; raises RecordingError."""
        variables, recording = load_matlab(path), open_recording(path)
        heard = Heard(recording, OrientationBlock, BodyBlock)
        blocks = heard.all(OrientationBlock)
        if mode is Mode.OFFLINE:
            blocks = [offline_orientation(heard.all(BodyBlock))]
        quat = np.concatenate([block.quat for block in blocks])
        errors = {
            place: _inclination_rmse_deg(quat[:, column], variables[SEGMENTS[place]], path)
            for column, place in enumerate(blocks[0].places)
        }
        known = [error for error in errors.values() if np.isfinite(error)]
        values = {"inclination_deg": float(np.mean(known)) if known else float("nan")}
        without = [place.replace("_", " ") for place in errors if not np.isfinite(errors[place])]
        remark = f"no figure of {', '.join(without)}" if without else ""
        remarks = "; ".join(filter(None, [heard.remark, remark]))
        return TrialScore(recording.person, 0, values, remark=remarks)

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the mean over all recordings."""
        return means(scores, self.metrics)


def _inclination_rmse_deg(quat: FloatArray, segment: Mapping[str, FloatArray], path: Path) -> float:
    """Return by how much up differs in a sensor's axes, as root mean square over time.

    NaN where it is not known, or the sensor hardly turns. Raises RecordingError.
    """
    try:
        told = np.asarray(segment["quat"], np.float64).reshape(len(segment["gyr"]), 4)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(
            f"{path}: a segment has no orientation (w, x, y, z) of each sample to compare with"
        ) from error
    count = min(len(told), len(quat))
    known = np.isfinite(told[:count]).all(axis=1) & np.isfinite(quat[:count]).all(axis=1)
    gyr = np.asarray(segment["gyr"], np.float64)[:count][known]
    if np.count_nonzero(np.linalg.norm(gyr, axis=1) > TURNING_RAD_S) < LEAST_TURNING:
        return float("nan")
    told, quat = told[:count][known], quat[:count][known]
    told = told / np.linalg.norm(told, axis=1, keepdims=True)
    to_segment = _fixed_turn(gyr, told)
    theirs = to_segment.inv().apply(up_in_sensor(told))
    cosine = np.clip((up_in_sensor(quat) * theirs).sum(axis=1), -1.0, 1.0)
    return float(np.degrees(np.sqrt(np.mean(np.arccos(cosine) ** 2))))


def _fixed_turn(gyr: FloatArray, quat: FloatArray) -> Rotation:
    """Return the turn from a sensor with ``gyr`` (N, 3) into a segment with ``quat`` (N, 4)."""
    step = quaternion.multiply(quaternion.conjugate(quat[:-1]), quat[1:])
    turning = quaternion.to_rotation_vector(step)
    fast = np.linalg.norm(gyr[1:], axis=1) > TURNING_RAD_S
    return Rotation.align_vectors(turning[fast], gyr[1:][fast])[0]


SET = QmtSet()
