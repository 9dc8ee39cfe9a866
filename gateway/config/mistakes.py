"""What is wrong with a value of the configuration, in a sentence for people."""

from __future__ import annotations

import math
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from gateway.config.settings import WORDING, Config
from gateway.hints import did_you_mean
from gateway.toml_table import shown

_SECRETS = ("password", "token")
_SENTENCES = {
    "bool": "must be true or false",
    "int": "must be a whole number",
    "float": "must be a number",
    "finite_number": "must be a number",
    "string": "must be text in quotes",
    "path": "must be a path in quotes",
    "tuple": "must be a list, as in [1, 2], or tables with [[ ]] around their name",
    "model": "must be a table, as in [table] and lines with key = value below",
    "dict": "must be a table, as in {{ key = value }}",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_too_short": "must not be empty",
    "union_tag_invalid": "its kind must be one of {expected_tags}",
    "union_tag_not_found": "the key kind is missing",
    "missing": "this key is missing",
    "value_error": "{error}",
}


def sentence(mistake: ErrorDetails, keys: Sequence[str | int]) -> str:
    """Return what was expected where ``keys`` lead to, and what is there instead."""
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        return f"there is no such key; {known_here(str(keys[-1]), known_keys(keys[:-1]))}"
    value = mistake["input"]
    if kind == "string_pattern_mismatch":
        expected = WORDING[context["pattern"]]
    elif isinstance(value, float) and math.isnan(value):
        expected = _SENTENCES["float"]
    else:
        template = _SENTENCES.get(kind) or _SENTENCES.get(kind.split("_")[0], mistake["msg"])
        expected = template.format(**context)
    return expected if keys[-1] in _SECRETS else expected + _instead(value)


def known_here(key: str, known: Sequence[str], *, capitals: bool = False) -> str:
    """Return which of the ``known`` keys may have been meant, and all of them."""
    names = [name.upper() for name in known] if capitals else known
    hint = did_you_mean(key.upper() if capitals else key, names)
    return f"{hint}Known here: {', '.join(known)}"


def known_keys(keys: Sequence[str | int]) -> list[str]:
    """Return the keys of the table that ``keys`` lead to."""
    models = [model for kind in _types_of(keys) for model in _models_in(kind)]
    return sorted({name for model in models for name in model.model_fields})


def form_in_json(keys: Sequence[str | int]) -> str:
    """Return what an environment variable must be for ``keys``; empty where it is no JSON."""
    kinds = {typing.get_origin(kind) or kind for kind in _types_of(keys)}
    if kinds & {tuple, list}:
        return 'a list in JSON, as in ["one", "two"]'
    if dict in kinds or any(isinstance(kind, type) and _models_in(kind) for kind in kinds):
        return 'a table in JSON, as in {"key": "value"}'
    return ""


def _types_of(keys: Sequence[str | int]) -> list[Any]:
    """Return the types that the value which ``keys`` lead to may have."""
    kinds: list[Any] = [Config]
    for key in keys:
        if isinstance(key, str):
            models = [model for kind in kinds for model in _models_in(kind)]
            kinds = [m.model_fields[key].annotation for m in models if key in m.model_fields]
    return kinds


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in typing.get_args(annotation) for m in _models_in(part)]


def _instead(value: Any) -> str:
    """Show what a person wrote, where it is short enough to be shown."""
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    return f", not {shown(value)}" if isinstance(value, (str, int, float)) else ""
