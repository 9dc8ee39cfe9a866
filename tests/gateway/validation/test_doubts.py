"""Recordings that cannot be right, or that a reader should know something of."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gateway.app.validation import Mode, TrialScore
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
