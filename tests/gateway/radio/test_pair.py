"""``gaitwire pair`` over the virtual radio: prompts in, a configuration file out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.config.file import load_config
from gateway.messages import Place

WORN = """\
# kept
[[sensors]]
sensor = "D4:22:CD:00:00:01"
place = "left_foot"
settings = { mode = 20 }
[[sensors]]
sensor = "D4:22:CD:00:00:02"
place = "right_foot"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration of two sensors."""
    path = tmp_path / "c.toml"
    path.write_text(WORN)
    return path


def pair(file: Path, answers: str, *places: str) -> Result:
    asked = [word for place in places for word in ("--place", place)]
    line = ["pair", "--virtual", "--seconds", "1.5", "--json", "-c", str(file), *asked]
    with capture_logs():
        return CliRunner().invoke(app, line, input=answers)


def test_who_is_shaken_gets_the_place(file: Path) -> None:
    # Nothing is worn at the pelvis, so nothing is shaken: it is asked for again, then skipped.
    done = pair(file, "\ns\n\n\n", "pelvis", "right_foot", "left_foot")
    assert done.exit_code == 0, done.output
    assert "pelvis: press Enter" in done.stderr
    assert "not clear: no sensor was moved strongly enough" in done.stderr
    told = json.loads(done.stdout)
    assert told["file"] == str(file)
    assert [(s["sensor"][-1], s["place"]) for s in told["sensors"]] == [
        ("2", "right_foot"),
        ("1", "left_foot"),
    ]
    assert told["sensors"][0]["driver"] == "movella_dot"
    loaded = {sensor.place: sensor for sensor in load_config(file).sensors}
    assert loaded[Place.LEFT_FOOT].settings == {"mode": 20}
    assert file.read_text().startswith("# kept\n")


def test_who_leaves_at_a_prompt_changes_nothing(file: Path) -> None:
    done = pair(file, "\n", "left_foot", "right_foot")
    assert done.exit_code == 1
    assert file.read_text() == WORN


def test_who_skips_every_place_changes_nothing(file: Path) -> None:
    done = pair(file, "s\n", "left_foot")
    assert json.loads(done.stdout)["sensors"] == []
    assert file.read_text() == WORN
