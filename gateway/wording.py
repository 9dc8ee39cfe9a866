"""How a figure is worded for people who read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """``title`` in a few words; ``unit`` where people read another than that of the figure.

    ``%`` turns a share into per cent, ``count`` stands for whole numbers of what the title says;
    anything else, such as ``steps/min``, only takes the place of the unit.
    """

    title: str
    unit: str = ""
