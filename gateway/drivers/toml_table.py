"""A table of a TOML file, read key by key: a mistake is told with file, key and expectation."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from gateway.errors import ConfigError

_NEEDED = object()


class TomlTable:
    """The ``values`` of a table of ``file``; ``at`` leads to it, as in ``fields[0] ``."""

    def __init__(self, file: str, values: Mapping[str, Any], at: str = "") -> None:
        self._file, self._at, self._values = file, at, values

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise the ConfigError of a key."""
        raise ConfigError(f"{self._file}: {self._at}{key}: {problem}")

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that there are not."""
        for key in self._values:
            if key not in known:
                hint = f"{_close(key, known)}known are {', '.join(known)}"
                self.fail(key, f"there is no such key; {hint}")

    def has(self, key: str) -> bool:
        """Say whether a key is there."""
        return key in self._values

    def text(self, key: str, default: Any = _NEEDED) -> str:
        """Return a text."""
        value = self._get(key, default, "a text in quotes")
        return value if isinstance(value, str) else self._not(key, value, "a text in quotes")

    def number(self, key: str, default: Any = _NEEDED, expected: str = "a number") -> float:
        """Return a finite number."""
        value = self._get(key, default, expected)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            self._not(key, value, expected)
        return float(value)

    def whole(self, key: str, low: int, high: int, default: Any = _NEEDED) -> int:
        """Return a whole number from ``low`` to ``high``."""
        expected = f"a whole number from {low} to {high}"
        value = self._get(key, default, expected)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._not(key, value, expected)
        return int(value)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._values.get(key, default)
        return value if isinstance(value, bool) else self._not(key, value, "true or false")

    def choice(self, key: str, known: Collection[str], default: Any = _NEEDED) -> str:
        """Return one of the ``known`` texts."""
        expected = f"one of {', '.join(known)}"
        value = self._get(key, default, expected)
        if value not in known:
            self._not(key, value, expected, _close(str(value), known))
        return str(value)

    def table(self, key: str) -> TomlTable:
        """Return a table, an empty one where the key is not there."""
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            self._not(key, value, f"a table, as in [{key}]")
        return TomlTable(self._file, value, f"{self._at}{key} ")

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
            TomlTable(self._file, value, f"{self._at}{key}[{number}] ")
            for number, value in enumerate(values)
        ]

    def _get(self, key: str, default: Any, expected: str) -> Any:
        value = self._values.get(key, default)
        if value is _NEEDED:
            self.fail(key, f"this key is missing; expected is {expected}")
        return value

    def _not(self, key: str, value: Any, expected: str, hint: str = "") -> NoReturn:
        self.fail(key, f"{hint}expected is {expected}, not {value!r}")


def _close(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}? " if close else ""
