"""How a sensor is, in one word and a sentence: what pages, MQTT and records say of it."""

from __future__ import annotations

import math
from enum import StrEnum

from gateway.messages import LinkState, SensorStatus

LOSSY = 0.1
"""A sensor that has lost more than this share of a second is poor."""
CLIPPED = 0.02
"""So is one with more than this share at the end of its range; a blow of the heel is shorter."""
LOW_BATTERY = 0.1
"""A battery at this level may well be why a sensor fell silent."""
HALF = "it measures acceleration or rate of turn alone, so no angle and no step rests on it"


class Condition(StrEnum):
    """How a sensor is; while its link does not stream, it is as its link is."""

    SEARCHING = LinkState.SEARCHING
    CONNECTING = LinkState.CONNECTING
    STALLED = LinkState.STALLED
    LOST = LinkState.LOST
    SILENT = "silent"
    WRONG = "wrong"
    POOR = "poor"
    GOOD = "good"


def condition(status: SensorStatus) -> tuple[Condition, str]:
    """Return how a sensor was over its second, and why it was not good."""
    if status.link not in (None, LinkState.STREAMING):
        return Condition(status.link), _with_battery(status.why, status.battery)
    if status.rate_hz == 0.0:
        return Condition.SILENT, _with_battery("", status.battery)
    if status.wrong:
        return Condition.WRONG, status.wrong
    why = _poor(status)
    return (Condition.POOR, why) if why else (Condition.GOOD, "")


def _poor(status: SensorStatus) -> str:
    """Say why nothing, or not all, can rest on what it measures; empty where all can."""
    if math.isnan(status.loss) and not math.isnan(status.rate_hz):
        return HALF
    if status.loss > LOSSY:
        return f"{status.loss:.0%} of its samples are missing"
    if status.clipped > CLIPPED * status.rate_hz:
        return f"{status.clipped} samples were at the end of its range"
    return ""


def _with_battery(why: str, level: float) -> str:
    if not (math.isfinite(level) and level <= LOW_BATTERY):
        return why
    return "; ".join(part for part in (why, f"its battery was at {level:.0%}, charge it") if part)
