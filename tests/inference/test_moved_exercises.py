"""Every exercise of the package, done by the figure, is counted and taken for no other."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages import (
    Execution,
    FloatArray,
    JointAngleBlock,
    Message,
    Place,
    Repetition,
    SegmentBlock,
    Side,
)
from inference.inclination import without_heading
from inference.joints.flexion import JointAngles
from inference.repetitions.stage import Repetitions
from tests.contract import assert_stage_contract, run
from tests.inference.figure import RATE_HZ, segments, still, walking, waves
from tests.inference.moved_exercises import (
    bridge,
    heel_raise,
    heel_slide,
    knee_lift,
    lunge,
    sit_to_stand,
    step_up,
)

MOVED = [
    ("sit-to-stand", None, sit_to_stand(3)),
    ("heel-raise", None, heel_raise(3)),
    ("bridge", None, bridge(3)),
    *[("step-up", side, step_up(3, side)) for side in Side],
    *[("lunge", side, lunge(3, side)) for side in Side],
    *[("heel-slide", side, heel_slide(3, side)) for side in Side],
]


def blocks(pitch: FloatArray) -> list[Message]:
    block = segments(pitch)
    (angles,) = JointAngles().push(block)
    assert isinstance(angles, JointAngleBlock)
    return [angles, block]


def counted(pitch: FloatArray) -> list[Repetition]:
    pitch = np.concatenate([still(pitch[:1], 1), pitch, still(pitch[:1], 1)])
    return [m for m in run(Repetitions(), blocks(pitch)) if isinstance(m, Repetition)]


@pytest.mark.parametrize(
    ("name", "side", "pitch"), MOVED, ids=[f"{name} {side or ''}" for name, side, _ in MOVED]
)
def test_it_is_counted_and_nothing_else_is(name: str, side: Side | None, pitch: FloatArray) -> None:
    found = [(r.exercise, r.side, r.count, r.execution) for r in counted(pitch)]
    assert found == [(name, side, n, Execution.AS_ASKED) for n in (1, 2, 3)]


@pytest.mark.parametrize("name", [name for name, side, _ in MOVED if side is not Side.RIGHT])
def test_half_of_it_is_too_small_and_in_a_hurry_too_fast(name: str) -> None:
    pitch = next(pitch for other, _, pitch in MOVED if other == name)
    rest, share = pitch[:1], 0.65
    small = rest + share * (pitch - rest)
    assert {r.execution for r in counted(small)} <= {Execution.TOO_SMALL}
    assert {r.execution for r in counted(pitch[::4])} <= {Execution.TOO_FAST}


def arm(lift: FloatArray, sideways: float) -> SegmentBlock:
    """A right upper arm, the only sensor, lifted by ``lift`` (T,) rad towards ``sideways`` 0..1."""
    away = np.sin(lift)
    up = np.stack([np.sqrt(1 - sideways**2) * away, np.cos(lift), -sideways * away], axis=-1)
    valid = np.ones((len(lift), 1), dtype=bool)
    still_acc = np.zeros((len(lift), 1, 3))
    return SegmentBlock(
        "p", 0, RATE_HZ, 0, (Place.RIGHT_UPPER_ARM,), still_acc, still_acc.copy(),
        without_heading(up[:, None]), valid, valid.copy(), np.array([True]),
    )  # fmt: skip


@pytest.mark.parametrize("sideways", [0.0, 0.7, 0.95])
def test_a_lifted_arm_is_followed_with_one_sensor(sideways: float) -> None:
    rest = np.zeros(100)
    lift = np.concatenate([rest, waves(120, 3, 2), rest, waves(60, 3, 1), rest])
    block = arm(lift, sideways)
    (angles,) = JointAngles().push(block)
    found = [m for m in run(Repetitions(), [angles, block]) if isinstance(m, Repetition)]
    assert {(r.exercise, r.side) for r in found} == {("shoulder-elevation", Side.RIGHT)}
    assert [r.execution for r in found] == [Execution.AS_ASKED] * 2 + [Execution.TOO_SMALL]
    assert np.allclose(np.degrees([r.rom_rad for r in found]), [120, 120, 60], atol=1)
    assert_stage_contract(Repetitions, [angles, block], seed=1)


@pytest.mark.parametrize("seed", [1, 2])
def test_keeps_the_contract(seed: int) -> None:
    parts = [np.concatenate([pitch[:300], still(pitch[:1], 0.3)]) for _, _, pitch in MOVED]
    assert_stage_contract(Repetitions, blocks(np.concatenate(parts)), seed)


@pytest.mark.parametrize("side", Side)
def test_lifting_a_knee_is_no_step(side: Side) -> None:
    assert counted(knee_lift(3, side)) == []


def test_walking_is_none() -> None:
    assert counted(walking(20)) == []


def test_tempo_is_told() -> None:
    first, *_ = counted(lunge(3, Side.LEFT))
    assert np.isclose(first.outward_s, first.return_s, atol=0.15)
    assert 0.3 < first.outward_s < 1.0
    assert -2.5 < first.smoothness < -1.2
    assert first.end_s - first.start_s < 300 / RATE_HZ
