"""How a sensor is, in one word and a sentence: what pages, MQTT and records say of it."""

from __future__ import annotations

import math

from gateway.messages import SensorStatus

LOSSY = 0.1
"""A sensor that has lost more than this share of a second is poor."""
CLIPPED = 0.02
"""So is one with more than this share at the end of its range; a blow of the heel is shorter."""
LOW_BATTERY = 0.1
"""A battery at this level may well be why a sensor fell silent."""
HALF = "it measures acceleration or rate of turn alone, so no angle and no step rests on it"
_STREAMING = "streaming"


def condition(status: SensorStatus) -> tuple[str, str]:
    """Return the word for a sensor's second, and why it is not ``"good"``.

    The word is that of its link where that does not stream (``"searching"``, ``"connecting"``,
    ``"stalled"``, ``"lost"``), else ``"silent"``, ``"wrong"``, ``"poor"`` or ``"good"``.
    """
    link, _, why = status.state.partition(": ")
    if link not in ("", _STREAMING):
        return link, _with_battery(why, status.battery)
    if status.rate_hz == 0.0:
        return "silent", _with_battery("", status.battery)
    if status.wrong:
        return "wrong", status.wrong
    why = _poor(status)
    return ("poor", why) if why else ("good", "")


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
