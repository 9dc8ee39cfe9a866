"""The file of a taught exercise: what is written is read back, and what is wrong is said."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.errors import ConfigError
from gateway.messages import Side
from inference.taught import TaughtExercise
from inference.taught.file import read_taught, write_taught
from tests.inference.taught_exercises import shown_extension, taught


@pytest.fixture(scope="module")
def exercise() -> TaughtExercise:
    return taught("stretch", shown_extension())


def test_what_is_written_is_read_back(exercise: TaughtExercise, tmp_path: Path) -> None:
    write_taught(tmp_path / "stretch.toml", exercise)
    again = read_taught(tmp_path / "stretch.toml")
    assert (again.name, again.side, again.places) == ("stretch", None, exercise.places)
    assert np.allclose(again.path, exercise.path, atol=1e-3)
    assert np.isclose(again.least_deg, exercise.least_deg, rtol=1e-3)
    assert Side.LEFT.value == "left"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "stretch"', 'name = "My stretch"', "name: a name is small letters, .* not 'My"),
        ("seated = false", "seated = 1", "seated: expected is true or false, not 1"),
        ("least_s", "last_s", r"last_s: .* did you mean 'least_s'\?"),
        ("least_s = ", "least_s = -", "least_s: expected is a number above 0, not -"),
        ("least_s = ", "least_s = nan # ", "least_s: expected is a number above 0, not nan"),
        ('side = ""', 'side = "both"', "side: expected is one of left, right, not 'both'"),
        ('place = "right_thigh"', 'place = "nose"', r"sensors\[\d\] place: expected is one of"),
        ('place = "right_thigh"', 'place = "right_shank"', "one table a place"),
        ("[[sensors]]", "[[sensors", "is not TOML: .*; correct it, or teach the exercise again"),
        ("up = [[", "up = [] # ", "up: expected are 8 to 500 lists of 3 numbers"),
        ("up = [[", "up = [[1e200, 1e200, 1e200], [", "up of length 1|of one length"),
        ("up = [[", "up = [[7.0, 0.0, 0.0], [", "up of length 1|of one length"),
    ],
)
def test_what_is_wrong_is_said(
    exercise: TaughtExercise, tmp_path: Path, old: str, new: str, said: str
) -> None:
    file = tmp_path / "stretch.toml"
    write_taught(file, exercise)
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(ConfigError, match=said):
        read_taught(file)


def test_a_file_that_is_not_there_is_said(exercise: TaughtExercise, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_taught(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_taught(Path(os.devnull) / "stretch.toml", exercise)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(content: bytes) -> None:
    file = Path(os.devnull).parent / "shm" / f"taught-{os.getpid()}.toml"
    file.write_bytes(content)
    try:
        with pytest.raises(ConfigError):
            read_taught(file)
    finally:
        file.unlink()
