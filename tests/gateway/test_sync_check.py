"""``gaitwire sync-check`` as a person or a program calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.sync_checking import verdict
from gateway.errors import RecordingError
from gateway.journal import SUFFIX
from gateway.messages import Place
from inference.synchrony.motion_sync import SensorSync
from simulators.places import PLACES

runner = CliRunner()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sessions") / f"squats{SUFFIX}"
    made = runner.invoke(
        app,
        ["simulate", "--scenario", "squat", "--seconds", "30", "--seed", "4", "--out", str(out)],
    )
    assert made.exit_code == 0, made.output
    return out


def test_a_program_reads_one_document(session: Path) -> None:
    result = runner.invoke(app, ["sync-check", str(session), "--json"])
    assert result.exit_code == 0, result.output
    (recording,) = json.loads(result.stdout)["recordings"]
    assert recording["recording"] == "simulated-squat-4"
    sensors = {one["place"]: one for one in recording["sensors"]}
    assert set(sensors) == {place.value for place in PLACES}
    thigh = sensors["left_thigh"]
    assert thigh["verdict"] == "agrees"
    assert abs(thigh["lag_ms"]) <= thigh["uncertainty_ms"]
    assert "left_shank" in thigh["compared_with"]
    assert thigh["clock_error_ms"] >= 0


def test_a_person_reads_a_table(session: Path) -> None:
    result = runner.invoke(app, ["sync-check", str(session), str(session)])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("simulated-squat-4") == 2
    assert result.stdout.count("left thigh") >= 2
    assert "left thigh: agrees" in result.stdout


def test_a_file_that_is_not_there_is_a_failure_in_words(tmp_path: Path) -> None:
    failed = runner.invoke(app, ["sync-check", str(tmp_path / "none")])
    assert isinstance(failed.exception, RecordingError)
    assert "there is no such file" in str(failed.exception)


@pytest.mark.parametrize(
    ("sync", "words"),
    [
        (SensorSync(Place.PELVIS, 0.02, 0.03, (Place.STERNUM,)), "agrees"),
        (
            SensorSync(Place.PELVIS, 0.04, 0.03, (Place.STERNUM,)),
            "later than sternum by 40 ms; one of the two",
        ),
        (
            SensorSync(Place.PELVIS, -0.04, 0.03, (Place.STERNUM, Place.LEFT_THIGH)),
            "early by 40 ms",
        ),
        (SensorSync(Place.PELVIS, 0.04, 0.03, (Place.STERNUM, Place.LEFT_THIGH)), "late by 40 ms"),
        (SensorSync(Place.PELVIS, 0.0, 0.0, (), "it lies still"), "cannot be told: it lies still"),
    ],
)
def test_verdicts(sync: SensorSync, words: str) -> None:
    assert verdict(sync) == words
