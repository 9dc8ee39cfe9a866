"""``gaitwire sessions`` lists what is stored, the damaged files with their reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.errors import UsageError
from gateway.journal import Journal
from tests.gateway.session_files import INFO, marker, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "good.gaitwire")
    (tmp_path / "empty.gaitwire").touch()
    (tmp_path / "note.txt").write_text("not listed")
    return tmp_path


def output(*arguments: str, columns: int = 100) -> str:
    result = CliRunner().invoke(app, ["sessions", *arguments], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_person_reads_a_table(folder: Path) -> None:
    text = output("--folder", str(folder))
    assert "2027-01-15 08:00" in text
    assert "p1" in text
    assert "empty.gaitwire: the file is empty; nothing was recorded in it" in text


def test_a_name_is_whole_however_narrow_the_terminal(tmp_path: Path) -> None:
    name = "20261126T195248.090Z-person"
    written(tmp_path / f"{name}.gaitwire")
    assert name in output("--folder", str(tmp_path), columns=60)


def test_a_program_reads_one_document(folder: Path) -> None:
    document = json.loads(output("--folder", str(folder), "--json"))
    empty, good = document["sessions"]
    assert empty["problem"].startswith("the file is empty")
    assert (good["person"], good["duration_s"], good["closed"]) == ("p1", 4.0, True)


def test_the_configured_folder_is_listed(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "gaitwire.toml"
    config.write_text(f"[journal]\nfolder = {str(folder)!r}\n")
    assert len(json.loads(output("-c", str(config), "--json"))["sessions"]) == 2


def test_a_session_under_way_is_listed_as_not_ended(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "now.gaitwire", INFO)
    journal.append(marker(3), 3_000_000_000)
    journal.commit()
    (session,) = json.loads(output("--folder", str(tmp_path), "--json"))["sessions"]
    assert (session["closed"], session["duration_s"], session["problem"]) == (False, 3.0, "")
    journal.close()


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sessions", "--folder", str(tmp_path / "none")])
    assert isinstance(result.exception, UsageError)
    assert "there is no such folder" in str(result.exception)


def test_a_configured_folder_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    config = tmp_path / "gaitwire.toml"
    config.write_text(f"[journal]\nfolder = {str(tmp_path / 'later')!r}\n")
    assert json.loads(output("-c", str(config), "--json"))["sessions"] == []
