"""The signs that docs/coordinates.md promises: each movement is made, and its row looked up."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gateway.messages import Place, SegmentBlock, Side
from tests.inference.posed import ALL, Figure

PAGE = Path(__file__).parents[2] / "docs" / "coordinates.md"
WALKED_S, SECONDS = 6.0, 8.0
NEAR_DEG = 1.0

# Pitch in degrees of the segments of a leg, and of pelvis and sternum; front up is positive.
SAGITTAL: dict[str, dict[str, float]] = {
    "thigh swings forward": {"thigh": 30, "shank": 30, "foot": 30},
    "thigh swings back (late stance)": {"thigh": -15, "shank": -15, "foot": -15},
    "heel towards the buttock": {"shank": -60, "foot": -60},
    "knee straightens": {"thigh": 90, "shank": 60, "foot": 60},
    "knee beyond straight": {"shank": 8, "foot": 8},
    "toes up (before heel strike)": {"foot": 15},
    "push-off, toes down": {"foot": -20},
    "squat down": {"thigh": 63, "shank": -27, "pelvis": -30, "sternum": -30},
    "sit down": {"thigh": 88},
    "trunk bends forward": {"pelvis": -30, "sternum": -40},
    "shank leans forward over a flat foot": {"shank": -15},
    "turn to the left": {},
}
# Segments that turn and by how much: inwards about the long axis, lower end inwards, front up.
INWARD, ADDUCTED, RAISED = "inward", "adducted", "raised"
OTHERS: dict[str, tuple[str, str, float]] = {
    "leg moves out to the side": ("thigh shank foot", ADDUCTED, -25),
    "leg crosses the other": ("thigh shank foot", ADDUCTED, 10),
    "leg turns inwards, toes in": ("thigh shank foot", INWARD, 15),
    "leg turns outwards, toes out": ("thigh shank foot", INWARD, -15),
    "knock knee, shank out to the side": ("shank foot", ADDUCTED, -8),
    "bow leg, shank inwards": ("shank foot", ADDUCTED, 8),
    "shank turns inwards under the thigh": ("shank foot", INWARD, 10),
    "sole turns inwards": ("foot", ADDUCTED, 15),
    "sole turns outwards": ("foot", ADDUCTED, -15),
    "foot turns inwards, shank still": ("foot", INWARD, 10),
    "pelvis leans forward": ("pelvis", RAISED, -20),
    "trunk leans back": ("sternum", RAISED, 15),
    "pelvis drops on the right": ("pelvis", ADDUCTED, 10),
    "trunk leans to the left": ("sternum", ADDUCTED, -10),
    "arm raised forwards": ("upper_arm forearm", RAISED, 60),
    "arm raised sideways": ("upper_arm forearm", ADDUCTED, -80),
}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below the line that begins with ``heading``."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(heading)) + 2
    last = next(i for i in range(first, len(lines)) if not lines[i].startswith("|"))
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[first:last]]


SAGITTAL_ROWS = rows("| movement | hip | knee | ankle |")
OTHER_ROWS = rows("| movement | angle | sign |")


def place_of(side: Side, segment: str) -> Place:
    return Place(segment if segment in ("pelvis", "sternum") else f"{side}_{segment}")


def test_every_movement_of_the_page_is_made() -> None:
    assert [row[0] for row in SAGITTAL_ROWS] == list(SAGITTAL)
    assert [row[0] for row in OTHER_ROWS] == list(OTHERS)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("row", SAGITTAL_ROWS, ids=lambda row: row[0])
def test_flexion_and_rates_have_the_signs_of_the_page(row: list[str], side: Side) -> None:
    movement, *signs, rates = row
    figure = Figure(1.0)
    for segment, degrees in SAGITTAL[movement].items():
        before = 90.0 if movement == "knee straightens" and segment == "thigh" else 0.0
        figure.turn(place_of(side, segment), 0.0, pitch=before)
        figure.turn(place_of(side, segment), 0.5, pitch=degrees - before)
    if movement == "turn to the left":
        for place in ALL:
            figure.turn(place, 0.5, yaw=20)
    angles = figure.angles()
    for joint, sign in zip(("hip", "knee", "ankle"), signs, strict=True):
        before_deg, after_deg = angles[f"{side}_{joint}_flexion"][[0, -1]]
        check(sign, before_deg, after_deg)
    (segments,) = (m for m in figure.messages() if isinstance(m, SegmentBlock))
    rate = segments.gyr[50]
    for segment, sign in re.findall(r"(thigh|shank|foot|pelvis|sternum) ([+−])", rates):
        assert np.sign(rate[ALL.index(place_of(side, segment)), 2]) == (1 if sign == "+" else -1)
    if "about y" in rates:
        assert (rate[:, 1] > 0).all()
        assert np.allclose(rate[:, 2], 0)


def check(sign: str, before_deg: float, after_deg: float) -> None:
    """Hold an angle to a cell of the page."""
    if sign == "+":
        assert after_deg > NEAR_DEG
    elif sign == "−":
        assert after_deg < -NEAR_DEG
    elif sign == "near 0":
        assert abs(after_deg) < NEAR_DEG
    elif sign == "towards 0":
        assert NEAR_DEG < after_deg < before_deg - NEAR_DEG
    else:
        assert sign == ""


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("row", OTHER_ROWS, ids=lambda row: row[0])
def test_other_planes_have_the_signs_of_the_page(row: list[str], side: Side) -> None:
    movement, angle, sign = row
    segments, way, degrees = OTHERS[movement]
    figure = Figure(SECONDS)
    figure.walk(WALKED_S)
    inwards = 1 if side == Side.RIGHT else -1
    for segment in segments.split():
        place = place_of(side, segment)
        mirror = inwards if "_" in place else 1
        turn = {
            INWARD: {"yaw": mirror * degrees},
            ADDUCTED: {"roll": mirror * degrees},
            RAISED: {"pitch": degrees},
        }[way]
        figure.turn(place, WALKED_S, **turn)
    name = angle.replace(" ", "_")
    found = figure.angles()
    value = found[name if name in found else f"{side}_{name}"][-1]
    assert np.sign(value) == (1 if sign == "+" else -1)
    assert abs(value) == pytest.approx(abs(degrees), abs=1.0)
