"""Recordings that cannot be right, or that a reader should know something of."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gateway import quaternion
from gateway.app.validation import Mode, TrialScore
from gateway.app.validation.turning import gravity_share
from gateway.cli.validating import Run, run_set
from gateway.messages import FloatArray
from tests.data import data_set

VOISARD = "voisard_healthy_gait"
ACC, GYR = slice(1, 4), slice(4, 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two trials."""
    for path in (data_set(VOISARD) / "GaitData").glob("1-*"):
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path


def spoil(path: Path, change: Callable[[FloatArray], FloatArray]) -> None:
    """Rewrite a sensor's file with its table changed."""
    lines = path.read_text().splitlines()
    table = change(np.loadtxt(lines[2:], delimiter="\t"))
    rows = ["\t".join([str(int(row[0])), *(repr(float(v)) for v in row[1:])]) for row in table]
    path.write_text("\n".join([*lines[:2], *rows]) + "\n")


def scaled(columns: slice, factor: float) -> Callable[[FloatArray], FloatArray]:
    def change(table: FloatArray) -> FloatArray:
        table[:, columns] *= factor
        return table

    return change


def repeated(table: FloatArray) -> FloatArray:
    return np.insert(table, 500, table[500], axis=0)


def first_half(table: FloatArray) -> FloatArray:
    return table[: len(table) // 2]


def scored(run: Run, trial: str) -> TrialScore:
    outcome = run.outcomes[trial]
    assert isinstance(outcome, TrialScore), outcome
    return outcome


@pytest.mark.parametrize(
    ("columns", "factor", "said"),
    [
        (ACC, 1 / 9.81, "is it in g"),
        (ACC, 1000 / 9.81, "is it in mg"),
        (ACC, 3.0, "which is not gravity"),
        (GYR, 180 / np.pi, "in degrees a second"),
        (GYR, np.pi / 180, "in rad/s, not in degrees a second"),
        (ACC, 9.81, "is it in m/s², not g"),
        (slice(5, 6), 0.0, "rate of turn along y never changes"),
    ],
)
def test_what_cannot_be_right_is_not_scored(
    folder: Path, columns: slice, factor: float, said: str
) -> None:
    spoil(folder / "1-1_rf.txt", scaled(columns, factor))
    run = run_set(VOISARD, folder, Mode.LIVE)
    first, second = run.document.trials
    assert "right foot" in first["remark"]
    assert said in first["remark"]
    assert "ic_f1" not in first
    assert second["ic_f1"] > 0.5


def test_losses_are_told(folder: Path) -> None:
    run = run_set(VOISARD, folder, Mode.LIVE)
    assert "of its samples are missing" in scored(run, "1-1").remark


def test_a_repeated_row_does_no_harm(folder: Path) -> None:
    before = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1")
    spoil(folder / "1-1_rf.txt", repeated)
    after = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1")
    assert after.values == pytest.approx(before.values, abs=0.05)


def test_a_truncated_sensor_is_told(folder: Path) -> None:
    spoil(folder / "1-1_rf.txt", first_half)
    run = run_set(VOISARD, folder, Mode.LIVE)
    assert re.search(r"right foot: \d\d% of its samples", scored(run, "1-1").remark)
    assert scored(run, "1-1").values["ic_f1"] < scored(run, "1-2").values["ic_f1"]


@pytest.mark.parametrize("rate_hz", [50, 200])
def test_another_rate_than_the_sensors_is_noticed(folder: Path, rate_hz: int) -> None:
    for path in folder.glob("1-1_*.txt"):
        path.write_text(path.read_text().replace(": 100", f": {rate_hz}", 1))
    first, second = run_set(VOISARD, folder, Mode.LIVE).document.trials
    assert "gyroscope and accelerometer do not agree" in first["remark"]
    assert "ic_f1" not in first
    assert second["ic_f1"] > 0.5


def test_a_clipped_gyroscope_is_told(folder: Path) -> None:
    def clipped(table: FloatArray) -> FloatArray:
        table[:, GYR] = table[:, GYR].clip(-4.0, 4.0)
        return table

    spoil(folder / "1-1_rf.txt", clipped)
    run = run_set(VOISARD, folder, Mode.LIVE)
    assert re.search(r"right foot: \d+ samples at full scale", scored(run, "1-1").remark)
    assert "full scale" not in scored(run, "1-2").remark


def test_a_clock_that_is_set_back_is_told_and_goes_on(folder: Path) -> None:
    before = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1")

    def set_back(table: FloatArray) -> FloatArray:
        table[len(table) // 2 :, 0] -= 500
        return table

    for path in folder.glob("1-1_*.txt"):
        spoil(path, set_back)
    after = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1")
    assert "left foot: its clock jumps back" in after.remark
    assert after.values == pytest.approx(before.values, abs=0.05)


def test_a_sensor_that_is_not_there_is_told_and_not_scored(folder: Path) -> None:
    (folder / "1-1_lf.txt").unlink()
    one_foot = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1")
    assert "left foot: it has no sensor" in one_foot.remark
    assert one_foot.values["ic_f1"] > 0.8
    (folder / "1-1_rf.txt").unlink()
    back = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1")
    assert np.isnan(back.values["ic_f1"])
    assert back.values["back_ic_f1"] > 0.8


def test_an_axis_without_values_is_named(folder: Path) -> None:
    spoil(folder / "1-1_rf.txt", scaled(slice(6, 7), np.nan))
    run = run_set(VOISARD, folder, Mode.LIVE)
    assert "right foot: rate of turn along z has no values" in scored(run, "1-1").remark


def test_samples_that_end_before_the_marks_are_told(folder: Path) -> None:
    for path in folder.glob("1-1_*.txt"):
        spoil(path, first_half)
    remark = scored(run_set(VOISARD, folder, Mode.LIVE), "1-1").remark
    assert re.search(r"its samples end after [\d.]+ s, its marks after [\d.]+ s", remark)


def test_exchanged_feet_are_told(folder: Path) -> None:
    left, right = ((folder / f"1-1_{foot}.txt").read_text() for foot in ("lf", "rf"))
    (folder / "1-1_lf.txt").write_text(right)
    (folder / "1-1_rf.txt").write_text(left)
    assert (
        "moves like one on the right foot"
        in scored(run_set(VOISARD, folder, Mode.LIVE), "1-1").remark
    )


def test_a_mark_without_a_time_is_none(folder: Path) -> None:
    marks = json.loads((folder / "1-1.json").read_text())
    marks["LeftFootEvents"][3][1] = None
    (folder / "1-1.json").write_text(json.dumps(marks))
    assert scored(run_set(VOISARD, folder, Mode.LIVE), "1-1").values["back_ic_f1"] > 0.8


def test_any_subject_and_trials_of_one_name_are_scored(folder: Path) -> None:
    marks = json.loads((folder / "1-1.json").read_text())
    for site in ("a", "b"):
        (folder / site).mkdir()
        for path in folder.glob("1-1*"):
            shutil.copyfile(path, folder / site / path.name)
        (folder / site / "1-1.json").write_text(json.dumps({**marks, "Subject": f"S-{site}"}))
    document = run_set(VOISARD, folder, Mode.LIVE).document
    assert {trial["name"] for trial in document.trials} == {"./1-1", "a/1-1", "b/1-1", "1-2"}
    assert document.people == 3


def test_gravity_stays_where_it_is_as_a_body_turns() -> None:
    rng = np.random.default_rng(4)
    gyr = np.cumsum(rng.normal(0, 0.3, (2000, 3)), axis=0)
    gyr -= gyr.mean(axis=0)
    turned = np.array([[1.0, 0.0, 0.0, 0.0]])
    acc = np.empty_like(gyr)
    for sample, rate in enumerate(gyr):
        acc[sample] = quaternion.rotate(quaternion.conjugate(turned), np.array([[0, 0, 9.81]]))[0]
        turned = quaternion.multiply(turned, quaternion.from_rotation_vector(rate[None] / 100.0))
    assert gravity_share(acc, gyr, 100.0, 9.81) == pytest.approx(1.0, abs=0.01)
    assert gravity_share(acc, gyr * 2, 100.0, 9.81) < 0.9
    assert np.isnan(gravity_share(acc, gyr * 1e-3, 100.0, 9.81))
