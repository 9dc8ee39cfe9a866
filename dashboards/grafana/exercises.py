"""Exercises: repetitions, their range, how often the target was reached, and what was cued."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import REAL_SHARE
from dashboards.grafana.panels import About, Shown, dots, figures, in_colour, rows

TITLE = "Exercises"
_NONE_YET = "No repetition in the time shown"
_BY_EXERCISE = 'if r.side == "both" then r.exercise else r.exercise + ", " + r.side'


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    return [_count(), _hit_rate(), _range(), _cues(), _repetitions()]


def _by_what(text: str) -> str:
    """Add the exercise and its side in one column, ``what``."""
    return flux.extended(text, what=_BY_EXERCISE)


def _count() -> Panel:
    text = flux.newest(_by_what(flux.chosen("repetition", "count")), "what")
    about = About(
        "Repetitions",
        "Count within the set under way, or within the newest set.",
        6,
        5,
        decimals=0,
        absent=_NONE_YET,
    )
    return figures(about, [flux.named(text, "what")])


def _hit_rate() -> Panel:
    reached = _by_what(flux.as_numbers(flux.chosen("repetition", "target_reached")))
    about = About(
        "Target reached",
        "Share of the repetitions in the time shown that reached their target zone.",
        6,
        5,
        "percentunit",
        0,
        absent=_NONE_YET,
    )
    return figures(about, [flux.named(flux.averaged(reached, "what"), "what")])


def _range() -> Panel:
    text = flux.named(_by_what(flux.windowed(flux.chosen("repetition", "rom_deg"))), "what")
    about = About(
        "Range of motion of each repetition",
        "Range of the exercise's leading angle, one point a repetition, drawn at its end.",
        12,
        8,
        "degree",
        0,
        low=0,
    )
    return dots(about, [text], break_ms=15_000.0)


def _cues() -> Panel:
    text = flux.columns(flux.chosen("cue", "text"), ("_time", "kind"))
    text = flux.latest_rows(text, 50, "_time", "kind", "text")
    about = About(
        "Cues",
        "What the person was told, newest first.",
        12,
        8,
        absent="No cue in the time shown",
    )
    return rows(about, text, (Shown("_time", "Time"), Shown("kind", "Kind"), Shown("text", "Cue")))


def _repetitions() -> Panel:
    shown = (
        Shown("_time", "Time"),
        Shown("exercise", "Exercise"),
        Shown("side", "Side"),
        Shown("count", "Count", decimals=0),
        Shown("rom_deg", "Range of motion", unit="degree", decimals=0),
        Shown("rom_half_width_deg", "±", unit="degree", decimals=0),
        Shown("peak_deg", "Peak", unit="degree", decimals=0),
        Shown("peak_half_width_deg", "Peak ±", unit="degree", decimals=0),
        Shown("outward_s", "Out", unit="s", decimals=1),
        Shown("hold_s", "Hold", unit="s", decimals=1),
        Shown("return_s", "Back", unit="s", decimals=1),
        Shown("duration_s", "Duration", unit="s", decimals=1),
        Shown("smoothness", "Smoothness", decimals=1),
        Shown("execution", "Execution"),
        Shown("target_reached", "Target reached"),
        Shown(
            "real_share",
            "Real samples",
            unit="percentunit",
            decimals=0,
            limits=REAL_SHARE,
            custom=in_colour(background=False),
        ),
    )
    key = ("_time", "exercise", "side")
    names = [column.name for column in shown]
    text = flux.columns(flux.chosen("repetition", *names[len(key) :]), key)
    about = About(
        "Each repetition",
        "Newest first. Range and peak may be off by what stands beside them, 95 times in 100. Peak "
        "is the extreme of the leading angle, hold the time spent in the target zone, out and back "
        "the ways there, smoother nearer to 0, real samples the share that was measured.",
        24,
        8,
        absent=_NONE_YET,
    )
    return rows(about, flux.latest_rows(text, 100, *names), shown)
