"""Symmetry index, symmetry angle and limb symmetry index by their definitions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from inference.gait.symmetry import limb_symmetry_index, symmetry_angle, symmetry_index

positive = st.floats(0.01, 100.0)


@pytest.mark.parametrize(("left", "right", "index"), [(1, 1, 0), (0.5, 0.6, 0.1 / 0.55), (3, 1, 1)])
def test_the_symmetry_index(left: float, right: float, index: float) -> None:
    assert symmetry_index(left, right) == pytest.approx(index)


@given(left=positive, right=positive)
def test_the_symmetry_angle_is_that_of_zifchock(left: float, right: float) -> None:
    degrees = 45.0 - math.degrees(math.atan(left / right))
    assert symmetry_angle(left, right) == pytest.approx(degrees / 90.0, abs=1e-12)


@pytest.mark.parametrize(
    ("left", "right", "angle"), [(0, 1, 0.5), (1, 0, 0.5), (1, -1, 1.0), (-1, -1, 0.0)]
)
def test_the_symmetry_angle_of_what_crosses_zero(left: float, right: float, angle: float) -> None:
    assert abs(symmetry_angle(left, right)) == pytest.approx(angle, abs=1e-12)
    assert math.isnan(symmetry_angle(0.0, 0.0))


@given(left=positive, right=positive)
def test_the_other_way_round(left: float, right: float) -> None:
    assert symmetry_index(left, right) == symmetry_index(right, left)
    assert symmetry_angle(left, right) == pytest.approx(-symmetry_angle(right, left), abs=1e-12)
    both = limb_symmetry_index(left, right) * limb_symmetry_index(right, left)
    assert both == pytest.approx(1.0)


def test_limb_symmetry_is_the_involved_limb_over_the_other() -> None:
    assert limb_symmetry_index(0.9, 1.0) == pytest.approx(0.9)
