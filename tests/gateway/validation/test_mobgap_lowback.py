"""The lower back alone against INDIP: the figures must not get worse than this."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.app.validation import Mode
from gateway.cli.validating import Validated, run_set
from gateway.recordings import open_recording
from tests.data import data_set

NAME = "mobgap_lowback"


@pytest.fixture(scope="module")
def scored() -> Validated:
    return run_set(NAME, data_set(NAME), Mode.LIVE).document


def test_figures(scored: Validated) -> None:
    values = {name: value or float("nan") for name, value in scored.summary.items()}
    print(values)  # noqa: T201, the figures are for people
    assert values["ic_f1"] > 0.96
    assert values["ic_ms"] < 48.0
    assert values["speed_mps"] < 0.07
    assert values["stride_length_m"] < 0.09
    assert values["cadence_spm"] < 2.5


def test_every_trial_of_every_person_is_scored(scored: Validated) -> None:
    names = [trial["name"] for trial in scored.trials]
    assert names == [
        f"{person}/001/{trial}"
        for person in ("HA", "MS")
        for trial in ("Test5-Trial1", "Test5-Trial2", "Test11-Trial1")
    ]
    assert all("INDIP" in trial["remark"] for trial in scored.trials)


def test_without_the_persons_height_speed_is_withheld_and_contacts_are_scored(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "HA" / "001"
    folder.mkdir(parents=True)
    shutil.copyfile(data_set(NAME) / "lab" / "HA" / "001" / "data.mat", folder / "data.mat")
    document = run_set(NAME, tmp_path, Mode.LIVE).document
    assert document.summary["speed_mps"] is None
    assert (document.summary["ic_f1"] or 0.0) > 0.9
    assert "height" in document.trials[0]["remark"]


def test_a_damaged_file_is_remarked_on(tmp_path: Path) -> None:
    for person, keep in (("001", None), ("002", 100_000)):
        folder = tmp_path / "HA" / person
        folder.mkdir(parents=True)
        content = (data_set(NAME) / "lab" / "HA" / "001" / "data.mat").read_bytes()
        (folder / "data.mat").write_bytes(content[:keep])
    document = run_set(NAME, tmp_path, Mode.LIVE).document
    assert [trial["name"] for trial in document.trials][-1] == "HA/002"
    assert "truncated" in document.trials[-1]["remark"]


def test_the_height_is_read_beside_the_recording() -> None:
    recording = open_recording(data_set(NAME) / "lab" / "MS" / "001" / "data.mat")
    assert (recording.size.height_m, recording.size.pelvis_height_m) == (1.68, 0.975)


def test_the_lower_back_against_the_feet_s_marks(tmp_path: Path) -> None:
    for path in (data_set("voisard_healthy_gait") / "GaitData").glob("[12]-*"):
        shutil.copyfile(path, tmp_path / path.name)
    (tmp_path / "2-2_lb.txt").unlink()
    document = run_set("voisard_healthy_gait", tmp_path, Mode.LIVE).document
    assert document.trials[-1]["back_ic_f1"] is None
    assert document.trials[-1]["ic_f1"]
    assert (document.summary["back_ic_f1"] or 0.0) > 0.9
    assert (document.summary["back_ic_ms"] or 99.0) <= 20.0
