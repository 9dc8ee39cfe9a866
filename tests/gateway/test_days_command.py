"""``gaitwire days``: walking bouts pooled over the sessions of a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.errors import UsageError
from gateway.journal import Journal
from gateway.messages import Figure, Quality, Side, Stride
from tests.gateway.session_files import INFO

MORNING_S = datetime(2027, 1, 15, 9).astimezone().timestamp()
SECOND_NS = 1_000_000_000
HOUR_S = 3600.0
GOOD = Quality(1.0)


def walk(begin_s: float, strides: int) -> Iterator[Stride | Figure]:
    """Strides of 1 s and 1.2 m, one foot half a second after the other."""
    for number in range(strides):
        side = Side.LEFT if number % 2 == 0 else Side.RIGHT
        start_s, end_s = begin_s + number / 2, begin_s + number / 2 + 1.0
        yield Stride("p1", side, start_s, end_s, 1.0, 120.0, 0.6, GOOD)
        yield Figure("p1", end_s, "stride_length", side, 1.2, "m", GOOD)
        yield Figure("p1", end_s, "stride_speed", side, 1.2, "m/s", GOOD)


def session(
    folder: Path, after_s: float, lasts_s: float, *walks: Iterator[Stride | Figure], who: str = "p1"
) -> None:
    """Write a session that begins so long after nine in the morning, by this machine's clock."""
    wall_ns = round((MORNING_S + after_s) * SECOND_NS)
    path = folder / f"{who}-{after_s:.0f}.gaitwire"
    journal = Journal.create(path, replace(INFO, person=who, wall_origin_ns=wall_ns))
    for messages in walks:
        for message in messages:
            journal.append(message, 0)
    journal.close(round(lasts_s * SECOND_NS))


def told(folder: Path) -> list[dict[str, Any]]:
    document = json.loads(output("--folder", str(folder), "--json"))
    assert "not the reference pipeline" in document["note"]
    days: list[dict[str, Any]] = document["days"]
    return days


def output(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["days", *arguments], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_bouts_of_a_day_are_those_of_all_its_sessions(tmp_path: Path) -> None:
    session(tmp_path, 0.0, 6 * HOUR_S, walk(100.0, 100), walk(500.0, 30))
    session(tmp_path, 7 * HOUR_S, 4.5 * HOUR_S, walk(10.0, 200))
    (day,) = told(tmp_path)
    assert (day["person"], day["date"]) == ("p1", "2027-01-15")
    assert day["recorded_s"] == pytest.approx(10.5 * HOUR_S)
    outcomes = day["outcomes"]
    assert outcomes["wb_all__count"] == {"value": 3.0, "unit": "1", "withheld": ""}
    assert outcomes["wb_all__stride_count__sum"]["value"] == 330.0
    assert outcomes["wb_10_30__count"]["value"] == 1.0
    assert outcomes["wb_60__count"]["value"] == 1.0
    assert outcomes["wb_30__walking_speed_mps__avg"]["value"] == pytest.approx(1.2)
    assert outcomes["wb_all__duration_s__sum"]["value"] == pytest.approx(50.5 + 15.5 + 100.5)


def test_a_day_of_few_hours_does_not_say_how_much_but_how_somebody_walked(tmp_path: Path) -> None:
    session(tmp_path, 0.0, 0.5 * HOUR_S, walk(100.0, 100))
    ((_, outcomes),) = [(day["date"], day["outcomes"]) for day in told(tmp_path)]
    for name in ("wb_all__count", "wb_10__count", "wb_all__duration_s__sum"):
        assert outcomes[name]["value"] is None
        assert outcomes[name]["withheld"] == "only 30 of 600 minutes were recorded"
    assert outcomes["wb_all__cadence_spm__avg"]["value"] == pytest.approx(120.0)


def test_too_few_strides_withhold_how_somebody_walked(tmp_path: Path) -> None:
    session(tmp_path, 0.0, 11 * HOUR_S, walk(100.0, 8))
    (day,) = told(tmp_path)
    assert day["outcomes"]["wb_all__count"]["value"] == 1.0
    cadence = day["outcomes"]["wb_all__cadence_spm__avg"]
    assert cadence == {
        "value": None,
        "unit": "1/min",
        "withheld": "only 4 of 6 strides of each foot",
    }


def test_a_night_belongs_to_two_days_and_its_bouts_to_the_one_they_began_on(tmp_path: Path) -> None:
    session(tmp_path, 14 * HOUR_S, 2 * HOUR_S, walk(HOUR_S - 10.0, 100))
    first, second = told(tmp_path)
    assert (first["date"], second["date"]) == ("2027-01-15", "2027-01-16")
    assert first["recorded_s"] == second["recorded_s"] == HOUR_S
    assert "wb_all__cadence_spm__avg" in first["outcomes"]
    assert set(second["outcomes"]) == {"wb_all__count"}


def test_a_day_without_walking_counts_none(tmp_path: Path) -> None:
    session(tmp_path, 0.0, 11 * HOUR_S)
    (day,) = told(tmp_path)
    assert day["outcomes"] == {"wb_all__count": {"value": 0.0, "unit": "1", "withheld": ""}}


def test_people_are_kept_apart_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    session(tmp_path, 0.0, HOUR_S, walk(100.0, 100))
    session(tmp_path, 0.0, HOUR_S, walk(100.0, 50), who="p2")
    (tmp_path / "empty.gaitwire").touch()
    assert [day["person"] for day in told(tmp_path)] == ["p1", "p2"]
    text = output("--folder", str(tmp_path))
    assert "2027-01-15" in text
    assert "p2, 2027-01-15: only 60 of 600 minutes were recorded" in text
    assert "empty.gaitwire: the file is empty; nothing was recorded in it" in text
    assert "not the reference pipeline" in text


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["days", "--folder", str(tmp_path / "none")])
    assert isinstance(result.exception, UsageError)
