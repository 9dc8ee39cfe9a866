"""Range of motion, peaks and deficits: right, within their own intervals, absent where unknown."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest

from gateway.messages import (
    JOINT_INDEX,
    Calibration,
    Figure,
    FloatArray,
    Joint,
    JointAngleBlock,
    Message,
    Place,
    Quality,
    Side,
    Stride,
)
from inference.joints.error_budget import MOVING, Measured
from inference.measures.joint_ranges import UNSTEADY, JointRanges
from simulators.movement.motion import Motion, simulate_motion
from simulators.recording import SimulatedRecording
from tests.contract import run
from tests.playing import played

RATE_HZ = 100.0
KNEE = MOVING[Measured.KNEE]
LEFT_KNEE = JOINT_INDEX[Joint.LEFT_KNEE]
LEGS = (Place.LEFT_THIGH, Place.LEFT_SHANK)
SEED, SECONDS = 3, 45.0


def facing(*, known: bool, t_s: float = 0.0) -> Calibration:
    """A calibration; each is another one."""
    quat = np.tile([np.cos(t_s), np.sin(t_s), 0.0, 0.0], (2, 1))
    return Calibration("p", t_s, quat, np.ones(2, bool), "test", LEGS, np.full(2, known))


def knee(angle_rad: FloatArray, real: float = 1.0) -> JointAngleBlock:
    """A left knee and no other joint; the first part of the samples is not measured."""
    angle = np.full((len(angle_rad), 6), np.nan)
    angle[:, LEFT_KNEE] = angle_rad
    measured = np.isfinite(angle)
    measured[: round((1 - real) * len(angle))] = False
    return JointAngleBlock("p", 0, RATE_HZ, 0, angle, np.isfinite(angle), measured)


def stride(start_s: float, end_s: float, withheld: str = "") -> Stride:
    quality = Quality(1.0, withheld)
    return Stride("p", Side.LEFT, start_s, end_s, end_s - start_s, 100.0, 0.6, quality)


def figures(*messages: Message) -> list[Figure]:
    return [m for m in run(JointRanges(), messages) if isinstance(m, Figure)]


BENDING = np.radians(5 + 55 * (1 - np.cos(2 * np.pi * np.arange(301) / 100)) / 2)


def test_a_stride_is_measured_from_contact_to_contact() -> None:
    made = figures(facing(known=True), knee(BENDING), stride(1.0, 1.5))
    found = {m.name: (math.degrees(m.value), math.degrees(m.half_width)) for m in made}
    assert found.keys() == {"knee_range_of_motion", "knee_peak_flexion", "knee_extension_deficit"}
    assert found["knee_range_of_motion"] == pytest.approx((55.0, 1.96 * KNEE.range_deg))
    assert found["knee_peak_flexion"] == pytest.approx((60.0, 1.96 * KNEE.peak_deg))
    assert found["knee_extension_deficit"] == pytest.approx((5.0, 5.0), abs=0.1)
    assert {(m.side, m.t_s, m.unit) for m in made} == {(Side.LEFT, 1.5, "rad")}


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([facing(known=False), knee(BENDING), stride(1.0, 1.5)], UNSTEADY),
        ([knee(BENDING), stride(1.0, 1.5)], UNSTEADY),
        (
            [facing(known=True), facing(known=True, t_s=1.2), knee(BENDING), stride(1.0, 1.5)],
            UNSTEADY,
        ),
        ([facing(known=True), knee(BENDING), stride(1.0, 1.5, "unsure")], "unsure"),
        ([facing(known=True), knee(BENDING, 0.6), stride(1.0, 1.5)], "only 61% of the samples"),
    ],
)
def test_what_cannot_be_trusted_is_withheld_with_the_reason(
    messages: Sequence[Message], reason: str
) -> None:
    made = figures(*messages)
    assert len(made) == 3
    assert all(reason in m.quality.withheld for m in made)
    assert np.isnan([(m.value, m.half_width) for m in made]).all()


def test_a_calibration_after_the_stride_changes_nothing() -> None:
    after = facing(known=True, t_s=1.6)
    made = figures(facing(known=True), after, knee(BENDING), stride(1.0, 1.5))
    assert not any(m.quality.withheld for m in made)


def test_a_joint_that_is_not_worn_has_no_figure() -> None:
    none = dataclasses.replace(knee(BENDING), angle_rad=np.full((301, 6), np.nan))
    assert figures(facing(known=True), none, stride(1.0, 1.5)) == []
    assert figures(facing(known=True), stride(1.0, 1.5)) == []


def test_a_knee_that_rests_is_told_once_and_again_when_it_rests_elsewhere() -> None:
    straight, bent = np.full(250, np.radians(4.0)), np.full(250, np.radians(110.0))
    way = np.linspace(straight[0], bent[0], 100)
    made = figures(facing(known=True), knee(np.concatenate([straight, way, bent])))
    assert [m.name for m in made] == ["knee_flexion_at_rest"] * 2
    assert [round(math.degrees(m.value)) for m in made] == [4, 110]
    assert [m.t_s for m in made] == [1.6, 4.6]
    assert all(math.degrees(m.half_width) == pytest.approx(5.0, abs=0.1) for m in made)
    assert figures(facing(known=False), knee(straight)) == []


@pytest.fixture(scope="module")
def walked() -> tuple[Motion, list[Figure]]:
    made = played(SimulatedRecording("walk", SEED, SECONDS), 2.0)
    figures = [m for m in made if isinstance(m, Figure) and not m.quality.withheld]
    return simulate_motion("walk", SECONDS, SEED), figures


def test_in_a_simulated_walk_the_truth_lies_within_the_interval(
    walked: tuple[Motion, list[Figure]],
) -> None:
    """Other people than those of the budget: simulated ones have better-behaved skin."""
    motion, made = walked
    inside = [
        abs(figure.value - truth) <= figure.half_width
        for figure in made
        if math.isfinite(figure.half_width)
        for truth in _true(motion, figure)
    ]
    assert len(inside) > 100
    assert np.mean(inside) >= 0.95


def _true(motion: Motion, figure: Figure) -> list[float]:
    """The truth of a stride's figure; none where the stride is not a true one."""
    strides = [
        s for s in motion.truth.strides if s.side is figure.side and abs(s.end_s - figure.t_s) < 0.1
    ]
    joint, _, what = figure.name.partition("_")
    column = JOINT_INDEX[Joint(f"{figure.side}_{joint}")]
    found = []
    for one in strides:
        angle = motion.truth.joint_rad[round(one.start_s * 100) : round(one.end_s * 100), column]
        value = {
            "range_of_motion": np.ptp(angle),
            "peak_flexion": angle.max(),
            "extension_deficit": angle.min(),
        }
        found += [float(value[what])] if what in value else []
    return found
