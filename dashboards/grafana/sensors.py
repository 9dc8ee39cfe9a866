"""Sensors: whether each delivers, how much was lost, how well its clock is known, its battery."""

from __future__ import annotations

from itertools import cycle

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import BATTERY, CLOCK_ERROR_MS, LOSS, SERIES
from dashboards.grafana.panels import About, Shown, bars, chart, in_colour, rows
from gateway.messages import Place

TITLE = "Sensors"
_EVERY_SECOND_BREAK_MS = 3500.0
_COLOURED = in_colour(background=True)
_BY_PLACE = tuple(
    Shown(place, place.replace("_", " ").capitalize(), colour)
    # There are eight colours to tell apart: arms have those of other places.
    for place, colour in zip(Place, cycle(SERIES), strict=False)
)
_FAULTS = tuple(
    Shown(name, name.capitalize(), colour)
    for name, colour in zip(("lost", "late", "refused", "clipped"), SERIES, strict=False)
)
_TABLE = (
    Shown("place", "Place"),
    Shown("sensor", "Sensor"),
    Shown("rate_hz", "Rate", unit="hertz", decimals=1),
    Shown("loss", "Loss", unit="percentunit", decimals=1, limits=LOSS, custom=_COLOURED),
    Shown(
        "clock_error_ms",
        "Clock error",
        unit="ms",
        decimals=2,
        limits=CLOCK_ERROR_MS,
        custom=_COLOURED,
    ),
    Shown("battery", "Battery", unit="percentunit", decimals=0, limits=BATTERY, custom=_COLOURED),
    Shown("lost", "Lost", decimals=0),
    Shown("late", "Late", decimals=0),
    Shown("refused", "Refused", decimals=0),
    Shown("clipped", "Clipped", decimals=0),
)


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    return [
        _now(),
        _course("Rate", "Samples received in each second.", "rate_hz", "hertz", 1),
        _course(
            "Loss",
            "Share of each second's samples that are missing or bridged.",
            "loss",
            "percentunit",
            0,
        ),
        _course(
            "Clock error",
            "Residual of the fit of the sensor's clock to the host's: how well its samples "
            "are placed in time.",
            "clock_error_ms",
            "ms",
            2,
        ),
        _faults(),
        _battery(),
        _remarks(),
    ]


def _now() -> Panel:
    fields = flux.chosen("sensor", *(column.name for column in _TABLE[2:]))
    last = flux.newest(fields, "sensor", "place", "_field")
    text = flux.only(flux.columns(last, ("sensor", "place")), *(column.name for column in _TABLE))
    about = About(
        "Sensors now",
        "The newest second of each sensor: rate received, share lost, residual of its clock, "
        "battery; and in that second samples lost, late beyond the hold-back or clipped, and "
        "packets refused.",
        24,
        9,
    )
    return rows(about, text, _TABLE)


def _course(title: str, description: str, field: str, unit: str, decimals: int) -> Panel:
    text = flux.named(flux.windowed(flux.chosen("sensor", field)), "place")
    about = About(f"{title} of each sensor", description, 8, 8, unit, decimals, low=0)
    return chart(about, [text], _BY_PLACE, break_ms=_EVERY_SECOND_BREAK_MS)


def _faults() -> Panel:
    fields = flux.chosen("sensor", "lost", "late", "refused", "clipped")
    text = flux.named(flux.windowed(flux.grouped(fields, "_field"), "sum"))
    about = About(
        "Samples lost, late, refused or clipped",
        "All sensors together. Late came after the hold-back; clipped was at full scale; "
        "refused counts packets that could not be read.",
        8,
        8,
        decimals=0,
        low=0,
    )
    return chart(about, [text], _FAULTS, break_ms=_EVERY_SECOND_BREAK_MS)


def _battery() -> Panel:
    text = flux.named(flux.newest(flux.chosen("sensor", "battery"), "place"), "place")
    about = About(
        "Battery",
        "As each sensor last said it.",
        8,
        8,
        "percentunit",
        0,
        low=0,
        high=1,
        absent="No sensor has told its battery in the time shown",
    )
    return bars(about, [text], limits=BATTERY)


def _remarks() -> Panel:
    text = flux.columns(flux.chosen("marker", "text"), ("_time", "kind"))
    text = flux.latest_rows(text, 50, "_time", "kind", "text")
    about = About(
        "Remarks",
        "Notes and what happened to the recording, such as a reconnect, newest first.",
        8,
        8,
        absent="No remark in the time shown",
    )
    shown = (Shown("_time", "Time"), Shown("kind", "Kind"), Shown("text", "Remark"))
    return rows(about, text, shown)
