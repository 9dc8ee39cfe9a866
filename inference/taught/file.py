"""The file of a taught exercise: TOML that a person can read, and in which words can be changed."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from gateway.messages import FloatArray, Place, Side
from gateway.text_file import read_text, write_text
from gateway.toml_table import TomlTable
from inference.taught import TaughtExercise, unit

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NAME_WORDING = "a name is small letters, digits and hyphens, such as arm-raise"

_DECIMALS = 4
_POINTS = 8, 500
_SIZES = ("range_deg", "duration_s", "least_deg", "least_s")
_WORDS = ("further", "less", "slower")


def write_taught(path: Path, exercise: TaughtExercise) -> None:
    """Write ``exercise``; raises ConfigError."""
    write_text(path, _text(exercise))


def read_taught(path: Path) -> TaughtExercise:
    """Return the exercise in ``path``; raises ConfigError with what is wrong with it."""
    text = read_text(path, "`gaitwire teach` makes one")
    table = TomlTable.parse(text, str(path), "correct it, or teach the exercise again")
    table.only(("name", "side", "how", "seated", *_SIZES, *_WORDS, "sensors"))
    name = table.text("name")
    if not NAME.fullmatch(name):
        table.fail("name", f"{NAME_WORDING}, not {name!r}")
    places, up = _read_path(table)
    side = table.text("side", "")
    return TaughtExercise(
        name=name,
        side=Side(table.choice("side", [str(one) for one in Side])) if side else None,
        places=places,
        path=up,
        range_deg=table.positive("range_deg"),
        duration_s=table.positive("duration_s"),
        least_deg=table.positive("least_deg"),
        least_s=table.positive("least_s"),
        further=table.text("further"),
        less=table.text("less"),
        slower=table.text("slower"),
        how=table.text("how", ""),
        seated=table.flag("seated", default=False),
    )


def _read_path(table: TomlTable) -> tuple[tuple[Place, ...], FloatArray]:
    """Return the places and the path (N, S, 3) of the table's sensors."""
    sensors = table.tables("sensors")
    if not sensors:
        table.fail("sensors", "this key is missing; expected is a table a place")
    known = [str(place) for place in Place]
    for one in sensors:
        one.only(("place", "up"))
    places = tuple(Place(one.choice("place", known)) for one in sensors)
    paths = [one.vectors("up", 3, *_POINTS) for one in sensors]
    if len(set(map(len, paths))) > 1 or len(set(places)) < len(places):
        table.fail("sensors", "expected is one table a place, all of one length")
    path = np.array(paths).transpose(1, 0, 2)
    with np.errstate(over="ignore"):
        length = np.linalg.norm(path, axis=-1)
    if (np.abs(length - 1) > 0.01).any():
        table.fail("sensors", "expected is an up of length 1 throughout")
    return places, unit(path)


def _text(exercise: TaughtExercise) -> str:
    # Imported only now: whoever follows exercises need not wait for it.
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("An exercise as it was shown, for [exercises] taught = [...]."))
    document.add("name", tomlkit.item(exercise.name))
    document.add("side", tomlkit.item(exercise.side or ""))
    document.add("how", tomlkit.item(exercise.how))
    document.add("seated", tomlkit.item(exercise.seated))
    for key in _SIZES:
        document.add(key, tomlkit.item(_rounded(getattr(exercise, key))))
    for key in _WORDS:
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
