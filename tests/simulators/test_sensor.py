"""Sensor errors have the size that they claim; body blocks carry them."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.body import body_blocks
from simulators.movement.motion import Motion, simulate_motion
from simulators.sensing.sensor import (
    FULL_SCALE_ACC,
    FULL_SCALE_GYR,
    IDEAL,
    SensorGrade,
    draw_errors,
    measure,
)

RATE = 100.0
T = np.arange(20_000) / RATE


@pytest.fixture(scope="module")
def standing() -> Motion:
    return simulate_motion("squat", 5.0, 1)


def measured(grade: SensorGrade, acc: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    errors = draw_errors(grade, rng)
    still = np.full((len(T), 3), acc)
    return measure(errors, 2, T, still, np.zeros_like(still), RATE, rng)


def test_noise_has_the_density_of_the_data_sheet() -> None:
    acc, gyr = measured(SensorGrade(gyr_wander_rad_s=0.0))
    band = np.sqrt(RATE / 2)
    assert acc.std(axis=0) == pytest.approx(160e-6 * 9.80665 * band, rel=0.05)
    assert np.degrees(gyr.std(axis=0)) == pytest.approx(0.007 * band, rel=0.05)


def test_biases_scatter_as_stated() -> None:
    grade = SensorGrade()
    drawn = [draw_errors(grade, np.random.default_rng(seed)) for seed in range(50)]
    gyr = np.concatenate([errors.gyr_bias for errors in drawn])
    acc = np.concatenate([errors.acc_bias for errors in drawn])
    assert np.degrees(gyr.std()) == pytest.approx(0.5, rel=0.1)
    assert acc.std() / 9.80665 == pytest.approx(0.012, rel=0.1)


def test_ideal_sensors_add_nothing() -> None:
    acc, gyr = measured(IDEAL, acc=3.0)
    assert (acc == 3.0).all()
    assert (gyr == 0.0).all()


def test_signals_stop_at_full_scale() -> None:
    errors = draw_errors(IDEAL, np.random.default_rng(1))
    large = np.array([[1e4, -1e4, 0.0]])
    acc, gyr = measure(errors, 0, T[:1], large, large, RATE, np.random.default_rng(1))
    assert acc[0] == pytest.approx([FULL_SCALE_ACC, -FULL_SCALE_ACC, 0.0])
    assert gyr[0] == pytest.approx([FULL_SCALE_GYR, -FULL_SCALE_GYR, 0.0])


@pytest.mark.parametrize("block_s", [0.02, 0.3, 60.0])
def test_body_blocks_are_the_motion_in_order(standing: Motion, block_s: float) -> None:
    blocks = body_blocks(standing, block_s, grade=IDEAL)
    assert [b.start for b in blocks] == [round(i * block_s * RATE) for i in range(len(blocks))]
    assert np.array_equal(np.concatenate([b.acc for b in blocks]), standing.acc)
    assert np.array_equal(np.concatenate([b.gyr for b in blocks]), standing.gyr)
    assert all(b.valid.all() and b.real.all() for b in blocks)


def test_body_blocks_do_not_depend_on_their_length(standing: Motion) -> None:
    fine, coarse = (body_blocks(standing, block_s, seed=3) for block_s in (0.02, 1.0))
    assert np.array_equal(
        np.concatenate([b.acc for b in fine]), np.concatenate([b.acc for b in coarse])
    )
    assert not np.array_equal(coarse[0].acc, body_blocks(standing, 1.0, seed=4)[0].acc)
