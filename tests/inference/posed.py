"""A stick figure turned in all three planes: what the stages say of poses whose truth is exact."""

from __future__ import annotations

import numpy as np

from gateway import quaternion
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
    Calibration,
    FloatArray,
    JointAngleBlock,
    Message,
    OrientationBlock,
    Place,
    Places,
    SegmentBlock,
)
from gateway.mounting import nominal_mounting
from gateway.stage import Chain
from inference.inclination import up_in_sensor, without_heading
from inference.joints.body_angles import BodyAngles
from inference.joints.flexion import JointAngles
from simulators.movement.pose import Pose
from simulators.movement.segments import orientations
from tests.inference.figure import RATE_HZ, walking

ALL = tuple(Place)


class Figure:
    """Yaw (to the left), roll (leaning right) and pitch (front up) of every place, in rad."""

    def __init__(self, seconds: float, places: Places = ALL) -> None:
        count = round(seconds * RATE_HZ)
        self.places = places
        self.yaw, self.roll, self.pitch = np.zeros((3, count, len(ALL)))

    def walk(self, seconds: float) -> None:
        """Begin with ``seconds`` of walking: a stride a second."""
        self.pitch[: round(seconds * RATE_HZ), :8] = walking(seconds)

    def turn(
        self, place: Place, since_s: float, *, yaw: float = 0, roll: float = 0, pitch: float = 0
    ) -> None:
        """Turn ``place`` by so many degrees from ``since_s`` on."""
        rows, column = slice(round(since_s * RATE_HZ), None), ALL.index(place)
        for angles, degrees in ((self.yaw, yaw), (self.roll, roll), (self.pitch, pitch)):
            angles[rows, column] += np.radians(degrees)

    def messages(self, seed: int = 0, drift_deg_s: float = 0.0) -> list[Message]:
        """Calibration, orientation and segments, each sensor with a heading of its own.

        The headings begin anywhere and drift by up to ``drift_deg_s``.
        """
        rng = np.random.default_rng(seed)
        columns = [ALL.index(place) for place in self.places]
        poses = Pose(*(angles[:, columns] for angles in (self.yaw, self.roll, self.pitch)))
        quat = orientations(poses)
        t_s = np.arange(len(quat))[:, None] / RATE_HZ
        drift = np.radians(drift_deg_s) * rng.uniform(-1, 1, len(columns)) * t_s
        heading = rng.uniform(-np.pi, np.pi, len(columns)) + drift
        mounting = nominal_mounting(self.places)
        headed = quaternion.multiply(_about_up(heading), quat)
        valid = np.ones(quat.shape[:2], np.bool_)
        gyr = np.zeros((*quat.shape[:2], 3))
        steps = quaternion.multiply(quaternion.conjugate(quat[:-1]), quat[1:])
        gyr[1:] = quaternion.to_rotation_vector(steps) * RATE_HZ
        inclination = without_heading(up_in_sensor(quat))
        known = np.ones(len(columns), np.bool_)
        sensor = quaternion.multiply(headed, quaternion.conjugate(mounting))
        head = ("p", 0, RATE_HZ, 0, self.places)
        return [
            Calibration("p", 0.0, mounting, known, "made", self.places, known.copy()),
            OrientationBlock(*head, sensor, valid, valid.copy()),
            SegmentBlock(*head, np.zeros_like(gyr), gyr, inclination, valid, valid.copy(), known),
        ]

    def angles(self, seed: int = 0) -> dict[str, FloatArray]:
        """Return every angle in degrees by name, flexion included, at its own rate."""
        chain = Chain([JointAngles(), BodyAngles()])
        made = [m for message in self.messages(seed) for m in chain.push(message)]
        return named_deg([*made, *chain.flush()])


def _about_up(angle_rad: FloatArray) -> FloatArray:
    return quaternion.from_axis_angle(
        np.broadcast_to([0.0, 0, 1], (*angle_rad.shape, 3)), angle_rad
    )


def named_deg(made: list[Message], field: str = "angle_rad") -> dict[str, FloatArray]:
    """Return ``field`` of the angles among ``made`` in degrees, by name."""
    blocks = [m for m in made if isinstance(m, BodyAngleBlock)]
    found: dict[str, FloatArray] = {}
    if blocks:
        values = np.degrees(np.concatenate([getattr(block, field) for block in blocks]))
        found.update(zip(blocks[0].names, values.T, strict=True))
    flexion = [m for m in made if isinstance(m, JointAngleBlock)]
    if flexion and field == "angle_rad":
        values = np.degrees(np.concatenate([block.angle_rad for block in flexion]))
        found.update({f"{j}_flexion": v for j, v in zip(JOINTS, values.T, strict=True)})
    return found
