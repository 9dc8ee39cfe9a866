"""Colours that people with any colour vision tell apart, and limits for the quality of data.

The colours are those of Okabe and Ito, *Color Universal Design* (2008). Limits are on the quality
of the recording only: a figure about a person is never coloured as good or bad.
"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import (
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
)

LEFT = "#56B4E9"
RIGHT = "#E69F00"
NEUTRAL = "#999999"
MODEL = "#CC79A7"
GOOD = "#009E73"
WATCH = "#F0E442"
POOR = "#D55E00"
SERIES = (LEFT, RIGHT, GOOD, MODEL, WATCH, "#0072B2", POOR, NEUTRAL)


def limits(*steps: tuple[float | None, str]) -> ThresholdsConfig:
    """Colour from each value on; the first step has no value and holds for all below."""
    return ThresholdsConfig(
        mode=ThresholdsMode.ABSOLUTE, steps=[Threshold(value, colour) for value, colour in steps]
    )


def more_is_better(watch: float, good: float) -> ThresholdsConfig:
    """Poor below ``watch``, good from ``good`` on."""
    return limits((None, POOR), (watch, WATCH), (good, GOOD))


def less_is_better(watch: float, poor: float) -> ThresholdsConfig:
    """Good below ``watch``, poor from ``poor`` on."""
    return limits((None, GOOD), (watch, WATCH), (poor, POOR))


def plain() -> ThresholdsConfig:
    """One colour whatever the value."""
    return limits((None, NEUTRAL))


REAL_SHARE = more_is_better(0.8, 0.95)
LOSS = less_is_better(0.02, 0.1)
BATTERY = more_is_better(0.2, 0.4)
CLOCK_ERROR_MS = less_is_better(5.0, 15.0)
