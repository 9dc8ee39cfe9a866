"""Load the configuration file, and say of every mistake where it is and what was expected."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from gateway.config import ENVIRONMENT_PREFIX, Config
from gateway.errors import ConfigError, SettingError, UsageError

_TABLE = re.compile(r"^\s*\[(\[?)\s*([^\]]+?)\s*\]?\]")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_.-]+)["']?\s*=""")
_SECRETS = ("password", "token")
_UNION_TAGS = ("range", "cadence", "repetition", "form")


def load_config(path: Path) -> Config:
    """Return the configuration in ``path``; raises ConfigError with file, line and key.

    Environment variables come before the file: ``GAITWIRE_MQTT__PASSWORD`` is
    ``password`` in ``[mqtt]``, so that no secret needs to stand in a file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not a text file in UTF-8") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    return _build(values, text, path)


def default_config() -> Config:
    """Return the configuration without a file: defaults and environment variables."""
    return _build({}, "", Path("environment"))


def _build(values: dict[str, Any], text: str, path: Path) -> Config:
    _check_variables()
    try:
        return Config(**values)
    except SettingError as error:
        keys = list(error.keys)
        raise ConfigError(f"{_where(text, path, keys)}: {_dotted(keys)}: {error}") from error
    except UsageError as error:
        raise ConfigError(f"{path}: {error}") from error
    except SettingsError as error:
        # pydantic names the field alone; a table as a whole is given as JSON.
        raise ConfigError(
            f"an environment variable that begins with {ENVIRONMENT_PREFIX} is not JSON: {error}; "
            f"set single keys, as in {ENVIRONMENT_PREFIX}MQTT__PORT"
        ) from error
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise ConfigError("\n".join(_explain(e, text, path) for e in details)) from error


def _check_variables() -> None:
    """Refuse a misspelt environment variable, which would otherwise go unnoticed."""
    for variable in os.environ:
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        keys = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        for depth, key in enumerate(keys):
            known = _known_keys(list(keys[:depth]))
            if known and key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {close[0].upper()!r}? " if close else ""
                raise ConfigError(
                    f"environment variable {variable}: there is no key {key!r}; {hint}Known are "
                    f"{', '.join(known)}"
                )


def _explain(error: Any, text: str, path: Path) -> str:
    keys = [part for part in error["loc"] if part not in _UNION_TAGS]
    return f"{_where(text, path, keys)}: {_dotted(keys)}: {_expectation(error, keys)}"


def _where(text: str, path: Path, keys: list[str | int]) -> str:
    """Say where a key stands: in a line of the file, or in the environment."""
    variable = ENVIRONMENT_PREFIX + "__".join(str(key) for key in keys).upper()
    if os.environ.get(variable) is not None:
        return f"environment variable {variable}"
    line = line_of(text, keys)
    return f"{path}, line {line}" if line else f"{path}"


def _dotted(keys: list[str | int]) -> str:
    return ".".join(str(key) for key in keys)


def _expectation(error: Any, keys: list[str | int]) -> str:
    if error["type"] == "extra_forbidden":
        known = _known_keys(keys[:-1])
        close = difflib.get_close_matches(str(keys[-1]), known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        return f"there is no such key; {hint}Known here: {', '.join(known)}"
    if error["type"] == "missing":
        return "this key is missing"
    message = error["msg"][:1].lower() + error["msg"][1:]
    secret = keys[-1] in _SECRETS
    return (
        message
        if secret or isinstance(error["input"], dict)
        else f"{message}, not {error['input']!r}"
    )


def _known_keys(keys: list[str | int]) -> list[str]:
    """Return the keys of the table that ``keys`` lead to."""
    models: list[Any] = [Config]
    for key in keys:
        if isinstance(key, str):
            fields = [m.model_fields[key].annotation for m in models if key in m.model_fields]
            models = [model for annotation in fields for model in _models_in(annotation)]
    return sorted({name for model in models for name in model.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in typing.get_args(annotation) for m in _models_in(part)]


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
