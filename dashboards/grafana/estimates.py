"""The model's estimates with their standard deviation, beside what was measured."""

from __future__ import annotations

from math import degrees

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.joints import colour, field
from dashboards.grafana.palette import LEFT, MODEL, RIGHT
from dashboards.grafana.panels import About, Shown, chart
from gateway.messages import Joint

TITLE = "Model"
_KNEES = (("Left knee", Joint.LEFT_KNEE), ("Right knee", Joint.RIGHT_KNEE))
_BAND = (
    Shown("estimate", "Model", MODEL),
    Shown(
        "above",
        "Model + sd",
        MODEL,
        custom=(
            ("custom.lineWidth", 0),
            ("custom.fillBelowTo", "Model − sd"),
            ("custom.fillOpacity", 25),
        ),
    ),
    Shown("below", "Model − sd", MODEL, custom=(("custom.lineWidth", 0),)),
)


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    return [*(_knee(*knee) for knee in _KNEES), _contacts()]


def _knee(name: str, joint: Joint) -> Panel:
    measured = flux.named(flux.windowed(flux.chosen("joint_angle", field(joint))))
    about = About(
        f"{name}: measured and estimated",
        "The angle computed from the sensors beside the model's estimate; the band is one "
        "standard deviation either way, as the model states it.",
        12,
        9,
        "degree",
        1,
        low=-10,
        high=70,
    )
    shown = (Shown(field(joint), "Measured", colour(joint)), *_BAND)
    return chart(about, [measured, _band(joint)], shown)


def _band(joint: Joint) -> str:
    """Columns ``estimate``, ``above`` and ``below`` in degrees; the model's own are radians."""
    name = f"{joint}_flexion"
    both = flux.scaled(flux.windowed(flux.chosen("estimate", name, f"{name}_sd")), degrees(1.0))
    table = flux.where(flux.columns(both, ("_time",)), f"exists r.{name} and exists r.{name}_sd")
    table = flux.extended(
        table,
        estimate=f"r.{name}",
        above=f"r.{name} + r.{name}_sd",
        below=f"r.{name} - r.{name}_sd",
    )
    return flux.only(table, "_time", "estimate", "above", "below")


def _contacts() -> Panel:
    text = flux.named(
        flux.windowed(flux.chosen("estimate", "left_foot_contact", "right_foot_contact"))
    )
    about = About(
        "Foot contact, as the model sees it",
        "0 the foot is in the air, 1 it is on the ground; between them the model is unsure.",
        24,
        6,
        "percentunit",
        0,
        low=0,
        high=1,
    )
    return chart(
        about,
        [text],
        (Shown("left_foot_contact", "Left", LEFT), Shown("right_foot_contact", "Right", RIGHT)),
    )
