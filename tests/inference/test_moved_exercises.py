"""Every exercise of the package, done by the figure, is counted and taken for no other."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages import Execution, FloatArray, JointAngleBlock, Message, Repetition, Side
from inference.joint_angles import JointAngles
from inference.repetitions import Repetitions
from tests.contract import assert_stage_contract, run
from tests.inference.figure import RATE_HZ, segments, still, walking
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
