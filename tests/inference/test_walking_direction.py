"""Which way a person walks, from the trunk of an inverted pendulum."""

from __future__ import annotations

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import FloatArray
from inference.calibration.walking_direction import push_evidence

RATE_HZ = 100.0


def pendulum(front: FloatArray, up: FloatArray) -> FloatArray:
    """Acceleration (3, 1, N) that a trunk which walks towards ``front`` (3,) for a second reads."""
    turn = 2 * np.pi * 2.0 * np.arange(100) / RATE_HZ
    height, ahead, aside = -3.0 * np.sin(turn), -1.0 * np.cos(turn), 0.8 * np.sin(turn / 2)
    side = np.cross(up, front)
    acc = np.outer(up, 9.81 + height) + np.outer(front, ahead) + np.outer(side, aside)
    return acc[:, None]


@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_found_in_any_mounting(seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201, reproduces the mounting
    turn = quaternion.from_rotation_vector(np.random.default_rng(seed).normal(size=3) * 2)
    front, up = (quaternion.rotate(turn, np.eye(3)[axis]) for axis in (0, 2))
    ups = np.broadcast_to(up[:, None, None], (3, 1, 100))
    push = push_evidence(pendulum(front, up), ups, RATE_HZ)[0]
    assert push @ front > 0.9 * np.linalg.norm(push)


def test_standing_and_swaying_show_no_front() -> None:
    up = np.broadcast_to(np.array([0.0, 0.0, 1.0])[:, None, None], (3, 1, 100))
    sway = 0.05 * np.random.default_rng(1).normal(size=(3, 1, 100)) + 9.81 * up
    assert not push_evidence(sway, up, RATE_HZ).any()
