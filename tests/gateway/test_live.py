"""The live view says of what it shows how far it can be trusted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import pytest

from gateway.live.frame import LiveFrame
from gateway.live.view import LiveView
from gateway.messages import (
    JOINTS,
    BatteryLevel,
    Execution,
    ExerciseState,
    Figure,
    GaitEvent,
    GaitEventKind,
    JointAngleBlock,
    Marker,
    Message,
    Place,
    Quality,
    Repetition,
    SensorStatus,
    Side,
)
from gateway.wording import Wording

PERSON = "p-07"
POOR = Quality(0.4, "only 40% of the samples were measured")


def frame(*messages: Message, known: Mapping[str, Wording] | None = None) -> LiveFrame:
    """The view after these messages and a block of angles, figures worded as ``known``."""
    view = LiveView(PERSON, known or {})
    for message in messages:
        view.update(message)
    valid = np.ones((2, len(JOINTS)), bool)
    view.update(JointAngleBlock(PERSON, 100, 100.0, 5, np.zeros(valid.shape), valid, valid))
    made = view.frame()
    assert made is not None
    return made


def contact(share: float) -> GaitEvent:
    return GaitEvent(PERSON, 1.0, 1.2, Side.LEFT, GaitEventKind.INITIAL_CONTACT, Quality(share))


def repetition(rom_rad: float, quality: Quality) -> Repetition:
    return Repetition(PERSON, "squat", None, 3, 1.0, 2.0, rom_rad, rom_rad, 0.0, False, quality)


HURRIED = dataclasses.replace(
    repetition(math.pi / 2, Quality(1.0)),
    side=Side.LEFT,
    rom_half_width_rad=math.radians(15),
    outward_s=0.21,
    return_s=0.3,
    execution=Execution.TOO_FAST,
)
HURRIED_TEXT = "squat left 3, range 90° ± 15°, 0.2 s out, 0.0 s held, 0.3 s back, too fast"


def step(side: Side | None, value: float, quality: Quality) -> Figure:
    return Figure(PERSON, 1.0, "step_time", side, value, "s", quality)


@pytest.mark.parametrize(
    ("message", "text", "share", "withheld"),
    [
        (contact(0.97), "left initial contact", 0.97, ""),
        (contact(0.0), "left initial contact, first known", None, ""),
        (repetition(math.pi / 2, Quality(1.0)), "squat 3, range 90°", 1.0, ""),
        (HURRIED, HURRIED_TEXT, 1.0, ""),
        (repetition(math.nan, POOR), "squat 3", 0.4, POOR.withheld),
        (dataclasses.replace(HURRIED, quality=POOR), "squat left 3", 0.4, POOR.withheld),
        (Marker(PERSON, 1.0, "note", "a walking aid"), "a walking aid", None, ""),
    ],
)
def test_an_event_carries_its_quality(
    message: Message, text: str, share: float | None, withheld: str
) -> None:
    (event,) = frame(message).events
    assert (event.text, event.real_share, event.withheld) == (text, share, withheld)


def test_an_exercise_is_shown_with_how_it_is_done() -> None:
    state = ExerciseState(PERSON, 1.0, "row", None, 2, 0.5, 0.4, 0.8, 1.0, "Pull.", seated=True)
    shown = frame(state).exercise
    assert shown is not None
    assert (shown.name, shown.how, shown.seated) == ("row", "Pull.", True)


def test_the_newest_figure_of_each_name_and_side_is_shown_in_order() -> None:
    shown = frame(
        step(Side.RIGHT, 0.6, Quality(1.0)),
        step(Side.LEFT, 0.5, Quality(1.0)),
        step(Side.RIGHT, math.nan, POOR),
        step(None, 0.55, Quality(1.0)),
    ).figures
    assert [(f.side, f.value) for f in shown] == [(None, 0.55), ("left", 0.5), ("right", None)]
    assert shown[-1].withheld == POOR.withheld
    assert [f.half_width for f in shown] == [None, None, None]


def test_a_figure_carries_by_how_much_it_may_be_off() -> None:
    rom = Figure(
        PERSON, 1.0, "knee_range_of_motion", Side.LEFT, 1.0, "rad", Quality(1.0), half_width=0.25
    )
    (shown,) = frame(rom).figures
    assert (shown.value, shown.half_width) == (1.0, 0.25)


def test_a_figure_is_worded_for_people_where_a_wording_is_known() -> None:
    figures = [
        Figure(PERSON, 1.0, name, None, 0.03, "1", Quality(1.0))
        for name in ("step_time_cv", "sway")
    ]
    known = {"step_time_cv": Wording("Step time, variation", "%")}
    told = [(f.title, f.read_in, f.factor) for f in frame(*figures, known=known).figures]
    assert told == [("Step time, variation", "%", 100.0), ("Sway", "", 1.0)]


def test_the_sensor_table_says_how_long_a_battery_lasts_once_that_can_be_told() -> None:
    status = SensorStatus(
        PERSON, 1.0, "a", Place.PELVIS, 60.0, 0.0, 0, 0, 0, 0, math.nan, battery=0.4
    )
    levels = [BatteryLevel("a", n * 600 * 10**9, 0.5 - 0.05 * n, False) for n in range(3)]
    (unknown,) = frame(status, levels[0]).sensors
    assert (unknown.battery, unknown.battery_left_h) == (0.4, None)
    (known,) = frame(status, *levels).sensors
    # 5 % in 10 minutes: 40 % last 80 minutes.
    assert known.battery_left_h == pytest.approx(80 / 60, abs=0.001)
