"""A table of a TOML file, read key by key: a mistake is told with file, key and expectation."""

from __future__ import annotations

import reprlib
import sys
import tomllib
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from gateway.errors import ConfigError
from gateway.hints import did_you_mean

_NEEDED = object()
_MARK = "\ufeff"
"""Some editors put it before the first letter."""
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80


def toml_values(text: str, file: str, advice: str = "") -> dict[str, Any]:
    """Return what the TOML ``text`` of ``file`` says; raises ConfigError."""
    try:
        return tomllib.loads(text.removeprefix(_MARK))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: {_why(error)}{_then(advice)}") from error


def _why(error: ValueError | RecursionError) -> str:
    """Say why a text could not be read; tomllib lets more escape than its own exception."""
    match error:
        case tomllib.TOMLDecodeError():
            return f"is not TOML: {error}"
        case RecursionError():
            return "is nested too deeply to be read"
    return "holds a number of too many digits"


def shown(value: object) -> str:
    """Return a value as a person may have written it, the middle of a long one left out."""
    try:
        return _SHORT.repr(value)
    except ValueError:
        return "a number of too many digits"


class TomlTable:
    """The ``values`` of a table of ``file``; ``at`` leads to it, as in ``fields[0] ``.

    ``advice`` is what to do where a mistake in the file is not a person's own.
    """

    def __init__(
        self, file: str, values: Mapping[str, Any], at: str = "", advice: str = ""
    ) -> None:
        self._file, self._at, self._values, self._advice = file, at, values, advice

    @classmethod
    def parse(cls, text: str, file: str, advice: str = "") -> TomlTable:
        """Return the table that the ``text`` of ``file`` is; raises ConfigError."""
        return cls(file, toml_values(text, file, advice), advice=advice)

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise the ConfigError of a key."""
        raise ConfigError(f"{self._file}: {self._at}{key}: {problem}{_then(self._advice)}")

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that there are not."""
        for key in self._values:
            if key not in known:
                hint = f"{did_you_mean(key, known)}known are {', '.join(known)}"
                self.fail(key, f"there is no such key; {hint}")

    def has(self, key: str) -> bool:
        """Say whether a key is there."""
        return key in self._values

    def text(self, key: str, default: Any = _NEEDED) -> str:
        """Return a text, of characters that a person can see."""
        value = self._get(key, default, "a text in quotes")
        if not isinstance(value, str) or not value.isprintable():
            self._not(key, value, "a text in quotes")
        return str(value)

    def number(self, key: str, default: Any = _NEEDED, expected: str = "a number") -> float:
        """Return a finite number."""
        value = self._get(key, default, expected)
        return float(value) if _is_number(value) else self._not(key, value, expected)

    def positive(self, key: str) -> float:
        """Return a number above 0."""
        value = self.number(key, expected="a number above 0")
        return value if value > 0 else self._not(key, self._values[key], "a number above 0")

    def at_least(self, key: str, least: float, default: float | None = None) -> float:
        """Return a number of ``least`` or more; the ``default`` as it is."""
        if default is not None and key not in self._values:
            return default
        expected = f"a number, {least:g} at least"
        value = self.number(key, expected=expected)
        return value if value >= least else self._not(key, self._values[key], expected)

    def within(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number from ``low`` to ``high``; the ``default`` as it is."""
        if default is not None and key not in self._values:
            return default
        expected = f"a number from {low:g} to {high:g}"
        value = self.number(key, expected=expected)
        return value if low <= value <= high else self._not(key, self._values[key], expected)

    def share(self, key: str) -> float:
        """Return a number from 0 to 1."""
        value = self.number(key, expected="a number from 0 to 1")
        return value if 0 <= value <= 1 else self._not(key, value, "a number from 0 to 1")

    def vector(self, key: str, count: int) -> tuple[float, ...]:
        """Return a list of ``count`` finite numbers."""
        expected = f"a list of {count} numbers"
        value = self._get(key, _NEEDED, expected)
        if not _is_vector(value, count):
            self._not(key, value, expected)
        return tuple(map(float, value))

    def vectors(self, key: str, count: int, least: int, most: int) -> list[tuple[float, ...]]:
        """Return ``least`` to ``most`` lists of ``count`` finite numbers."""
        expected = f"{least} to {most} lists of {count} numbers"
        values = self._get(key, _NEEDED, expected)
        if (
            not isinstance(values, list)
            or not least <= len(values) <= most
            or not all(_is_vector(value, count) for value in values)
        ):
            self.fail(key, f"expected are {expected}")
        return [tuple(map(float, value)) for value in values]

    def whole(self, key: str, low: int, high: int, default: Any = _NEEDED) -> int:
        """Return a whole number from ``low`` to ``high``."""
        expected = f"a whole number from {low} to {high}"
        value = self._get(key, default, expected)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._not(key, value, expected)
        return int(value)

    def flag(self, key: str, default: Any = _NEEDED) -> bool:
        """Return true or false."""
        value = self._get(key, default, "true or false")
        return value if isinstance(value, bool) else self._not(key, value, "true or false")

    def choice(self, key: str, known: Collection[str], default: Any = _NEEDED) -> str:
        """Return one of the ``known`` texts."""
        expected = f"one of {', '.join(known)}"
        value = self._get(key, default, expected)
        if not isinstance(value, str) or value not in known:
            hint = did_you_mean(value, known) if isinstance(value, str) else ""
            self._not(key, value, expected, hint)
        return str(value)

    def table(self, key: str) -> TomlTable:
        """Return a table, an empty one where the key is not there."""
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            self._not(key, value, f"a table, as in [{key}]")
        return TomlTable(self._file, value, f"{self._at}{key} ", self._advice)

    def scalars(self) -> dict[str, int | float | str]:
        """Return all values, which are texts and numbers."""
        for key, value in self._values.items():
            if not isinstance(value, int | float | str):
                self._not(key, value, "a text or a number")
        return dict(self._values)

    def tables(self, key: str) -> list[TomlTable]:
        """Return a list of tables, empty where the key is not there."""
        values = self._values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self._not(key, values, "a list of tables, as in [ { … }, { … } ]")
        return [
            TomlTable(self._file, value, f"{self._at}{key}[{number}] ", self._advice)
            for number, value in enumerate(values)
        ]

    def _get(self, key: str, default: Any, expected: str) -> Any:
        value = self._values.get(key, default)
        if value is _NEEDED:
            self.fail(key, f"this key is missing; expected is {expected}")
        return value

    def _not(self, key: str, value: Any, expected: str, hint: str = "") -> NoReturn:
        self.fail(key, f"{hint}expected is {expected}, not {shown(value)}")


def _is_number(value: Any) -> bool:
    """Say whether a value is a number that can be calculated with."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= sys.float_info.max


def _is_vector(value: Any, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(map(_is_number, value))


def _then(advice: str) -> str:
    return f"; {advice}" if advice else ""
