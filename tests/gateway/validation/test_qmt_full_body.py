"""Twelve sensors, arms among them, agree with what their maker says."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.io import loadmat, savemat

from gateway.app.validation import Mode
from gateway.app.validation.sets.qmt_full_body import SET
from gateway.errors import RecordingError
from gateway.recordings import open_recording
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
    with pytest.raises(RecordingError, match="no orientation to compare with"):
        SET.score(tmp_path / FILE, Mode.LIVE)
