"""Walking: cadence, stride time and stance of each side, and how far they can be trusted."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import LEFT, REAL_SHARE, RIGHT, SERIES
from dashboards.grafana.panels import About, Shown, dots, figures, rows

TITLE = "Gait"
SIDES = (Shown("left", "Left", LEFT), Shown("right", "Right", RIGHT))
_NOT_WALKING = "No stride in the time shown"
_CADENCE = "Steps a minute, from each stride: two steps a stride."
_STRIDE_TIME = "From an initial contact to the next initial contact of the same foot."
_STANCE = "Share of the stride from initial to final contact of that foot."
_NEWEST = " The newest that was not withheld."


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    return [*_newest_figures(), *_over_time(), *_trust()]


def _newest_figures() -> list[Panel]:
    return [
        _figure("Cadence", _CADENCE + _NEWEST, "cadence_spm", "steps/min", 0),
        _figure("Stride time", _STRIDE_TIME + _NEWEST, "stride_time_s", "s", 2),
        _figure("Stance", _STANCE + _NEWEST, "stance_share", "percentunit", 1),
        _strides(),
        _real_share(),
    ]


def _over_time() -> list[Panel]:
    return [
        _course("Cadence over time", _CADENCE, "cadence_spm", "steps/min", 0),
        _course("Stride time over time", _STRIDE_TIME, "stride_time_s", "s", 2),
        _course("Stance over time", _STANCE, "stance_share", "percentunit", 1),
    ]


def _trust() -> list[Panel]:
    return [_delay(), _withheld()]


def _figure(title: str, description: str, field: str, unit: str, decimals: int) -> Panel:
    text = flux.named(flux.newest(flux.chosen("stride", field), "side"), "side")
    about = About(title, description, 5, 4, unit, decimals, absent=_NOT_WALKING)
    return figures(about, [text], SIDES)


def _course(title: str, description: str, field: str, unit: str, decimals: int) -> Panel:
    text = flux.named(flux.windowed(flux.chosen("stride", field)), "side")
    more = " One point a stride; strides whose figures were withheld are left out."
    return dots(About(title, description + more, 8, 8, unit, decimals), [text], SIDES)


def _strides() -> Panel:
    text = flux.counted(flux.chosen("stride", "real_share"), "side")
    about = About(
        "Strides",
        "Strides in the time shown, those with withheld figures included.",
        5,
        4,
        decimals=0,
        absent=_NOT_WALKING,
    )
    return figures(about, [flux.named(text, "side")], SIDES)


def _real_share() -> Panel:
    text = flux.named(flux.newest(flux.chosen("stride", "real_share"), "side"), "side")
    about = About(
        "Real samples",
        "Share of the samples under the newest stride that were measured, not bridged.",
        4,
        4,
        "percentunit",
        0,
        absent=_NOT_WALKING,
    )
    return figures(
        about, [text], (Shown("left", "Left"), Shown("right", "Right")), limits=REAL_SHARE
    )


def _delay() -> Panel:
    text = flux.named(flux.windowed(flux.chosen("gait_event", "delay_ms"), "max"), "kind")
    about = About(
        "Delay of foot contacts",
        "Time from a foot contact to the moment it was told: what the method needs to be sure.",
        12,
        6,
        "ms",
        0,
        low=0,
    )
    kinds = (
        Shown("initial_contact", "Initial contact", SERIES[2]),
        Shown("final_contact", "Final contact", SERIES[3]),
    )
    return dots(about, [text], kinds)


def _withheld() -> Panel:
    text = flux.where(flux.chosen("stride", "withheld"), 'r._value != ""')
    text = flux.columns(text, ("_time", "side"))
    text = flux.latest_rows(text, 50, "_time", "side", "withheld")
    about = About(
        "Figures that were withheld",
        "Strides whose figures are not given, with the reason, newest first.",
        12,
        6,
        absent="None was withheld in the time shown",
    )
    shown = (Shown("_time", "Time"), Shown("side", "Side"), Shown("withheld", "Reason"))
    return rows(about, text, shown)
