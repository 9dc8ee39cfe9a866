"""From a pose to the orientation of every segment, and from there along a leg."""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray
from gateway.quaternion import rotate
from simulators.movement.person import Person
from simulators.movement.pose import FEET, PELVIS, SHANKS, THIGHS, Pose

# Hip joints left and right of the middle of the hips, in ISB axes (z to the right).
_HIP_SIDE = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])


def orientations(pose: Pose) -> FloatArray:
    """Return quaternions (N, 8, 4) segment → earth (ENU) of a pose.

    The product of yaw about the segment's y, roll about x and pitch about z, after the quarter
    turn that lays ISB axes (x forward, y up) into the earth's (z up).
    """
    cy, sy = np.cos(pose.yaw / 2), np.sin(pose.yaw / 2)
    cx, sx = np.cos(pose.roll / 2), np.sin(pose.roll / 2)
    cz, sz = np.cos(pose.pitch / 2), np.sin(pose.pitch / 2)
    a, b, c, d = cy * cx, cy * sx, sy * cx, -sy * sx
    w, x = a * cz - d * sz, b * cz + c * sz
    y, z = c * cz - b * sz, d * cz + a * sz
    quat: FloatArray = np.sqrt(0.5) * np.stack([w - x, w + x, y - z, y + z], axis=-1)
    return quat


def hips(person: Person, quat: FloatArray) -> FloatArray:
    """Return the hip joints (N, 2, 3) from the middle of the hips, in earth axes, metres."""
    return rotate(quat[:, PELVIS, None], _HIP_SIDE * person.hip_half_m)


def thigh_vectors(person: Person, quat: FloatArray) -> FloatArray:
    """Return knee → hip (N, 2, 3) in earth axes, metres."""
    return rotate(quat[:, THIGHS], np.array([0.0, person.thigh_m, 0.0]))


def shank_vectors(person: Person, quat: FloatArray) -> FloatArray:
    """Return ankle → knee (N, 2, 3) in earth axes, metres."""
    return rotate(quat[:, SHANKS], np.array([0.0, person.shank_m, 0.0]))


def rockers(person: Person, quat: FloatArray, pitch: FloatArray, yaw: FloatArray) -> FloatArray:
    """Return how far the ankle has moved (N, 2, 3) from where it is with the foot flat.

    The foot turns about the heel while ``pitch`` (N, 2) is positive and about the ball of the
    foot while it is negative; ``yaw`` (N, 2) is the way in which it was put down.
    """
    contact = np.zeros((*pitch.shape, 3))
    contact[..., 0] = np.where(pitch > 0, -person.heel_m, person.toe_m)
    contact[..., 1] = -person.ankle_height_m
    cos, sin = np.cos(yaw), np.sin(yaw)
    flat = np.stack([cos * contact[..., 0], sin * contact[..., 0], contact[..., 1]], axis=-1)
    return flat - rotate(quat[:, FEET], contact)
