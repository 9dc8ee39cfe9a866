"""Trials that are damaged or laid out otherwise: a sentence for each, and the others scored."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from gateway.app.validation import Mode
from gateway.cli.validating import run_set
from tests.data import data_set

Change = Callable[[dict[str, Any]], object]


def told_beside_a_sound_one(
    name: str, sound: Path, folder: Path, change: Change, damaged: str
) -> dict[str, Any]:
    """Return what is told of a copy of the trial ``sound`` with its variables changed."""
    shutil.copyfile(sound, folder / sound.name)
    variables = {k: v for k, v in loadmat(sound, simplify_cells=True).items() if k[0] != "_"}
    change(variables)
    savemat(folder / damaged, variables)
    told = {trial["name"]: trial for trial in run_set(name, folder, Mode.LIVE).document.trials}
    assert len(told[sound.stem]) > 3, "the sound trial is not scored"
    return told[Path(damaged).stem]


def dfjimu(**changes: Callable[[Any], Any]) -> Change:
    def change(variables: dict[str, Any]) -> None:
        data = variables["data"]
        variables["data"] = {**data, **{name: to(data[name]) for name, to in changes.items()}}

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dfjimu(sensorData=lambda values: values[:, :6]), "twelve columns"),
        (dfjimu(ref=lambda values: values[:, :4]), "its optical truth cannot be read"),
        (dfjimu(ref=lambda values: values * 0), "no figure"),
        (dfjimu(ref=lambda values: values[:100]), "no figure"),
        (dfjimu(sensorData=lambda values: values[:300]), "no figure"),
    ],
)
def test_dfjimu(tmp_path: Path, change: Change, said: str) -> None:
    sound = data_set("dfjimu_joint") / "data" / "data_3D_01.mat"
    told = told_beside_a_sound_one("dfjimu_joint", sound, tmp_path, change, "data_3D_99.mat")
    assert said in told["remark"]
    assert told.get("relative_deg_after_10s") is None


@pytest.mark.parametrize("rate_hz", [0.0, -285.7, np.nan, 2.8e9, np.inf])
def test_a_rate_that_cannot_be(tmp_path: Path, rate_hz: float) -> None:
    def change(variables: dict[str, Any]) -> None:
        variables["sampling_rate"] = rate_hz

    sound = data_set("broad") / "data_mat" / "32_disturbed_attached_magnet_1cm.mat"
    told = told_beside_a_sound_one("broad", sound, tmp_path, change, "99_disturbed_x.mat")
    assert set(told) == {"name", "remark"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v.update(t=v["t"] * 0), "its times never rise"),
        (lambda v: v["hip"].update(quat=v["hip"]["quat"] * np.nan), "no figure of pelvis"),
        (lambda v: v["hip"].update(quat=v["hip"]["quat"][:, :3]), "orientation (w, x, y, z)"),
        (lambda v: v.pop("hip"), "pelvis: it has no sensor"),
    ],
)
def test_qmt(tmp_path: Path, change: Change, said: str) -> None:
    sound = data_set("qmt_full_body") / "full_body_example_data.mat"
    damaged = "other_full_body_example_data.mat"
    told = told_beside_a_sound_one("qmt_full_body", sound, tmp_path, change, damaged)
    assert said in told["remark"]


def test_a_raw_recording_that_ends_before_the_optical_one(tmp_path: Path) -> None:
    for part in ("imu", "rawimu", "vicon"):
        shutil.copytree(data_set("neura_sparse_sample") / part, tmp_path / part)
    for path in (tmp_path / "rawimu").glob("*.txt"):
        path.write_text("\n".join(path.read_text().splitlines()[:1100]) + "\n")
    (told,) = run_set("neura_sparse_sample", tmp_path, Mode.LIVE).document.trials
    assert "is it truncated?" in told["remark"]
    assert told["knee_flexion_deg"] is None


def test_a_raw_recording_at_another_rate_than_the_optical_one(tmp_path: Path) -> None:
    for part in ("imu", "rawimu", "vicon"):
        shutil.copytree(data_set("neura_sparse_sample") / part, tmp_path / part)
    for path in (tmp_path / "rawimu").glob("*.txt"):
        path.write_text(path.read_text().replace("Update Rate: 100", "Update Rate: 200"))
    (told,) = run_set("neura_sparse_sample", tmp_path, Mode.LIVE).document.trials
    assert "its sensors say 200 Hz" in told["remark"]
    assert "knee_flexion_deg" not in told


def test_an_optical_truth_that_is_cut_off(tmp_path: Path) -> None:
    for kind in ("imu", "stride_events", "position"):
        table = data_set("gaitmap_foot") / f"{kind}_sample.csv"
        for name in ("cut", "whole"):
            shutil.copyfile(table, tmp_path / f"{kind}_{name}.csv")
    path = tmp_path / "position_cut.csv"
    path.write_bytes(path.read_bytes()[:100_000])
    cut, whole = run_set("gaitmap_foot", tmp_path, Mode.LIVE).document.trials
    assert "position_cut.csv: the last line is incomplete" in cut["remark"]
    assert whole["stride_length_cm"] < 4


def test_gaitmap_s_trials_may_have_any_name_and_one_foot(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for kind in ("stride_events", "position"):
        table = data_set("gaitmap_foot") / f"{kind}_sample.csv"
        shutil.copyfile(table, tmp_path / "deep" / f"{kind}_walk-2.csv")
    rows = [
        line.split(",")
        for line in (data_set("gaitmap_foot") / "imu_sample.csv").read_text().splitlines()
    ]
    keep = [column for column, head in enumerate(rows[0]) if head != "left_sensor"]
    kept = "\n".join(",".join(row[column] for column in keep) for row in rows)
    (tmp_path / "deep" / "imu_walk-2.csv").write_text(kept + "\n")
    (told,) = run_set("gaitmap_foot", tmp_path, Mode.LIVE).document.trials
    assert told["name"] == "deep/imu_walk-2"
    assert told["f1"] > 0.95
    assert "left foot: it has no sensor" in told["remark"]


def test_xio_s_walks_may_have_any_name(tmp_path: Path) -> None:
    walk = data_set("xio_foot_loop") / "short_walk.csv"
    shutil.copyfile(walk, tmp_path / "walk 3.csv")
    heading, *rows = walk.read_text().splitlines()
    cut = [
        ",".join([t, *(str(max(-250.0, min(250.0, float(v)))) for v in rest[:3]), *rest[3:]])
        for t, *rest in (row.split(",") for row in rows)
    ]
    (tmp_path / "clipped.csv").write_text("\n".join([heading, *cut]) + "\n")
    (tmp_path / "empty_walk.csv").write_bytes(b"")
    told = {t["name"]: t for t in run_set("xio_foot_loop", tmp_path, Mode.LIVE).document.trials}
    assert told["walk 3"]["closure_mm"] < 60
    assert "full scale" in told["clipped"]["remark"]
    assert told["clipped"].get("closure_mm") is None
    assert "is empty" in told["empty_walk"]["remark"]


def test_a_unit_that_is_not_there(tmp_path: Path) -> None:
    shutil.copytree(data_set("uci_physical_therapy") / "s1" / "e1", tmp_path / "s7" / "e1")
    shutil.rmtree(tmp_path / "s7" / "e1" / "u1")
    (told,) = run_set("uci_physical_therapy", tmp_path, Mode.LIVE).document.trials
    assert "left shank: it has no sensor" in told["remark"]
    assert told["count_within_1"] == 1.0


def test_a_rate_that_the_time_stamps_deny(tmp_path: Path) -> None:
    (source,) = (data_set("mobgap_lowback") / "lab" / "HA").rglob("data.mat")
    trial = loadmat(source, simplify_cells=True)["data"]["TimeMeasure1"]["Test5"]["Trial1"]
    for person, rate_hz in (("a", 200), ("b", 0)):
        trial["SU"]["LowerBack"]["Fs"] = {"Acc": rate_hz}
        (tmp_path / "HA" / person).mkdir(parents=True)
        content = {"data": {"TimeMeasure1": {"Test5": {"Trial1": trial}}}}
        savemat(tmp_path / "HA" / person / "data.mat", content)
    for told in run_set("mobgap_lowback", tmp_path, Mode.LIVE).document.trials:
        assert "its time stamps 100 Hz" in told["remark"]
        assert told["ic_f1"] > 0.9
