"""The orientation figures of BROAD keep their height."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from gateway.app.validation import Mode
from gateway.app.validation.sets.broad import SET
from gateway.errors import RecordingError
from tests.data import data_set

FIGURES = ("total_deg", "heading_deg", "inclination_deg")
FIRST = "02_undisturbed_slow_rotation_B"


def trial(name: str) -> Path:
    return data_set("broad") / "data_mat" / f"{name}.mat"


@pytest.mark.parametrize(
    ("name", "mode", "bounds"),
    [
        (FIRST, Mode.LIVE, (1.5, 1.4, 0.5)),
        (FIRST, Mode.OFFLINE, (1.1, 1.05, 0.4)),
        ("28_disturbed_stationary_magnet_A", Mode.LIVE, (4.2, 4.0, 1.3)),
    ],
)
def test_figures(name: str, mode: Mode, bounds: tuple[float, float, float]) -> None:
    scored = SET.score(trial(name), mode)
    values = [scored.values[figure] for figure in FIGURES]
    print(name, mode, np.round(values, 2))  # noqa: T201, what pytest -s shows
    assert (np.array(values) < bounds).all()
    assert not scored.remark or "calibration" in scored.remark


def test_trials_are_found_in_any_folder(tmp_path: Path) -> None:
    for name in ("sub/14_undisturbed_slow_translation_with_breaks_B.mat", "33_disturbed_x.mat"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "trials.json").touch()
    assert list(SET.trials(tmp_path)) == [
        "14_undisturbed_slow_translation_with_breaks_B",
        "33_disturbed_x",
    ]


def without(missing: str, folder: Path) -> Path:
    """A copy of the first trial without one of its variables."""
    variables = {k: v for k, v in loadmat(trial(FIRST)).items() if not k.startswith("__")}
    del variables[missing]
    path = folder / f"{FIRST}.mat"
    savemat(path, variables)
    return path


@pytest.mark.parametrize("missing", ["opt_quat", "movement"])
def test_a_trial_without_truth_is_refused(tmp_path: Path, missing: str) -> None:
    with pytest.raises(RecordingError, match="optical orientation"):
        SET.score(without(missing, tmp_path), Mode.LIVE)


def test_without_a_magnetometer_inclination_is_scored(tmp_path: Path) -> None:
    scored = SET.score(without("imu_mag", tmp_path), Mode.LIVE)
    assert scored.values.keys() == {"inclination_deg"}
    assert scored.values["inclination_deg"] < 0.5
    assert "no magnetometer" in scored.remark
