"""The sets with sensors on the feet: figures hold, layouts are found, defects are told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.app.validation import Mode
from gateway.app.validation.agreement import intraclass_correlation
from gateway.cli.validating import run_set
from tests.data import data_set


def summary(name: str, folder: Path) -> dict[str, float | None]:
    return run_set(name, folder, Mode.LIVE).document.summary


def at_most(told: dict[str, float | None], bounds: dict[str, float]) -> None:
    for name, bound in bounds.items():
        value = told[name]
        assert value is not None
        assert value <= bound, name


def test_stride_length_and_contacts_of_gaitmap() -> None:
    told = summary("gaitmap_foot", data_set("gaitmap_foot"))
    at_most(told, {"stride_length_cm": 3.3, "ic_ms": 8.0, "fc_ms": 6.0})
    assert (told["f1"] or 0.0) >= 0.99


def test_closure_of_the_loop() -> None:
    at_most(summary("xio_foot_loop", data_set("xio_foot_loop")), {"closure_mm": 40.0})


def test_contacts_of_voisard() -> None:
    told = summary("voisard_healthy_gait", data_set("voisard_healthy_gait"))
    at_most(told, {"ic_ms": 10.5, "fc_ms": 10.5})
    assert (told["ic_f1"] or 0.0) >= 0.94
    assert (told["fc_f1"] or 0.0) >= 0.955
    assert (told["back_ic_f1"] or 0.0) >= 0.928


def test_walks_of_felius(tmp_path: Path) -> None:
    """Two people who walk alike tell nothing of agreement; that both walks are scored, they do."""
    for path in data_set("felius_stroke_2mwt").rglob("*TestRetest*foot.csv"):
        shutil.copyfile(path, tmp_path / path.name)
    document = run_set("felius_stroke_2mwt", tmp_path, Mode.LIVE).document
    assert len(document.trials) == 4
    for trial in document.trials:
        assert 1.0 < trial["stride_time_s"] < 1.4
        assert 90.0 < trial["cadence_spm"] < 120.0
        assert trial["strides"] > 150
    assert document.summary["icc"] is not None


def test_a_walk_filed_twice_is_no_pair(tmp_path: Path) -> None:
    source = next(data_set("felius_stroke_2mwt").rglob("H11*_Test_No_leftfoot.csv"))
    for session in ("Test", "Hertest"):
        shutil.copyfile(source, tmp_path / f"A1_Healthy_TestRetest_{session}_No_leftfoot.csv")
    assert summary("felius_stroke_2mwt", tmp_path)["icc"] is None


@pytest.mark.parametrize("spoilt", ["stride_events_sample.csv", "position_sample.csv"])
def test_truth_that_cannot_be_read_is_told(tmp_path: Path, spoilt: str) -> None:
    for name in ("imu_sample.csv", "stride_events_sample.csv", "position_sample.csv"):
        shutil.copyfile(data_set("gaitmap_foot") / name, tmp_path / name)
    other = tmp_path / "more"
    shutil.copytree(tmp_path, other)
    lines = (other / spoilt).read_text().splitlines()
    lines[5] = ",".join([*lines[5].split(",")[:3], *["x"] * 5])
    (other / spoilt).write_text("\n".join(lines) + "\n")
    document = run_set("gaitmap_foot", tmp_path, Mode.LIVE).document
    remarks = [trial.get("remark", "") for trial in document.trials]
    assert sum("cannot be read" in remark for remark in remarks) == 1
    assert document.summary["stride_length_cm"] is not None


def test_agreement_of_the_textbook() -> None:
    """Shrout and Fleiss 1979, table 2: four judges, six targets, ICC(2,1) 0.29."""
    judged = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert intraclass_correlation(np.array(judged, float)) == pytest.approx(0.29, abs=0.005)


@given(st.lists(st.floats(0.8, 2.0), min_size=2, max_size=20, unique_by=lambda x: round(x, 3)))
def test_what_comes_out_the_same_agrees_wholly(times_s: list[float]) -> None:
    assert intraclass_correlation(np.array([times_s, times_s]).T) == pytest.approx(1.0)
    assert np.isnan(intraclass_correlation(np.array([[1.0, 1.1]])))
