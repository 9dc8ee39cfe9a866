"""The file of a taught exercise: TOML that a person can read, and in which words can be changed."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import ConfigError
from gateway.messages import Place, Side
from inference.taught import TaughtExercise, unit

_DECIMALS = 4
_Up = tuple[float, float, float]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Sensor(BaseModel):
    model_config = ConfigDict(extra="forbid")

    place: Place
    up: Annotated[list[_Up], Field(min_length=8, max_length=500)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    side: Literal["left", "right", ""] = ""
    range_deg: _Positive
    duration_s: _Positive
    least_deg: _Positive
    least_s: _Positive
    further: str
    less: str
    slower: str
    sensors: Annotated[list[_Sensor], Field(min_length=1)]


def write_taught(path: Path, exercise: TaughtExercise) -> None:
    """Write ``exercise``; raises ConfigError."""
    try:
        path.write_text(_text(exercise), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror or error}; name another file"
        ) from error


def read_taught(path: Path) -> TaughtExercise:
    """Return the exercise in ``path``; raises ConfigError with what is wrong with it."""
    try:
        kept = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}; teach the exercise again") from error
    return _exercise(path, kept)


def _exercise(path: Path, kept: _File) -> TaughtExercise:
    places = tuple(sensor.place for sensor in kept.sensors)
    if len({len(sensor.up) for sensor in kept.sensors}) > 1 or len(set(places)) < len(places):
        raise ConfigError(f"{path}: sensors: one table a place, all of one length")
    up = np.array([sensor.up for sensor in kept.sensors]).transpose(1, 0, 2)
    length = np.linalg.norm(up, axis=-1)
    if not (np.abs(length - 1) < 0.01).all():  # also where one is not finite
        raise ConfigError(f"{path}: sensors: up must have length 1 throughout")
    values = kept.model_dump(exclude={"sensors", "side"})
    side = Side(kept.side) if kept.side else None
    return TaughtExercise(side=side, places=places, path=unit(up), **values)


def _text(exercise: TaughtExercise) -> str:
    # Imported only now: whoever follows exercises need not wait for it.
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("An exercise as it was shown, for [exercises] taught = [...]."))
    document.add("name", tomlkit.item(exercise.name))
    document.add("side", tomlkit.item(exercise.side or ""))
    for key in ("range_deg", "duration_s", "least_deg", "least_s"):
        document.add(key, tomlkit.item(_rounded(getattr(exercise, key))))
    for key in ("further", "less", "slower"):
        document.add(key, tomlkit.item(getattr(exercise, key)))
    sensors = tomlkit.aot()
    for column, place in enumerate(exercise.places):
        table = tomlkit.table()
        table.add("place", str(place))
        table.add("up", exercise.path[:, column].round(_DECIMALS).tolist())
        sensors.append(table)
    document.add("sensors", sensors)
    return tomlkit.dumps(document)


def _rounded(value: float) -> float:
    """Return ``value`` in four digits."""
    return round(value, 3 - math.floor(math.log10(value)))
