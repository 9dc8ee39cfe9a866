"""The truth that is told piece by piece is that of the whole motion, in the session's time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gateway.messages import GaitEvent, JointAngleBlock, Marker, Message, Repetition, Stride
from simulators.movement.motion import Habits, Performer, simulate_motion
from simulators.movement.scenarios import scenario
from simulators.movement.telling import Telling

SECONDS, RATE_HZ, SEED = 100.0, 100.0, 4
MARK = Marker("", 3.0, "fault:stall", "left_foot, for 2 s")


def told(began_s: float, cuts: list[float]) -> list[Message]:
    """Tell two passes of knee extensions, which begin a while after the session."""
    performer = Performer(scenario("knee-extension"), SEED, RATE_HZ, Habits())
    telling = Telling(performer, RATE_HZ, person="p", began_s=began_s, marks=[MARK])
    return [one for t_s in (*sorted(cuts), SECONDS) for one in telling.until(t_s)]


@pytest.mark.parametrize("began_s", [0.0, 2.0, 1.2345])
def test_it_is_the_truth_of_the_whole(began_s: float) -> None:
    messages = told(began_s, [4.1, 4.2, 50.0])
    truth = simulate_motion("knee-extension", SECONDS - began_s, SEED).truth
    blocks = [m for m in messages if isinstance(m, JointAngleBlock)]
    assert blocks[0].start == np.ceil(began_s * RATE_HZ)
    starts = np.cumsum([blocks[0].start, *(len(block.angle_rad) for block in blocks)])
    assert [block.start for block in blocks] == starts[:-1].tolist()
    assert starts[-1] == SECONDS * RATE_HZ
    angles = np.concatenate([block.angle_rad for block in blocks])
    t_s = np.arange(blocks[0].start, starts[-1]) / RATE_HZ - began_s
    expected = np.stack([np.interp(t_s, truth.t_s, own) for own in truth.joint_rad.T], axis=1)
    assert np.abs(angles - expected)[:-1].max() < 1e-3
    for kind, known in (
        (GaitEvent, truth.events),
        (Stride, truth.strides),
        (Repetition, truth.repetitions),
    ):
        found = [m for m in messages if isinstance(m, kind)]
        assert {m.person for m in found} <= {"p"}
        assert _times(found) == pytest.approx(_times(known) + began_s)
    (mark,) = [m for m in messages if isinstance(m, Marker)]
    assert mark.t_s == pytest.approx(3.0 + began_s)


@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.floats(0, SECONDS), max_size=20))
def test_the_pieces_do_not_matter(cuts: list[float]) -> None:
    whole, pieces = told(0.5, []), told(0.5, cuts)
    for kind in (GaitEvent, Stride, Repetition):
        assert _times(_of(pieces, kind)).tolist() == _times(_of(whole, kind)).tolist()
    joined, again = (
        np.concatenate([m.angle_rad for m in some if isinstance(m, JointAngleBlock)])
        for some in (whole, pieces)
    )
    assert np.array_equal(joined, again)


def test_before_it_began_nothing_is_known() -> None:
    telling = Telling(Performer(scenario("walk"), SEED, RATE_HZ, Habits()), RATE_HZ, person="p")
    assert telling.until(10.0) == []


def _of(messages: list[Message], kind: type) -> list[Message]:
    return [m for m in messages if isinstance(m, kind)]


def _times(messages: object) -> np.ndarray:
    assert isinstance(messages, list | tuple)
    return np.array([m.t_s if isinstance(m, GaitEvent) else m.end_s for m in messages])
