"""Kernels of the inclination: exact in every posture."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from gateway import quaternion
from inference.inclination import pitch_rad, right_axis_rise, up_in_sensor, without_heading

UP = np.array([0.0, 0.0, 1.0])
angle = st.floats(-3.1, 3.1)
lean = st.floats(-1.4, 1.4)


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_up_is_earths_up_turned_into_the_sensor(components: tuple[float, ...]) -> None:
    quat = np.array(components) / np.linalg.norm(components)
    expected = quaternion.rotate(quaternion.conjugate(quat), UP)
    assert np.allclose(up_in_sensor(quat), expected, atol=1e-12)


@given(angle, lean)
def test_heading_is_removed_and_up_is_kept(pitch: float, roll: float) -> None:
    up = np.array([np.sin(pitch) * np.cos(roll), np.cos(pitch) * np.cos(roll), np.sin(roll)])
    quat = without_heading(up)
    assert np.allclose(quaternion.rotate(quaternion.conjugate(quat), UP), up, atol=1e-12)
    right = quaternion.rotate(quat, UP)
    assert abs(right[0]) < 1e-12
    assert right[1] <= 1e-12
    assert np.isclose(pitch_rad(quat), pitch, atol=1e-9)
    assert np.isclose(right_axis_rise(quat), np.sin(roll), atol=1e-9)


def test_upright_is_zero_and_a_raised_thigh_is_a_quarter_turn() -> None:
    upright, raised = without_heading(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
    assert pitch_rad(upright) == 0
    assert np.isclose(pitch_rad(raised), np.pi / 2)
    assert np.allclose(quaternion.rotate(upright, np.eye(3)), [[1, 0, 0], [0, 0, 1], [0, -1, 0]])
