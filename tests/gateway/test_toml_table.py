"""TOML that is none, in ways of which the parser does not tell."""

from __future__ import annotations

import pytest

from gateway.errors import ConfigError
from gateway.toml_table import shown, toml_values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = ", "f.toml: is not TOML: "),
        ("a = " + "[" * 9000 + "]" * 9000, "f.toml: is nested too deeply"),
        ("a = 1" + "0" * 5000, "f.toml: holds a number of too many digits"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        toml_values(text, "f.toml")
    assert str(raised.value).startswith(told)


def test_the_mark_of_some_editors_is_passed_over() -> None:
    assert toml_values("\ufeffa = 1", "f.toml") == {"a": 1}


def test_what_a_person_wrote_is_shown_in_short() -> None:
    assert shown("three") == "'three'"
    assert len(shown("x" * 10**6)) < 100
    assert shown(16**9000) == "a number of too many digits"
