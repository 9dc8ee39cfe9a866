"""``gaitwire teach``: from a recording to an exercise that the pipe follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.app.pipeline import build_pipe
from gateway.app.validation.hearing import Heard
from gateway.cli import app
from gateway.config.settings import Config, ExercisesSection
from gateway.errors import UsageError
from gateway.messages import Execution, ExerciseState, Repetition, Side
from gateway.recordings import open_recording
from inference.taught.file import read_taught

NAME = "stretch"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated person who sits and stretches each knee four times, again and again."""
    path = tmp_path_factory.mktemp("teach") / "shown.gaitwire"
    arguments = ["simulate", "--scenario", "knee-extension", "--out", str(path), "--seconds", "90"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    return path


@pytest.fixture(scope="module")
def left(session: Path) -> list[Repetition]:
    """What the pipe says of the left knee without being taught."""
    heard = Heard(open_recording(session), Repetition).all(Repetition)
    return [one for one in heard if one.side is Side.LEFT]


@pytest.fixture(scope="module")
def taught(session: Path, left: list[Repetition]) -> Path:
    """The exercise, taught by the first three of the left knee."""
    target = session.with_name(f"{NAME}.toml")
    between = ["--from", f"{left[0].start_s - 0.5}", "--to", f"{left[2].end_s + 0.5}"]
    told = CliRunner().invoke(
        app,
        ["teach", NAME, str(session), *between, "--side", "left", "--out", str(target), "--json"],
    )
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert (document["repetitions"], document["file"]) == (3, str(target))
    return target


def test_what_was_shown_is_followed(session: Path, taught: Path, left: list[Repetition]) -> None:
    config = Config(exercises=ExercisesSection(programme=(NAME,), taught=(taught,)))
    found = Heard(open_recording(session), Repetition, config=config).all(Repetition)
    assert {(one.exercise, one.side) for one in found} == {(NAME, Side.LEFT)}
    assert len(found) == len(left)
    assert all(one.execution is not Execution.TOO_FAST for one in found)
    for one, same in zip(found, left, strict=True):
        assert abs(one.start_s - same.start_s) < 1.0


def test_the_page_is_told_how_it_is_done(session: Path, taught: Path) -> None:
    said = taught.with_name("said.toml")
    text = taught.read_text().replace('how = ""', 'how = "Stretch your knee."')
    said.write_text(text.replace("seated = false", "seated = true"))
    config = Config(exercises=ExercisesSection(programme=(NAME,), taught=(said,)))
    states = Heard(open_recording(session), ExerciseState, config=config).all(ExerciseState)
    told = {(one.how, one.seated) for one in states if one.exercise}
    assert told == {("Stretch your knee.", True)}


def test_without_a_programme_all_exercises_are_followed(session: Path, taught: Path) -> None:
    config = Config(exercises=ExercisesSection(taught=(taught,)))
    found = Heard(open_recording(session), Repetition, config=config).all(Repetition)
    assert {one.exercise for one in found} >= {NAME, "knee-extension"}


def test_what_is_wrong_is_said(session: Path, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        told = CliRunner().invoke(app, ["teach", *arguments, "--out", str(tmp_path / "x.toml")])
        assert isinstance(told.exception, UsageError)
        return str(told.exception)

    assert "small letters" in refused("Arm raise", str(session))
    assert "choose another" in refused("squat", str(session))
    assert "repetitions are seen where 3" in refused(NAME, str(session))
    assert "no second" in refused(NAME, str(session), "--from", "500")
    assert "does not come after" in refused(NAME, str(session), "--from", "30", "--to", "8")


@pytest.mark.parametrize("cut", ["begins", "ends"])
def test_what_is_cut_in_the_middle_of_a_movement_is_refused(
    session: Path, left: list[Repetition], tmp_path: Path, cut: str
) -> None:
    way_s = 0.3
    from_s, to_s = left[0].start_s - 0.5, left[2].end_s + 0.5
    if cut == "begins":
        from_s, to_s = left[0].end_s - way_s, left[3].end_s + 0.5
    else:
        to_s = left[3].start_s + way_s
    target = str(tmp_path / "x.toml")
    between = ["--from", f"{from_s}", "--to", f"{to_s}"]
    told = CliRunner().invoke(app, ["teach", NAME, str(session), *between, "--out", target])
    assert isinstance(told.exception, UsageError)
    assert f"{cut} in the middle of a movement" in str(told.exception)


def test_a_programme_names_what_there_is(taught: Path) -> None:
    def built(*programme: str, files: tuple[Path, ...] = (taught,)) -> None:
        config = Config(exercises=ExercisesSection(programme=programme, taught=files))
        build_pipe(config, "p", (), 0, 100.0, 0.02)

    built(NAME, "squat")
    with pytest.raises(UsageError, match="did you mean 'stretch'"):
        built("strech")
    with pytest.raises(UsageError, match="another exercise with the name"):
        built(files=(taught, taught))
    assert read_taught(taught).side is Side.LEFT
