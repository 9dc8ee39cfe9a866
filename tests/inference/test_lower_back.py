"""Foot contacts, stride length and speed from the lower back alone."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from gateway.app.validation.wearing import Wearing
from gateway.messages import (
    BodySize,
    Figure,
    FloatArray,
    GaitEvent,
    GaitEventKind,
    Message,
    Place,
    SegmentBlock,
    Side,
    Stride,
)
from gateway.recordings import open_recording
from inference.gait.back_rhythm import Landing, Rhythm, alternation
from inference.gait.back_steps import harmonic_ratios, smoothness
from inference.gait.lower_back import LOOK_AHEAD_S, LowerBack
from inference.gait.pendulum import PendulumStrides, step_length_m
from inference.measures.straight_strides import FROM_THE_BACK
from simulators.movement.motion import Habits
from simulators.movement.scenarios import HeelRaise, Part, Scenario, Squat, Stand, Walk, rest
from simulators.recording import Equipment, SimulatedRecording
from tests.contract import assert_same, assert_stage_contract, length, piece, run
from tests.data import data_set
from tests.playing import played

PELVIS = (Place.PELVIS,)
SIZE = BodySize(height_m=1.75)
TURN = np.arange(110) * (2 * np.pi / 110)


@cache
def heard(scenario: str, seed: int, places: tuple[Place, ...] = PELVIS) -> Sequence[Message]:
    """What the pipe makes of a simulated minute."""
    worn = Equipment(places=places)
    return played(SimulatedRecording(scenario, seed, 60.0, equipment=worn), 20.0)


def of(kind: type, messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if isinstance(message, kind)]


def figures(name: str, messages: Sequence[Message]) -> list[Figure]:
    return [m for m in messages if isinstance(m, Figure) and m.name == name]


def contacts_s(messages: Sequence[Message], kind: GaitEventKind, side: Side) -> FloatArray:
    events = [m for m in messages if isinstance(m, GaitEvent)]
    return np.array([e.t_s for e in events if (e.kind, e.side) == (kind, side)])


def test_the_lower_back_keeps_the_contract() -> None:
    blocks = of(SegmentBlock, heard("walk", 1))
    assert_stage_contract(LowerBack, blocks, seed=51)


def test_in_hops_it_tells_the_same_to_the_bit() -> None:
    blocks = of(SegmentBlock, heard("walk", 1))
    hops = [
        piece(block, first, min(first + 2, length(block)))
        for block in blocks
        for first in range(0, length(block), 2)
    ]
    assert_same(run(LowerBack(), hops), run(LowerBack(), blocks))


def test_pendulum_strides_keep_the_contract() -> None:
    made = [m for m in heard("walk", 1) if isinstance(m, Figure | Stride)]
    assert_stage_contract(lambda: PendulumStrides(SIZE), made, seed=52)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_step_of_a_simulated_walk_is_told_once_and_in_time(seed: int) -> None:
    truth = SimulatedRecording("walk", seed, 60.0).truth()
    marked = np.sort([e.t_s for e in truth.events if e.kind is GaitEventKind.INITIAL_CONTACT])
    events = [
        e
        for e in heard("walk", seed)
        if isinstance(e, GaitEvent) and e.kind is GaitEventKind.INITIAL_CONTACT
    ]
    found = np.array([event.t_s for event in events])
    near = np.abs(found[:, None] - marked).min(axis=0)
    assert np.mean(near < 0.1) > 0.9
    assert np.median(near) < 0.025
    assert len(found) < 1.1 * len(marked)
    late = np.array([event.detected_s - event.t_s for event in events])
    walking = found[3:] - found[:-3] < 3.0  # the first three of a bout are told with the fourth
    assert np.mean(late[3:][walking] <= LOOK_AHEAD_S) > 0.95


def landing(at: int, strength: float, step: int = 60) -> Landing:
    return Landing(at, at, strength, 0, at, 0.0, 0.03, 0.03, min(at, step))


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [(10.0, 60, True), (10.0, 40, False), (10.0, 90, False), (3.0, 60, False)],
    ids=["after a strong step", "too soon", "too late", "after a weak step"],
)
def test_a_weak_rise_is_the_step_that_ends_a_walk_if_one_is_due(
    before: float, after: int, step: bool
) -> None:
    rhythm = Rhythm(100.0)
    for number, strength in enumerate((10.0, 10.0, 10.0, 10.0, before)):
        rhythm.add(landing(60 * number, strength))
    assert rhythm.is_step(240 + after, 1.2, 0) is step


def test_a_sway_before_the_first_step_is_none() -> None:
    rhythm = Rhythm(100.0)
    swayed = rhythm.add(landing(0, 5.0))
    swayed += rhythm.add(landing(35, 10.0, 35))
    told = [one.at for at in (95, 155, 215) for one, _ in rhythm.add(landing(at, 10.0))]
    assert not swayed
    assert told == [35, 95, 155, 215]


@pytest.mark.parametrize("scenario", ["squat", "knee-extension"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exercises_are_no_strides(scenario: str, seed: int) -> None:
    assert not of(Stride, heard(scenario, seed))


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize(
    ("places", "exercise"),
    [
        (PELVIS, Squat(6, seconds=1.0)),
        (PELVIS, Squat(6, seconds=1.4)),
        (PELVIS, Squat(6, depth_deg=50.0, seconds=1.2)),
        (PELVIS, HeelRaise(6, seconds=1.2)),
        ((*PELVIS, Place.LEFT_THIGH, Place.RIGHT_THIGH), Squat(6, seconds=1.4)),
    ],
    ids=["quick squats", "squats", "shallow squats", "heel raises", "squats, with thighs"],
)
def test_quick_exercises_after_a_walk_are_no_strides(
    places: tuple[Place, ...], exercise: Part, seed: int
) -> None:
    opening = (Stand(6.0), Walk(8.0), rest(2.0), exercise, rest(3.0))
    doing = Scenario("exercise", opening, (Stand(30.0),))
    recording = SimulatedRecording(doing, seed, 30.0, equipment=Equipment(places=places))
    strides = [m for m in played(recording, 20.0) if isinstance(m, Stride)]
    walked_s = max(stride.end_s for stride in recording.truth().strides)
    assert len(strides) > 6
    assert max(stride.end_s for stride in strides) < walked_s + 0.5


def test_feet_tell_where_they_are_worn() -> None:
    made = heard("walk", 1, (Place.PELVIS, Place.LEFT_FOOT, Place.RIGHT_FOOT))
    assert of(Stride, made)
    assert not figures("vertical_excursion", made)
    assert not figures("walking_speed", made)


def test_without_a_height_length_and_speed_are_withheld() -> None:
    for name in ("stride_length", "walking_speed"):
        made = figures(name, heard("walk", 1))
        assert made
        assert all(math.isnan(figure.value) for figure in made)
        assert all("height" in figure.quality.withheld for figure in made)


def test_length_and_speed_with_a_height() -> None:
    made = [m for m in heard("walk", 1) if isinstance(m, Figure | Stride)]
    told = run(PendulumStrides(SIZE), made)
    lengths = [figure.value for figure in figures("stride_length", told)]
    speeds = [figure.value for figure in figures("walking_speed", told)]
    assert 0.6 < np.nanmedian(lengths) < 2.0
    assert 0.5 < np.nanmedian(speeds) < 2.0


def test_a_longer_leg_and_a_higher_rise_go_further() -> None:
    assert step_length_m(0.0, 1.0) == 0.0
    assert step_length_m(0.03, 1.0) < step_length_m(0.04, 1.0) < step_length_m(0.04, 1.1)
    assert math.isfinite(step_length_m(10.0, 1.0))


def test_what_the_lower_back_cannot_tell_is_withheld_with_the_reason() -> None:
    made = heard("walk", 1)
    for name in ("double_support", "stance_time", "swing_time"):
        assert figures(name, made)
        assert {math.isnan(f.value) for f in figures(name, made)} == {True}
        assert {"when a foot leaves" in f.quality.withheld for f in figures(name, made)} == {True}
    strides = [m for m in made if isinstance(m, Stride)]
    assert sum(math.isfinite(stride.cadence_spm) for stride in strides) > 40
    assert not [stride for stride in strides if math.isfinite(stride.stance_share)]
    for name in ("step_time_asymmetry", "stride_time_cv"):
        assert {f.quality.withheld for f in figures(name, made)} == {FROM_THE_BACK}


@pytest.mark.parametrize(
    ("speed_mps", "asymmetry"),
    [(0.3, 0.0), (0.3, 0.3), (0.5, 0.0), (0.5, 0.3), (0.6, 0.3), (1.2, 0.3)],
)
def test_a_cadence_that_is_told_is_right(speed_mps: float, asymmetry: float) -> None:
    habits = Habits(speed_mps, asymmetry)
    walk = SimulatedRecording("walk", 1, 60.0, habits=habits, equipment=Equipment(places=PELVIS))
    true_spm = np.median([stride.cadence_spm for stride in walk.truth().strides])
    strides = [m for m in played(walk, 20.0) if isinstance(m, Stride)]
    off = np.array([abs(stride.cadence_spm / true_spm - 1.0) > 0.25 for stride in strides])
    assert len(strides) > 10
    assert np.count_nonzero(off) <= 0.15 * len(strides)  # NaN, which is withheld, is not off
    unknown = [stride for stride in strides if stride.quality.withheld]
    assert all("too little to tell a step" in stride.quality.withheld for stride in unknown)


def test_pushes_that_alternate() -> None:
    assert alternation([1.0, -1.0] * 4) == pytest.approx(1.0)
    assert alternation([1.0, 1.0, -1.0, -1.0] * 2) == pytest.approx(-1.0)
    assert alternation([0.5] * 8) == 0.0


def test_left_and_right_on_a_real_walk() -> None:
    path = data_set("voisard_healthy_gait") / "GaitData" / "1-1.json"
    made = played(Wearing(open_recording(path), PELVIS), 20.0)
    swings = json.loads(path.read_bytes())
    for side, key in ((Side.LEFT, "LeftFootEvents"), (Side.RIGHT, "RightFootEvents")):
        marked = np.array(swings[key])[:, 1] / 100.0
        found = contacts_s(made, GaitEventKind.INITIAL_CONTACT, side)
        near = np.abs(found[:, None] - marked).min(axis=0)
        assert np.mean(near < 0.1) > 0.85
        final = contacts_s(made, GaitEventKind.FINAL_CONTACT, side)
        near = np.abs(final[:, None] - np.array(swings[key])[:, 0] / 100.0).min(axis=0)
        assert np.mean(near < 0.1) > 0.8


def test_the_harmonics_of_alike_steps_are_even() -> None:
    moved = np.array([np.sin(phase) for phase in (2 * TURN, TURN, 2 * TURN)])
    alike = harmonic_ratios(moved + 0.01 * np.sin(TURN) + 0.01 * np.sin(2 * TURN))
    unlike = harmonic_ratios(moved + 0.5 * np.sin(TURN) + 0.5 * np.sin(2 * TURN))
    assert (alike > 10.0).all()
    assert (unlike < alike).all()


def test_a_jerk_makes_a_stride_less_smooth() -> None:
    even = 6.0 * np.array([np.cos(TURN), np.sin(TURN), 0 * TURN])
    jerky = even + np.outer([0.0, 1.0, 0.0], 10.0 * np.sin(4 * TURN))
    assert smoothness(jerky, 100.0) < smoothness(even, 100.0) <= -1.0
