"""How a figure is worded for people who read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """``title`` in a few words; ``unit`` where people read another than that of the figure.

    ``%`` turns a share into per cent; anything else, such as ``steps/min`` or ``strides``, only
    takes the place of the unit.
    """

    title: str
    unit: str = ""
