"""The configuration reference, made from the types: ``python -m gateway.config.reference``."""

from __future__ import annotations

import sys
import typing
from types import NoneType, UnionType
from typing import Any, Literal

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from gateway.config.settings import ENVIRONMENT_PREFIX, Config
from gateway.rules import CadenceRule, FormRule, RangeRule, RepetitionRule
from gateway.sinks.plugins import Sink, sinks

_INTRODUCTION = f"""# Configuration

One TOML file, given by `-c FILE`. Every key has a default; without a file all defaults hold. A key
that does not exist, a wrong type or an impossible value is refused with file, line and key; so is
what the driver of a sensor with a radio cannot do (docs/sensors.md).

An environment variable comes before the file: `{ENVIRONMENT_PREFIX}`, then the table, two
underscores and the key, in capitals. So `{ENVIRONMENT_PREFIX}MQTT__PASSWORD` is `password` in
`[mqtt]`, and no secret needs to stand in a file.

This page is made from the types in `gateway/config/settings.py`, `gateway/rules.py` and
`gateway/sinks/plugins/`:
`python -m gateway.config.reference > docs/configuration.md`.
"""
_REPEATED = {"sensors": "[[sensors]]", "rules": "[[feedback.rules]]"}
_RULES: dict[str, type[BaseModel]] = {
    "range": RangeRule,
    "cadence": CadenceRule,
    "repetition": RepetitionRule,
    "form": FormRule,
}


def reference() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for name, field in Config.model_fields.items():
        if name == "sinks":
            parts += [_sink_section(sink) for sink in sinks().values()]
            continue
        title = _REPEATED.get(name, f"[{name}]")
        model = _model(field.annotation)
        parts.append(_section(title, _summary(model), model))
        if name == "feedback":
            parts += [
                _section(f'[[feedback.rules]] with kind = "{kind}"', _summary(rule), rule)
                for kind, rule in _RULES.items()
            ]
    return "\n".join(parts)


def _sink_section(sink: Sink) -> str:
    return _section(f"[sinks.{sink.name}]", _summary(sink.settings), sink.settings)


def _section(title: str, summary: str, model: type[BaseModel]) -> str:
    rows = "\n".join(_row(name, field) for name, field in model.model_fields.items())
    header = "| key | type | default | |\n|---|---|---|---|"
    return f"## `{title}`\n{summary}\n\n{header}\n{rows}\n"


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name}`", _type_text(field), _default_text(field), field.description or "")
    return f"| {' | '.join(cells)} |"


def _type_text(field: FieldInfo) -> str:
    limits = [text for piece in field.metadata for text in _limit(piece)]
    return ", ".join([_annotation_text(_some(field.annotation)), *limits])


def _some(annotation: Any) -> Any:
    """Return what an annotation is when it is not None."""
    parts = [part for part in typing.get_args(annotation) if part is not NoneType]
    return parts[0] if isinstance(annotation, UnionType) and len(parts) == 1 else annotation


def _annotation_text(annotation: Any) -> str:
    if typing.get_origin(annotation) is Literal:
        return " or ".join(f"`{value!r}`" for value in typing.get_args(annotation))
    names = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    if annotation in names:
        return names[annotation]
    if annotation is SecretStr:
        return "secret text"
    if isinstance(annotation, type) and issubclass(annotation, str):
        return ", ".join(f"`{value}`" for value in annotation)  # type: ignore[attr-defined]  # an enum
    kinds = {"Path": "path", "float": "number", "Rule": "tables", "tuple": "list", "dict": "table"}
    if typing.get_origin(annotation) is dict:
        return kinds["dict"]
    return next(text for part, text in kinds.items() if part in str(annotation))


def _limit(piece: Any) -> list[str]:
    words = {"gt": "above {}", "ge": "at least {}", "lt": "below {}", "le": "at most {}"}
    words |= {"min_length": "at least {} long", "pattern": "matching `{}`"}
    found = [(text, getattr(piece, name, None)) for name, text in words.items()]
    return [text.format(value).replace("|", "\\|") for text, value in found if value is not None]


def _default_text(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return f"{len(value)} rules, see `gateway/rules.py`"
    if isinstance(value, SecretStr) or value in ("", None, (), {}):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _model(annotation: Any) -> type[BaseModel]:
    arguments = typing.get_args(annotation)
    model: type[BaseModel] = arguments[0] if arguments else annotation
    return model


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip()


if __name__ == "__main__":
    sys.stdout.write(reference())
