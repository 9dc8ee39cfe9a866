"""How a figure is worded for people who read it: on the pages and in Grafana."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """``title`` in a few words; ``unit`` where people read another than that of the figure.

    ``%`` turns a share into per cent, ``count`` stands for whole numbers of what the title says;
    anything else, such as ``steps/min``, only takes the place of the unit.
    """

    title: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """People read ``factor`` times a value in ``unit``, a small one with ``decimals``."""

    factor: float
    unit: str
    decimals: int


_DEGREES = math.degrees(1.0)
READINGS = {
    "rad": Reading(_DEGREES, "°", 0),
    "rad/s": Reading(_DEGREES, "°/s", 0),
    "rad/s²": Reading(_DEGREES, "°/s²", 0),
    "%": Reading(100.0, "%", 1),
    "1/min": Reading(1.0, "per minute", 0),
    "steps/min": Reading(1.0, "steps/min", 0),
    "count": Reading(1.0, "", 0),
    "1": Reading(1.0, "", 2),
}
"""Readings by unit of the SI or of a wording; any other unit is read as it is."""


def reading_of(unit: str) -> Reading:
    """Return how people read a value in ``unit``."""
    return READINGS.get(unit, Reading(1.0, unit, 2))


def title_of(name: str) -> str:
    """Return a title made of a name such as ``step_time``: Step time."""
    words = re.sub(r"[_-]+", " ", name)
    return words[:1].upper() + words[1:]
