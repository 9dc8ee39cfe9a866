"""Measures: whatever figures there are, by name, with unit and quality."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import REAL_SHARE
from dashboards.grafana.panels import About, Shown, dots, figures, in_colour, rows
from dashboards.grafana.words import preface
from gateway.wording import Wording

TITLE = "Measures"
_NONE_YET = "No figure in the time shown"
_READ = "read(name: r.name, unit: r.unit)"
_WHOLE = 'if r.side == "both" then r.name else r.name + ", " + r.side'
_WITH_UNIT = f'({_WHOLE}) + (if r.unit == "" then "" else " (" + r.unit + ")")'


def panels(wordings: Mapping[str, Wording]) -> list[Panel]:
    """Return the panels of the row, in reading order."""
    words = preface(wordings)
    return [_newest(words), _over_time(words), _each(words)]


def _chosen(*fields: str) -> str:
    """Fields of the figures that are chosen at the top of the dashboard."""
    return flux.where(flux.chosen("figure", *fields), "r.name =~ /^${figure:regex}$/")


def _worded(text: str, *values: str) -> str:
    """Put names, units and ``values`` as people read them."""
    scaled = {
        value: f"if exists r.{value} then r.{value} * reading.factor else r.{value}"
        for value in values
    }
    return flux.extended(
        text, {"reading": _READ}, name="reading.title", unit="reading.unit", **scaled
    )


def _by_what(text: str) -> str:
    """Add name, side and unit of a figure in one column, ``what``, and scale its value."""
    return flux.extended(_worded(text, "_value"), what=_WITH_UNIT)


def _newest(words: str) -> Panel:
    text = flux.newest(_by_what(words + _chosen("value")), "what")
    about = About(
        "Newest figures",
        "The newest of each figure that was not withheld; one without a unit is a ratio.",
        24,
        4,
        decimals=2,
        absent=_NONE_YET,
    )
    return figures(about, [flux.named(text, "what")])


def _over_time(words: str) -> Panel:
    about = About(
        "Figures over time",
        "Figures that were withheld are left out. Choose one at the top to see it alone.",
        12,
        9,
        decimals=2,
    )
    text = flux.named(_by_what(flux.windowed(words + _chosen("value"))), "what")
    return dots(about, [text])


def _each(words: str) -> Panel:
    shown = (
        Shown("_time", "Time"),
        Shown("name", "Figure"),
        Shown("side", "Side"),
        Shown("value", "Value", decimals=2),
        Shown("half_width", "±", decimals=2),
        Shown("unit", "Unit"),
        Shown(
            "real_share",
            "Real samples",
            unit="percentunit",
            decimals=0,
            limits=REAL_SHARE,
            custom=in_colour(background=False),
        ),
        Shown("withheld", "Why withheld"),
    )
    text = flux.columns(
        words + _chosen("value", "half_width", "real_share", "withheld"),
        ("_time", "name", "side", "unit"),
    )
    text = flux.latest_rows(text, 100, *(column.name for column in shown))
    about = About(
        "Each figure",
        "Newest first, with by how much it may be off, 95 times in 100, where that is known, and "
        "the share of its samples that were measured, or why it is withheld.",
        12,
        9,
        absent=_NONE_YET,
    )
    return rows(about, _worded(text, "value", "half_width"), shown)
