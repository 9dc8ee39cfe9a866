"""Variability and symmetry of strides straight ahead: made strides, and simulated ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest

from gateway.messages import Figure, Message, OrientationBlock, Place, Quality, Side, Stride
from gateway.quaternion import from_euler
from inference.measures.straight_strides import FROM_THE_BACK, STRIDES, StraightStrides
from simulators.movement.motion import Habits
from simulators.recording import Equipment, SimulatedRecording
from tests.contract import run
from tests.inference.gait_trials import FEET
from tests.playing import played

RATE_HZ = 50.0
STRIDE_S = 1.0
Lengths = Callable[[int], float]


def facing(degrees: Sequence[float], places: tuple[Place, ...] = FEET) -> OrientationBlock:
    """Return sensors that face so far to the left, from one stride to the next."""
    strides = np.arange(len(degrees)) * STRIDE_S
    t_s = np.arange(0.0, strides[-1], 1 / RATE_HZ)
    yaw = np.radians(np.interp(t_s, strides, degrees))
    one = from_euler(np.stack([0 * yaw, 0 * yaw, yaw], axis=-1))
    quat = np.repeat(one[:, None], len(places), axis=1)
    valid = np.ones(quat.shape[:2], bool)
    return OrientationBlock("p", 0, RATE_HZ, 0, places, quat, valid, valid)


def strides(count: int, left_m: Lengths, right_m: Lengths, first_s: float = 1.0) -> list[Message]:
    """Return strides of a foot after the other and their lengths, each told with the next."""
    made: list[Message] = []
    late: list[Message] = []
    for number in range(count):
        for side, length_m, lag_s in ((Side.LEFT, left_m, 0.0), (Side.RIGHT, right_m, 0.5)):
            start_s = first_s + number * STRIDE_S + lag_s
            end_s = start_s + STRIDE_S
            good = Quality(1.0)
            made += [Stride("p", side, start_s, end_s, STRIDE_S, 120.0, 0.6, good), *late]
            late = [Figure("p", end_s, "stride_length", side, length_m(number), "m", good)]
    return made


def told(messages: Sequence[Message], name: str, side: Side | None = None) -> list[Figure]:
    made = [m for m in run(StraightStrides(), messages) if isinstance(m, Figure)]
    return [figure for figure in made if (figure.name, figure.side) == (name, side)]


def values(figures: Sequence[Figure]) -> list[float]:
    return [figure.value for figure in figures if not figure.quality.withheld]


def test_every_definition_of_symmetry_is_told_straight_ahead() -> None:
    walk = [facing([0] * 40), *strides(20, lambda _: 1.2, lambda _: 1.0)]
    assert values(told(walk, "stride_length_asymmetry"))[-1] == pytest.approx(0.2 / 1.1)
    angle = (45.0 - math.degrees(math.atan(1.2))) / 90.0
    assert values(told(walk, "stride_length_symmetry_angle"))[-1] == pytest.approx(angle)
    for side, index in ((Side.LEFT, 1.2), (Side.RIGHT, 1 / 1.2)):
        assert values(told(walk, "stride_length_limb_symmetry", side))[-1] == pytest.approx(index)


def test_too_few_strides_are_withheld() -> None:
    walk = [facing([0] * 40), *strides(STRIDES, lambda _: 1.2, lambda _: 1.0)]
    made = told(walk, "stride_length_asymmetry")
    assert made[0].quality.withheld == f"only 0 of {STRIDES} strides straight ahead of each foot"
    assert not values(made)  # the right foot's last has no next one


def test_strides_in_turns_and_beside_them_are_left_out() -> None:
    turn = [0] * 15 + [90, 180] + [180] * 25

    def length_m(number: int) -> float:
        return 0.4 if 12 <= number <= 15 else 1.2 + 0.01 * (number % 2)

    made = told([facing(turn), *strides(30, length_m, length_m)], "stride_length_cv", Side.LEFT)
    assert max(values(made)) < 0.01
    circling = [facing(range(0, 1200, 30)), *strides(30, length_m, length_m)]
    for name, side in (("stride_time_cv", Side.LEFT), ("stride_length_asymmetry", None)):
        made = told(circling, name, side)
        assert made
        assert {f"only 0 of {STRIDES}" in figure.quality.withheld for figure in made} == {True}


def test_the_next_bout_begins_anew_however_late_figures_come() -> None:
    first = strides(13, lambda _: 1.2, lambda _: 1.0)
    second = strides(13, lambda _: 1.0, lambda _: 1.0, 18.0)
    walk = [facing([0] * 40), *first, *second]
    late = sorted(walk, key=lambda message: isinstance(message, Figure))
    for order in (walk, late):
        made = told(order, "stride_length_asymmetry")
        assert values(made) == pytest.approx([0.2 / 1.1, 0.0])
        assert len(made) == 26


def test_of_one_foot_there_is_variability() -> None:
    walk = [
        message
        for message in strides(20, lambda n: 1.0 + 0.1 * (n % 2), lambda _: 1.0)
        if getattr(message, "side", None) is Side.LEFT
    ]
    alone = facing([0] * 40, (Place.LEFT_FOOT,))
    made = told([alone, *walk], "stride_length_cv", Side.LEFT)
    assert values(made)[-1] == pytest.approx(0.05 * math.sqrt(12 / 11) / 1.05)


def test_the_lower_back_alone_does_not_tell() -> None:
    pelvis = facing([0] * 40, (Place.PELVIS,))
    made = told([pelvis, *strides(20, lambda _: 1.2, lambda _: 1.0)], "stride_length_asymmetry")
    assert {figure.quality.withheld for figure in made} == {FROM_THE_BACK}


@cache
def walk(asymmetry: float) -> list[Message]:
    habits = Habits(speed_mps=1.2, asymmetry=asymmetry)
    worn = Equipment(places=FEET)
    return played(SimulatedRecording("walk", 1, 60.0, habits=habits, equipment=worn), 2.0)


@pytest.mark.parametrize("asymmetry", [0.0, 0.3])
def test_a_simulated_walk_with_turns(asymmetry: float) -> None:
    figures = [m for m in walk(asymmetry) if isinstance(m, Figure)]

    def of(name: str) -> list[float]:
        return values([figure for figure in figures if figure.name == name])

    # The simulated person's strides vary by 1 to 2 %, and by a third where they turn.
    for name in ("stride_length_cv", "stride_time_cv"):
        assert len(of(name)) > 10
        assert max(of(name)) < 0.03
    assert of("step_time_asymmetry") == pytest.approx(
        [asymmetry] * len(of("step_time_asymmetry")), abs=0.03
    )
    assert max(of("stride_length_asymmetry")) < 0.03
    spared = 0.25 * asymmetry  # the index's, per radian near 0 and turned to shares of 90 degrees
    assert np.abs(of("step_time_symmetry_angle")) == pytest.approx(spared / math.pi * 4, abs=0.02)
