from __future__ import annotations

import numpy as np
import pytest

from simulators.movement.motion import simulate_motion
from simulators.training_data import Example, contacts, people


@pytest.fixture(scope="module")
def crowd() -> list[Example]:
    return list(people(range(500, 504), 40.0))


def test_people_stand_upright_at_first(crowd: list[Example]) -> None:
    for example in crowd:
        start = slice(0, 50)
        np.testing.assert_allclose(
            example.acc[start].mean(axis=0) / 9.80665, np.tile([0, 1, 0], (8, 1)), atol=0.06
        )
        assert np.abs(np.degrees(example.angle_rad[start])).max() < 4.0
        assert example.contact[start].all()


def test_people_differ_and_a_seed_is_one_person(crowd: list[Example]) -> None:
    assert len({example.person for example in crowd}) == len(crowd)
    assert len({example.acc[1500:1600].tobytes() for example in crowd}) == len(crowd)
    (again,) = people([501], 40.0)
    assert np.array_equal(again.acc, crowd[1].acc)


def test_shapes_and_values(crowd: list[Example]) -> None:
    for example in crowd:
        count = len(example.acc)
        assert 2000 < count <= 4000
        assert example.gyr.shape == example.acc.shape == (count, 8, 3)
        assert example.angle_rad.shape == (count, 6)
        assert example.contact.shape == (count, 2)
        assert np.isfinite(example.acc).all()
        assert np.isfinite(example.gyr).all()


def test_gyroscopes_tell_the_change_of_the_knee(crowd: list[Example]) -> None:
    """Knee flexion changes by the difference of thigh and shank rates about z, nearly."""
    for example in crowd:
        thigh, shank = example.gyr[:, 1, 2], example.gyr[:, 3, 2]
        change = np.gradient(example.angle_rad[:, 2]) * example.rate_hz
        assert np.corrcoef(thigh - shank, change)[0, 1] > 0.98


def test_a_foot_on_the_ground_turns_less() -> None:
    motion = simulate_motion("walk", 20.0, 5)
    contact = contacts(motion)
    walking = slice(800, 1700)
    assert 0.55 < contact[walking].mean() < 0.75
    assert contact[walking].any(axis=1).all()
    for side, place in ((0, 5), (1, 6)):
        rate = np.linalg.norm(motion.gyr[walking, place], axis=1)
        down = contact[walking, side]
        assert np.median(rate[down]) < 0.3 * np.median(rate[~down])


def test_a_knee_extension_lifts_one_foot() -> None:
    motion = simulate_motion("knee-extension", 25.0, 5)
    lifted = ~contacts(motion)
    assert lifted[:, 1].any()
    extension = motion.truth.repetitions[0]
    middle = round((extension.start_s + extension.end_s) / 2 * motion.rate_hz)
    assert lifted[middle].tolist() == [False, True]
