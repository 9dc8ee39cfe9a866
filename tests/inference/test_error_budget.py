"""The documents say of the error budget what the code does."""

from __future__ import annotations

import math
import re

from inference.joints.error_budget import (
    AT_REST_DEG,
    EXTENSION_DEFICIT_DEG,
    MOVING,
    Measured,
    half_width_rad,
)
from tests.test_readme import ROOT


def shown(row: str) -> list[float]:
    text = (ROOT / "docs" / "coordinates.md").read_text("utf-8")
    (line,) = re.findall(rf"^\| {re.escape(row)}.*$", text, re.MULTILINE)
    return [float(number) for number in re.findall(r"± ([\d.]+)°", line)]


def half_deg(sd_deg: float) -> float:
    return round(math.degrees(half_width_rad(sd_deg)), 1)


def test_the_table_of_half_widths_is_that_of_the_code() -> None:
    spreads = [MOVING[kind] for kind in Measured]
    assert shown("`…_range_of_motion`") == [half_deg(spread.range_deg) for spread in spreads]
    assert shown("`knee_peak_flexion`") == [half_deg(spread.peak_deg) for spread in spreads]
    assert shown("`knee_extension_deficit`") == [half_deg(EXTENSION_DEFICIT_DEG)]
    assert shown("`knee_flexion_at_rest`") == [half_deg(AT_REST_DEG)]


def test_a_range_is_never_surer_than_a_peak() -> None:
    assert all(spread.range_deg >= spread.peak_deg for spread in MOVING.values())
