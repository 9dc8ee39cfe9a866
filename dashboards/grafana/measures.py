"""Measures: whatever figures there are, by name, with unit and quality."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import REAL_SHARE
from dashboards.grafana.panels import About, Shown, dots, figures, in_colour, rows

TITLE = "Measures"
_NONE_YET = "No figure in the time shown"
_WHOLE = 'if r.side == "both" then r.name else r.name + ", " + r.side'
_WITH_UNIT = f'({_WHOLE}) + (if r.unit == "1" then "" else " (" + r.unit + ")")'


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    return [_newest(), _over_time(), _each()]


def _chosen(*fields: str) -> str:
    """Fields of the figures that are chosen at the top of the dashboard."""
    return flux.where(flux.chosen("figure", *fields), "r.name =~ /^${figure:regex}$/")


def _by_what(text: str) -> str:
    """Add name, side and unit of a figure in one column, ``what``."""
    return flux.extended(text, what=_WITH_UNIT)


def _newest() -> Panel:
    text = flux.newest(_by_what(_chosen("value")), "what")
    about = About(
        "Newest figures",
        "The newest of each figure that was not withheld; one without a unit is a ratio.",
        24,
        4,
        decimals=3,
        absent=_NONE_YET,
    )
    return figures(about, [flux.named(text, "what")])


def _over_time() -> Panel:
    about = About(
        "Figures over time",
        "Figures that were withheld are left out. Choose one at the top to see it alone.",
        12,
        9,
        decimals=3,
    )
    text = flux.named(_by_what(flux.windowed(_chosen("value"))), "what")
    return dots(about, [text])


def _each() -> Panel:
    shown = (
        Shown("_time", "Time"),
        Shown("name", "Figure"),
        Shown("side", "Side"),
        Shown("value", "Value", decimals=3),
        Shown("half_width", "±", decimals=3),
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
        _chosen("value", "half_width", "real_share", "withheld"),
        ("_time", "name", "side", "unit"),
    )
    about = About(
        "Each figure",
        "Newest first, with by how much it may be off, 95 times in 100, where that is known, and "
        "the share of its samples that were measured, or why it is withheld.",
        12,
        9,
        absent=_NONE_YET,
    )
    return rows(about, flux.latest_rows(text, 100, *(column.name for column in shown)), shown)
