"""Exercises shown and done by the stick figure, worn at random mountings."""

from __future__ import annotations

import numpy as np

from gateway.messages import (
    BodyBlock,
    FloatArray,
    Message,
    OrientationBlock,
    Place,
    Repetition,
)
from gateway.orientation.stage import Orientation
from inference.inclination import up_in_sensor
from inference.taught import TaughtExercise
from inference.taught.teaching import Shown, found_repetitions, teach
from simulators.places import PLACE_INDEX
from tests.inference.figure import (
    RATE_HZ,
    knee_extensions,
    sitting_down,
    squats,
    standing,
    still,
    turned_mounting,
    worn,
)

RIGHT_LEG = (Place.RIGHT_THIGH, Place.RIGHT_SHANK)
SIT = still(sitting_down(), 2)
MOUNTING = turned_mounting(3, spread_deg=60)


def pause(pitch: FloatArray, seconds: float) -> FloatArray:
    """``pitch``, and then its last posture."""
    return np.concatenate([pitch, still(pitch, seconds)])


def shown_extension() -> FloatArray:
    return np.concatenate([SIT, *[pause(knee_extensions(1, 1), 1)] * 3])


def shown_squat() -> FloatArray:
    return np.concatenate([standing(2), *[pause(squats(1), 1)] * 3])


def motion(pitch: FloatArray) -> list[Message]:
    """What the stage is given of the figure."""
    body = worn(pitch, MOUNTING)
    return [body, *Orientation().push(body)]


def up(pitch: FloatArray, places: tuple[Place, ...]) -> FloatArray:
    body, orientation = motion(pitch)
    assert isinstance(body, BodyBlock)
    assert isinstance(orientation, OrientationBlock)
    columns = [PLACE_INDEX[place] for place in places]
    seen = up_in_sensor(orientation.quat[:, columns])
    return seen[round(RATE_HZ) :]


def taught(name: str, pitch: FloatArray, places: tuple[Place, ...] = RIGHT_LEG) -> TaughtExercise:
    seen = up(pitch, places)
    spans = found_repetitions(seen, RATE_HZ)
    assert len(spans) == 3
    return teach(name, None, places, seen, Shown(spans), RATE_HZ)


def repetitions(messages: list[Message]) -> list[Repetition]:
    return [message for message in messages if isinstance(message, Repetition)]
