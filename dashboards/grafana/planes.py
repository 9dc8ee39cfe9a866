"""Joints in their other two planes, and how trunk and arms are inclined."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import LEFT, NEUTRAL, RIGHT
from dashboards.grafana.panels import About, Shown, chart

TITLE = "Other planes, trunk and arms"
_RELATIVE = "Relative: zero is the mean over this person's strides. Absent before some were walked."
_SIDEWAYS = "Zero as in the calibrated standing pose."
_JOINTS = (
    ("Hip adduction", "hip_adduction", _SIDEWAYS),
    ("Hip internal rotation", "hip_rotation", _RELATIVE),
    ("Knee adduction", "knee_adduction", _SIDEWAYS),
    ("Knee internal rotation", "knee_rotation", _RELATIVE),
    ("Ankle inversion", "ankle_inversion", _SIDEWAYS),
    ("Ankle internal rotation", "ankle_rotation", _RELATIVE),
)
_TILTS = (
    ("Forward tilt", "forward_tilt", "Leaning forward is positive."),
    ("Lateral tilt", "lateral_tilt", "Leaning to the right is positive."),
)


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    sides = (("Left", "left_", LEFT), ("Right", "right_", RIGHT))
    trunk = (("Pelvis", "pelvis_", NEUTRAL), ("Trunk", "trunk_", RIGHT))
    positive = "Its name says what is positive, on both sides. "
    elevation = "How far the upper arm is off hanging down, to whichever side."
    elbow = "Angle between upper arm and forearm, zero with the arm hanging as when calibrated."
    return [
        *(_angle(name, field, positive + zero, sides) for name, field, zero in _JOINTS),
        *(_angle(name, field, about, trunk) for name, field, about in _TILTS),
        _angle("Shoulder elevation", "shoulder_elevation", elevation, sides, (0, 120)),
        _angle("Elbow flexion", "elbow_flexion", elbow, sides, (0, 120)),
    ]


def _angle(
    name: str,
    field: str,
    text: str,
    parts: Sequence[tuple[str, str, str]],
    span_deg: tuple[float, float] = (-20, 20),
) -> Panel:
    fields = [f"{prefix}{field}_deg" for _, prefix, _ in parts]
    query = flux.named(flux.windowed(flux.chosen("body_angle", *fields)))
    shown = [
        Shown(column, title, colour)
        for column, (title, _, colour) in zip(fields, parts, strict=True)
    ]
    low, high = span_deg
    return chart(About(name, text, 8, 8, "degree", 1, low=low, high=high), [query], shown)
