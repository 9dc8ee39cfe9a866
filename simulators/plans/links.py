"""When a sensor is linked, and why its link ends, from what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.radio.sensor_life import PATIENCE_S, SILENT_S
from simulators.sensing.faults import BREAKS_LINK, SWITCHED_OFF, Fault, FaultKind

GIVEN_UP_S = SILENT_S + PATIENCE_S
"""A sensor that is silent for so long is connected anew."""
AGAIN_S = (0.3, 1.5)
"""How long it takes to find a sensor and to connect to it."""
_DISCONNECTED = "the sensor disconnected: it went out of range, off, or out of battery"
_SILENT = f"it was connected, but silent for {GIVEN_UP_S:.1f} s"


@dataclass(frozen=True)
class Episode:
    """A link that stands from ``from_s`` until ``until_s``, with a sensor switched on at ``on_s``.

    ``on_s`` is None for one that has been on since before the session. ``why`` it ends.
    """

    from_s: float
    until_s: float
    on_s: float | None
    why: str


def episodes(faults: Sequence[Fault], seconds: float, rng: np.random.Generator) -> list[Episode]:
    """Return the links of a sensor over a session of ``seconds``, in order."""
    found: list[Episode] = []
    free_s, on_s = 0.0, None
    breaking = (f for f in faults if _breaks(f) and _broken_at(f) < seconds)
    for fault in sorted(breaking, key=_broken_at):
        begin_s = free_s + rng.uniform(*AGAIN_S)
        if begin_s < _broken_at(fault):
            why = _SILENT if fault.kind is FaultKind.STALL else _DISCONNECTED
            found.append(Episode(begin_s, _broken_at(fault), on_s, why))
        free_s = max(free_s, fault.until_s)
        if fault.kind in SWITCHED_OFF:
            on_s = max(on_s or 0.0, fault.at_s)
    begin_s = free_s + rng.uniform(*AGAIN_S)
    if begin_s < seconds:
        found.append(Episode(begin_s, seconds, on_s, ""))
    return found


def _breaks(fault: Fault) -> bool:
    long_stall = fault.kind is FaultKind.STALL and fault.seconds > GIVEN_UP_S
    return long_stall or fault.kind in BREAKS_LINK


def _broken_at(fault: Fault) -> float:
    return fault.at_s + (GIVEN_UP_S if fault.kind is FaultKind.STALL else 0.0)
