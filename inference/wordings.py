"""How the figures of all stages are worded for people."""

from __future__ import annotations

from gateway.wording import Wording
from inference.gait.bout_wording import bout_wordings
from inference.gait.lower_back import WORDINGS
from inference.measures import measures


def wordings() -> dict[str, Wording]:
    """Return the wording of each figure that says how it is called, by its name."""
    named = {**bout_wordings(), **WORDINGS}
    for measure in measures().values():
        named.update(measure.wordings)
    return named
