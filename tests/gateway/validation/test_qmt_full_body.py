"""Twelve sensors, arms among them, agree with what their maker says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from gateway import quaternion
from gateway.app.validation import Mode
from gateway.app.validation.hearing import Heard
from gateway.app.validation.sets.qmt_full_body import SET
from gateway.errors import RecordingError
from gateway.messages import BodyAngleBlock
from gateway.recordings import open_recording
from gateway.recordings.matlab import load_matlab
from tests.data import data_set

FILE = "full_body_example_data.mat"


def test_inclination() -> None:
    (path,) = SET.trials(data_set("qmt_full_body")).values()
    scored = SET.score(path, Mode.LIVE)
    print(scored.values)  # noqa: T201, what pytest -s shows
    assert scored.values["inclination_deg"] < 2.2
    assert len(open_recording(path).sensors) == 12


def test_a_recording_without_orientations_is_refused(tmp_path: Path) -> None:
    variables = loadmat(data_set("qmt_full_body") / FILE, simplify_cells=True)
    kept = {name: value for name, value in variables.items() if not name.startswith("__")}
    del kept["hip"]["quat"]
    savemat(tmp_path / FILE, kept)
    with pytest.raises(RecordingError, match=r"no orientation .* to compare with"):
        SET.score(tmp_path / FILE, Mode.LIVE)


def test_a_pelvis_sensor_on_the_back_of_who_sits_down_first_is_told_by_walking() -> None:
    """Sitting down tips the pelvis back, as bending would if the sensor were in front."""
    (path,) = SET.trials(data_set("qmt_full_body")).values()
    told = Heard(open_recording(path), BodyAngleBlock).all(BodyAngleBlock)
    name = "pelvis_forward_tilt"
    tilt = np.concatenate(
        [block.angle_rad[:, block.names.index(name)] for block in told if name in block.names]
    )
    quat = np.asarray(load_matlab(path)["hip"]["quat"], np.float64)
    up = quaternion.to_matrix(quat)[::4, 2]
    maker = -np.arctan2(up[:, 0], up[:, 1])[: len(tilt)]
    walking = slice(25 * 70, len(maker))
    assert np.corrcoef(tilt[: len(maker)][walking], maker[walking])[0, 1] > 0.8
