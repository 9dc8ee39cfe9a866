"""Simulated stairs are climbed as people climb them, and the feet stay on their treads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gateway.errors import UsageError
from gateway.messages import FloatArray, Side, Stride
from simulators.movement.motion import Habits, Motion, simulate_motion
from simulators.movement.scenarios import Scenario, Stairs, Stand, rest

SEEDS = (1, 2, 3)
STEPS, RISE_M, TREAD_M = 8, 0.17, 0.29


def climbed(rise_m: float, seed: int) -> Motion:
    stairs = Scenario("flight", (Stand(4.0),), (Stairs(STEPS, rise_m, TREAD_M), rest(9.0)))
    return simulate_motion(stairs, 13.0, seed, 100.0, Habits(tissue=0.0))


@pytest.fixture(scope="module", params=SEEDS)
def up(request: pytest.FixtureRequest) -> Motion:
    return climbed(RISE_M, request.param)


@pytest.fixture(scope="module", params=SEEDS)
def down(request: pytest.FixtureRequest) -> Motion:
    return climbed(-RISE_M, request.param)


def flight_of(motion: Motion) -> slice:
    (flight,) = (a for a in motion.truth.activities if a.name.startswith("stairs"))
    return slice(*np.searchsorted(motion.t_s, [flight.start_s, flight.end_s]))


def steady(motion: Motion) -> Iterator[tuple[Stride, FloatArray]]:
    """Yield the strides of two treads, with their length and rise."""
    for stride, way in zip(motion.truth.strides, motion.truth.stride_m, strict=True):
        if abs(way[1]) > 1.5 * RISE_M:
            yield stride, way


def peaks_deg(motion: Motion) -> FloatArray:
    """Return the largest flexion (S, 3) of hip, knee and ankle in each stride on the stairs."""
    peaks = []
    for stride, _ in steady(motion):
        rows = slice(*np.searchsorted(motion.t_s, [stride.start_s, stride.end_s]))
        own = (Side.LEFT, Side.RIGHT).index(stride.side)
        peaks.append(motion.truth.joint_rad[rows, own::2].max(axis=0))
    return np.degrees(peaks)


def test_legs_bend_as_published_going_up(up: Motion) -> None:
    hip, knee, ankle = peaks_deg(up).T
    assert ((hip > 58) & (hip < 73)).all(), hip
    assert ((knee > 85) & (knee < 102)).all(), knee
    assert ((ankle > 5) & (ankle < 25)).all(), ankle


def test_legs_bend_as_published_going_down(down: Motion) -> None:
    hip, knee, ankle = peaks_deg(down).T
    assert ((hip > 25) & (hip < 48)).all(), hip
    assert ((knee > 83) & (knee < 102)).all(), knee
    # More than on people, whose forefoot hangs over the edge: here it stays on the tread.
    assert ((ankle > 12) & (ankle < 45)).all(), ankle


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rise_m", [RISE_M, -RISE_M])
def test_a_flight_rises_by_all_its_steps(rise_m: float, seed: int) -> None:
    motion = climbed(rise_m, seed)
    flight = flight_of(motion)
    pelvis, ankle = motion.truth.pelvis_m, motion.truth.ankle_m
    gain = STEPS * np.array([TREAD_M, rise_m])
    for way in (pelvis, ankle[:, 0], ankle[:, 1]):
        moved = way[flight.stop] - way[flight.start]
        assert moved[[0, 2]] == pytest.approx(gain, abs=0.02)
    found = list(steady(motion))
    assert len(found) == STEPS - 2
    for _, way in found:
        assert way == pytest.approx([2 * TREAD_M, 2 * rise_m], abs=1e-9)


@pytest.mark.parametrize("rise_m", [RISE_M, -RISE_M])
def test_the_planted_foot_stands_on_its_tread(rise_m: float) -> None:
    motion = climbed(rise_m, SEEDS[0])
    ankle, ground = motion.truth.ankle_m, motion.truth.ankle_m[0, 0, 2]
    for stride, _ in steady(motion):
        foot = (Side.LEFT, Side.RIGHT).index(stride.side)
        middle = stride.start_s + np.array([0.22, 0.30]) * stride.stride_time_s
        rows = slice(*np.searchsorted(motion.t_s, middle))
        assert np.ptp(ankle[rows, foot], axis=0).max() < 1e-9
        assert np.abs(motion.gyr[rows, 5 + foot]).max() < 1e-9
        treads = (ankle[rows.start, foot, 2] - ground) / rise_m
        assert treads == pytest.approx(round(treads), abs=1e-6)
        assert 1 <= round(treads) <= STEPS


def test_stance_lasts_as_published(up: Motion, down: Motion) -> None:
    for motion in (up, down):
        for stride, _ in steady(motion):
            assert 0.58 < stride.stance_share < 0.68
            assert 85 < stride.cadence_spm < 110


def test_the_swinging_foot_keeps_over_the_treads(up: Motion, down: Motion) -> None:
    """Before it comes to the edge of the higher tread it is above it."""
    for motion in (up, down):
        for stride, (_, rise) in steady(motion):
            foot = (Side.LEFT, Side.RIGHT).index(stride.side)
            rows = slice(*np.searchsorted(motion.t_s, [stride.start_s, stride.end_s]))
            ahead, height = motion.truth.ankle_m[rows, foot][:, [0, 2]].T
            over = ahead - ahead[-1] > -0.5 * TREAD_M
            if rise > 0:
                assert (height[over] > height[-1] - 0.06).all()


def test_nothing_jumps_on_stairs(up: Motion, down: Motion) -> None:
    for motion in (up, down):
        assert np.degrees(np.abs(np.diff(motion.gyr, axis=0))).max() < 200
        assert np.degrees(np.abs(motion.gyr)).max() < 500
        assert np.abs(np.diff(motion.acc[:, [0, 7]], axis=0)).max() < 6


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (lambda: Stairs(steps=1), "2 steps at least"),
        (lambda: Stairs(rise_m=0.05), "0.10 to 0.22 m high"),
        (lambda: Stairs(tread_m=0.1), "0.22 to 0.40 m deep"),
        (lambda: Stairs(cadence_spm=300.0), "50 to 140 steps a minute"),
    ],
)
def test_what_is_no_stair_is_refused(refused: Callable[[], Stairs], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        refused()


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    steps=st.integers(2, 12),
    rise_m=st.floats(0.10, 0.22),
    sign=st.sampled_from([-1, 1]),
    tread_m=st.floats(0.22, 0.40),
    cadence_spm=st.floats(50, 140),
)
def test_any_flight_gives_finite_and_bounded_figures(
    seed: int, steps: int, rise_m: float, sign: int, tread_m: float, cadence_spm: float
) -> None:
    part = Stairs(steps, sign * rise_m, tread_m, cadence_spm)
    motion = simulate_motion(Scenario("s", (Stand(2.0),), (part, rest(1.0))), 12.0, seed)
    for array in (motion.acc, motion.gyr, motion.quat, motion.truth.joint_rad):
        assert np.isfinite(array).all()
    assert np.degrees(motion.truth.joint_rad).max() < 130
    assert np.degrees(np.abs(motion.gyr)).max() < 1200
