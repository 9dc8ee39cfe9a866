"""Quaternion kernels against the library of record."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gateway import quaternion

HALF_TURNS = np.array([[0.0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0.6, 0, -0.8]])


@pytest.mark.parametrize("seed", [1, 2])
def test_matrices_are_those_of_the_library(seed: int) -> None:
    turns = Rotation.random(200, rng=np.random.default_rng(seed))
    quat = turns.as_quat(canonical=True)[:, [3, 0, 1, 2]]
    assert np.allclose(quaternion.to_matrix(quat), turns.as_matrix(), atol=1e-14)
    assert np.allclose(quaternion.from_matrix(turns.as_matrix()), quat, atol=1e-14)


def test_half_turns_have_no_sign_to_lose() -> None:
    found = quaternion.from_matrix(quaternion.to_matrix(HALF_TURNS))
    assert np.allclose(np.abs((found * HALF_TURNS).sum(axis=-1)), 1, atol=1e-14)


@pytest.mark.parametrize("seed", [3, 4])
def test_rotation_vectors_are_those_of_the_library(seed: int) -> None:
    turns = Rotation.random(200, rng=np.random.default_rng(seed))
    vector = turns.as_rotvec()
    quat = turns.as_quat(canonical=False)[:, [3, 0, 1, 2]]
    assert np.allclose(quaternion.to_rotation_vector(quat), vector, atol=1e-12)
    found = quaternion.from_rotation_vector(vector)
    assert np.allclose(np.abs((found * quat).sum(axis=-1)), 1, atol=1e-14)


def test_the_smallest_turns_keep_their_size() -> None:
    vector = np.array([[0.0, 0, 0], [1e-9, -2e-9, 3e-9], [0, 1e-11, 0]])
    quat = quaternion.from_rotation_vector(vector)
    assert np.allclose(quaternion.to_rotation_vector(quat), vector, atol=1e-16)


@pytest.mark.parametrize("seed", [5, 6])
def test_euler_angles_are_those_of_the_library(seed: int) -> None:
    turns = Rotation.random(200, rng=np.random.default_rng(seed))
    euler = turns.as_euler("ZYX")[:, ::-1]
    quat = turns.as_quat(canonical=True)[:, [3, 0, 1, 2]]
    assert np.allclose(quaternion.to_euler(quat), euler, atol=1e-7)
    found = quaternion.from_euler(euler)
    assert np.allclose(np.abs((found * quat).sum(axis=-1)), 1, atol=1e-14)
