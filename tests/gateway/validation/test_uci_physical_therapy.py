"""The exercises of the Yurtman and Barshan set keep their figures, a little worse than measured."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gateway.app.validation import Mode
from gateway.cli.validating import run_set
from tests.data import data_set

UCI = "uci_physical_therapy"


def score(folder: Path, *sessions: str) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return the figures of copied ``sessions``, and those of each."""
    for session in sessions:
        shutil.copytree(data_set(UCI) / session, folder / session)
    document = run_set(UCI, folder, Mode.LIVE).document
    return {n: v for n, v in document.summary.items() if v is not None}, document.trials


def test_figures(tmp_path: Path) -> None:
    told, trials = score(tmp_path, *(f"s2/e{number}" for number in range(1, 9)))
    assert [trial["strides"] for trial in trials] == [30] * 8
    assert told["count_within_1"] >= 0.97
    assert told["exercise_accuracy"] >= 0.95
    assert told["type_accuracy"] >= 0.90
    assert told["missed"] <= 0.05
    assert told["false_alarms"] <= 0.04


def test_a_session_whose_exercise_was_not_shown_is_remarked_on(tmp_path: Path) -> None:
    shutil.copytree(data_set(UCI) / "s2" / "e2", tmp_path / "s2" / "e2")
    (tmp_path / "s2" / "e2" / "template_times.txt").write_text("")
    told, (sound, spoilt) = score(tmp_path, "s2/e1")
    assert "template_times.txt: the file is empty" in spoilt["remark"]
    assert told["missed"] == sound["missed"] <= 0.05
