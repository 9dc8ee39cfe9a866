"""Load the configuration file, and say of every mistake where it is and what was expected."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from gateway.config.mistakes import form_in_json, known_here, known_keys, sentence
from gateway.config.settings import ENVIRONMENT_PREFIX, Config
from gateway.errors import ConfigError, KeyedError
from gateway.text_file import read_text
from gateway.toml_table import toml_values

_TABLE = re.compile(r"^\s*\[(\[?)\s*([^\]]+?)\s*\]?\]")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_.-]+)["']?\s*=""")
_UNION_TAGS = ("range", "cadence", "repetition", "form")


def load_config(path: Path) -> Config:
    """Return the configuration in ``path``; raises ConfigError with file, line and key.

    Environment variables come before the file: ``GAITWIRE_MQTT__PASSWORD`` is
    ``password`` in ``[mqtt]``, so that no secret needs to stand in a file.
    """
    text = read_text(path)
    return _build(toml_values(text, str(path)), text, path)


def default_config() -> Config:
    """Return the configuration without a file: defaults and environment variables."""
    return _build({}, "", Path("environment"))


@contextmanager
def traced(path: Path | None) -> Iterator[None]:
    """Add to a KeyedError inside where its key stands: in the file ``path``, or a variable."""
    try:
        yield
    except KeyedError as error:
        keys = list(error.keys)
        if path is None and not _variable(keys):
            raise
        raise _located(error, "" if path is None else read_text(path), path or Path()) from error


def _build(values: dict[str, Any], text: str, path: Path) -> Config:
    _check_variables()
    try:
        return Config(**values)
    except KeyedError as error:
        raise _located(error, text, path) from error
    except (SettingsError, RecursionError) as error:
        # It names the table alone.
        raise ConfigError("\n".join(_not_json())) from error
    except ValidationError as error:
        told = [_explain(mistake, text, path) for mistake in error.errors(include_url=False)]
        raise ConfigError("\n".join(dict.fromkeys(told))) from error


def _located(error: KeyedError, text: str, path: Path) -> ConfigError:
    keys = list(error.keys)
    return ConfigError(f"{_where(text, path, keys)}: {_dotted(keys)}: {error}")


def _variables() -> Iterator[tuple[str, list[str]]]:
    """Yield our environment variables, and the keys that each sets."""
    for variable in os.environ:
        if variable.startswith(ENVIRONMENT_PREFIX):
            yield variable, variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")


def _not_json() -> Iterator[str]:
    """Say of each environment variable that should be JSON, and is not, what it must be."""
    for variable, keys in _variables():
        form = form_in_json(keys)
        try:
            json.loads(os.environ[variable])
        except (ValueError, RecursionError):
            if form:
                yield f"environment variable {variable}: {_dotted([*keys])}: must be {form}"


def _check_variables() -> None:
    """Refuse a misspelt environment variable, which would otherwise go unnoticed."""
    for variable, keys in _variables():
        for depth, key in enumerate(keys):
            known = known_keys(keys[:depth])
            if known and key not in known:
                raise ConfigError(
                    f"environment variable {variable}: there is no key {key!r}; "
                    f"{known_here(key, known, capitals=True)}"
                )


def _explain(mistake: ErrorDetails, text: str, path: Path) -> str:
    keys = [part for part in mistake["loc"] if part not in _UNION_TAGS]
    return f"{_where(text, path, keys)}: {_dotted(keys)}: {sentence(mistake, keys)}"


def _where(text: str, path: Path, keys: list[str | int]) -> str:
    """Say where a key stands: in a line of the file, or in the environment."""
    if variable := _variable(keys):
        return f"environment variable {variable}"
    line = line_of(text, keys)
    return f"{path}, line {line}" if line else f"{path}"


def _variable(keys: list[str | int]) -> str:
    """Return the environment variable that sets a key or its table; empty where none does."""
    parts = [str(key).upper() for key in keys]
    names = (ENVIRONMENT_PREFIX + "__".join(parts[:depth]) for depth in range(len(parts), 0, -1))
    return next((name for name in names if name in os.environ), "")


def _dotted(keys: list[str | int]) -> str:
    return ".".join(str(key) for key in keys)


def line_of(text: str, keys: list[str | int]) -> int:
    """Return the line of a key, or of the table that should hold it; 0 where there is neither."""
    wanted = tuple(str(key) for key in keys)
    table: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    best = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            name = header.group(2)
            table = tuple(name.split("."))
            if header.group(1):
                counts[name] = counts.get(name, -1) + 1
                table = (*table, str(counts[name]))
            if table == wanted[: len(table)]:
                best = number
        elif (key := _KEY.match(line)) and (*table, *key.group(1).split(".")) == wanted[
            : len(table) + len(key.group(1).split("."))
        ]:
            return number
    return best
