"""Who moves the legs and does not walk makes no strides and no bouts, whatever is worn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from gateway.messages import BodySize, Figure, Message, Place, Side, Stride
from gateway.orientation.stage import Orientation
from gateway.stage import Chain
from inference.calibration.stage import SegmentCalibration
from inference.gait.bouts import Bouts
from inference.gait.events import GaitEvents
from inference.gait.foot_steps import FootSteps
from inference.gait.lower_back import LowerBack
from inference.gait.pendulum import PendulumStrides
from inference.gait.strides import Strides
from inference.measures import measures
from simulators.movement.scenarios import Bow, KneeRaise, Scenario, Stand
from simulators.recording import Equipment, SimulatedRecording
from tests.inference.on_the_spot import (
    Pose,
    cycling,
    leg_swings,
    marching,
    shuffling,
    sitting,
    worn,
)
from tests.playing import played

FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
SHANKS = (Place.LEFT_SHANK, Place.RIGHT_SHANK)
PELVIS = (Place.PELVIS,)
PACES: dict[Callable[[float, float], Pose], tuple[float, ...]] = {
    leg_swings: (0.6, 0.9, 1.3),
    shuffling: (0.6, 1.0, 1.5),
    sitting: (3.0, 4.5, 6.0),
    cycling: (0.8, 1.2, 1.6),
}


def said(pose: Pose, places: Sequence[Place]) -> list[Message]:
    """What is said of somebody of 1.75 m who does that, from orientation to bouts."""
    chain = Chain(
        [
            *(Orientation(), SegmentCalibration(), GaitEvents(), LowerBack(), Strides()),
            *(PendulumStrides(BodySize(height_m=1.75)), FootSteps()),
            *(measure.make() for measure in measures().values()),
            Bouts(),
        ]
    )
    return [*chain.push(worn(pose, places, seed=1)), *chain.flush()]


def bouts(messages: Sequence[Message]) -> int:
    return sum(isinstance(m, Figure) and m.name == "wb__duration_s" for m in messages)


@pytest.mark.parametrize("places", [FEET, SHANKS, PELVIS], ids=["feet", "shanks", "pelvis"])
@pytest.mark.parametrize(
    ("doing", "hz"), [(doing, hz) for doing, paces in PACES.items() for hz in paces]
)
def test_moving_legs_is_not_walking(
    doing: Callable[[float, float], Pose], hz: float, places: Sequence[Place]
) -> None:
    made = said(doing(30.0, hz), places)
    assert not any(isinstance(message, Stride) for message in made)
    assert not bouts(made)


@pytest.mark.parametrize("hz", [0.7, 0.85, 1.0])
@pytest.mark.parametrize("places", [FEET, (*FEET, *SHANKS), PELVIS], ids=["feet", "both", "pelvis"])
def test_marching_on_the_spot_is_no_bout_of_walking(hz: float, places: Sequence[Place]) -> None:
    """The feet land and lift as in walking, so strides are told, but they lead nowhere."""
    assert not bouts(said(marching(30.0, hz), places))


@pytest.mark.parametrize("places", [FEET, SHANKS, PELVIS], ids=["feet", "shanks", "pelvis"])
def test_knee_raises_and_bows_are_not_walking(places: tuple[Place, ...]) -> None:
    raises = KneeRaise(Side.LEFT, 5, seconds=2.0), KneeRaise(Side.RIGHT, 5, seconds=2.0)
    scenario = Scenario("raises", (Stand(6.0),), (Stand(1.0), *raises, Stand(2.0), Bow(4)))
    recording = SimulatedRecording(scenario, 7, 60.0, equipment=Equipment(places=places))
    made = played(recording, 20.0)
    assert not any(isinstance(message, Stride) for message in made)
    assert not bouts(made)
