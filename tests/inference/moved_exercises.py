"""The exercises of the package as the stick figure does them, from rest to rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gateway.messages import FloatArray, Side
from simulators.places import PLACE_INDEX
from tests.inference.figure import waves

STANDING: Mapping[str, float] = {}
SEATED = {"left_thigh": 88.0, "right_thigh": 88.0}
LYING = {str(place): 90.0 for place in PLACE_INDEX}
HOOK_LYING = {
    **LYING,
    **{f"{side}_{part}": deg for side in Side for part, deg in (("thigh", 140.0), ("shank", 45.0))},
}


def done(
    times: int,
    rest_deg: Mapping[str, float],
    change_deg: Mapping[str, float],
    period_s: float = 3.0,
) -> FloatArray:
    """Pitch (T, 8) in rad from ``rest_deg`` by ``change_deg`` and back, both by place."""
    pitch = np.zeros((round(period_s * times * 100), len(PLACE_INDEX)))
    for place, deg in rest_deg.items():
        pitch[:, PLACE_INDEX[place]] = np.radians(deg)  # type: ignore[index]  # equal to a Place
    for place, deg in change_deg.items():
        pitch[:, PLACE_INDEX[place]] += waves(deg, period_s, times)  # type: ignore[index]
    return pitch


def both(**parts_deg: float) -> dict[str, float]:
    """The same change of ``parts_deg`` on both legs."""
    return {f"{side}_{part}": deg for side in Side for part, deg in parts_deg.items()}


def one(side: Side, **parts_deg: float) -> dict[str, float]:
    return {f"{side}_{part}": deg for part, deg in parts_deg.items()}


def sit_to_stand(times: int) -> FloatArray:
    return done(times, SEATED, both(thigh=-88.0))


def heel_raise(times: int) -> FloatArray:
    return done(times, STANDING, both(foot=-35.0))


def step_up(times: int, side: Side) -> FloatArray:
    return done(times, STANDING, one(side, thigh=55.0, shank=-20.0))


def knee_lift(times: int, side: Side) -> FloatArray:
    """No exercise of the package: the shank hangs down."""
    return done(times, STANDING, one(side, thigh=75.0))


def lunge(times: int, side: Side) -> FloatArray:
    rear = one(side.other, thigh=-5.0, shank=-85.0, foot=-60.0)
    return done(times, STANDING, {**one(side, thigh=70.0, shank=-20.0), **rear})


def heel_slide(times: int, side: Side) -> FloatArray:
    return done(times, LYING, one(side, thigh=45.0, shank=-55.0))


def bridge(times: int) -> FloatArray:
    return done(times, HOOK_LYING, {**both(thigh=-25.0, shank=-20.0), "pelvis": 25.0})
