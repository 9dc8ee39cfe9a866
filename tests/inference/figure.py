"""A stick figure that turns its segments and nothing else: exact truth for tests of motion."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.spatial.transform import Rotation

from gateway import quaternion
from gateway.messages import BodyBlock, FloatArray, IntArray, Message, SegmentBlock
from gateway.mounting import nominal_mounting
from gateway.orientation.stage import Orientation
from inference.calibration.stage import SegmentCalibration
from inference.inclination import up_in_sensor, without_heading
from inference.joints.flexion import JointAngles
from simulators.places import PLACES

RATE_HZ = 100.0
PELVIS, THIGHS, SHANKS, FEET, STERNUM = 0, slice(1, 3), slice(3, 5), slice(5, 7), 7


def ramp(values_deg: list[float], seconds: list[float]) -> FloatArray:
    """Angle in rad that goes smoothly to each value in turn; the first is where it begins."""
    parts = [np.array([values_deg[0]])]
    for begin, end, duration in zip(values_deg, values_deg[1:], seconds, strict=False):
        phase = np.arange(1, round(duration * RATE_HZ) + 1) / round(duration * RATE_HZ)
        parts.append(begin + (end - begin) * (1 - np.cos(np.pi * phase)) / 2)
    return np.asarray(np.radians(np.concatenate(parts)))


def waves(amplitude_deg: float, period_s: float, times: int) -> FloatArray:
    """Angle in rad that leaves zero and returns to it ``times`` times."""
    t = np.arange(round(period_s * times * RATE_HZ)) / RATE_HZ
    return np.asarray(np.radians(amplitude_deg) * (1 - np.cos(2 * np.pi * t / period_s)) / 2)


def still(pitch: FloatArray, seconds: float) -> FloatArray:
    """Pitch (T, 8) of a figure that keeps the last posture of ``pitch``."""
    return np.repeat(pitch[-1:], round(seconds * RATE_HZ), axis=0)


def standing(seconds: float) -> FloatArray:
    return np.zeros((round(seconds * RATE_HZ), len(PLACES)))


def squats(times: int, knee_deg: float = 90.0, period_s: float = 3.0) -> FloatArray:
    knee = waves(knee_deg, period_s, times)
    pitch = np.zeros((len(knee), len(PLACES)))
    pitch[:, THIGHS] = 0.7 * knee[:, None]
    pitch[:, SHANKS] = -0.3 * knee[:, None]
    pitch[:, [PELVIS, STERNUM]] = -0.35 * knee[:, None]
    return pitch


def walking(seconds: float) -> FloatArray:
    """One stride a second: thighs -15..25°, shanks back to -55°, feet down to -60°."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitch = np.zeros((len(t), len(PLACES)))
    for side, phase in enumerate((0.0, 0.5)):
        turn = 2 * np.pi * (t + phase)
        fade = np.minimum(1, np.minimum(t, t[-1] - t) * 2)
        swing = np.exp(-((((t + phase) % 1 - 0.7) / 0.11) ** 2))
        pitch[:, 1 + side] = np.radians(5 + 20 * np.cos(turn)) * fade
        pitch[:, 3 + side] = pitch[:, 1 + side] - np.radians(5 + 55 * swing) * fade
        pitch[:, 5 + side] = -np.radians(60) * swing * fade
    return pitch


def sitting_down() -> FloatArray:
    thigh = ramp([0, 88], [2.0])
    pitch = np.zeros((len(thigh), len(PLACES)))
    pitch[:, THIGHS] = thigh[:, None]
    return pitch


def knee_extensions(side: int, times: int, reach_deg: float = 80.0) -> FloatArray:
    """Seated; ``side`` 0 left, 1 right."""
    lift = waves(reach_deg, 3.0, times)
    pitch = np.repeat(sitting_down()[-1:], len(lift), axis=0)
    pitch[:, 3 + side] = pitch[:, 5 + side] = lift
    return pitch


def turned_mounting(seed: int, *, spread_deg: float) -> FloatArray:
    """The nominal mounting, each sensor turned at random by some ``spread_deg`` about each axis."""
    turns = np.random.default_rng(seed).normal(0, np.radians(spread_deg), (len(PLACES), 3))
    quat = Rotation.from_rotvec(turns).as_quat()[:, [3, 0, 1, 2]]
    return quaternion.multiply(quat, nominal_mounting(PLACES))


def flexion(pitch: FloatArray) -> FloatArray:
    """True joint angles (T, 6) in rad."""
    thighs, shanks = pitch[:, THIGHS], pitch[:, SHANKS]
    return np.concatenate(
        [thighs - pitch[:, [PELVIS]], thighs - shanks, pitch[:, FEET] - shanks], axis=1
    )


def segment_quat(pitch: FloatArray) -> FloatArray:
    """Quaternions (T, 8, 4) segment → earth of a figure that faces east."""
    up = np.stack([np.sin(pitch), np.cos(pitch), np.zeros_like(pitch)], axis=-1)
    return without_heading(up)


def worn(pitch: FloatArray, mounting: FloatArray | None = None) -> BodyBlock:
    """What sensors mounted by ``mounting`` (8, 4) segment → sensor say of ``pitch`` (T, 8)."""
    mounting = nominal_mounting(PLACES) if mounting is None else mounting
    quat = quaternion.multiply(segment_quat(pitch), quaternion.conjugate(mounting))
    up = quaternion.rotate(quaternion.conjugate(quat), np.array([0.0, 0.0, 1.0]))
    step = quaternion.multiply(quaternion.conjugate(quat[:-1]), quat[1:])
    step *= np.sign(step[..., :1])
    gyr = np.zeros(up.shape)
    gyr[1:] = 2 * step[..., 1:] * RATE_HZ
    valid = np.ones(pitch.shape, dtype=bool)
    return BodyBlock("p", 0, RATE_HZ, 0, PLACES, 9.81 * up, gyr, valid, valid.copy())


def segments(pitch: FloatArray, columns: IntArray | None = None) -> SegmentBlock:
    """Calibrated segments of the figure; only the places at ``columns`` where given."""
    valid = np.zeros(pitch.shape, dtype=bool)
    valid[:, slice(None) if columns is None else columns] = True
    quat = np.where(valid[..., None], segment_quat(pitch), np.nan)
    acc = 9.81 * up_in_sensor(quat)
    gyr = np.zeros(acc.shape)
    gyr[1:, :, 2] = np.diff(pitch, axis=0) * RATE_HZ
    gyr[~valid] = np.nan
    calibrated = np.asarray(valid.all(axis=0))
    return SegmentBlock("p", 0, RATE_HZ, 0, PLACES, acc, gyr, quat, valid, valid.copy(), calibrated)


def motion(body: BodyBlock) -> list[Message]:
    """Everything from the orientation to the joint angles of ``body``."""
    made: list[Message] = [*Orientation().push(body)]
    calibration = SegmentCalibration()
    made += [m for block in (body, *made) for m in calibration.push(block)]
    angles = JointAngles()
    return [body, *made, *(a for m in made if isinstance(m, SegmentBlock) for a in angles.push(m))]


def joined(messages: Iterable[Message], kind: type, field: str) -> FloatArray:
    """Return ``field`` of all messages of ``kind``, joined."""
    return np.concatenate([getattr(m, field) for m in messages if isinstance(m, kind)])


def rmse_deg(estimate: FloatArray, truth: FloatArray) -> FloatArray:
    """Error of each column where there is an estimate."""
    return np.asarray(np.degrees(np.sqrt(np.nanmean((estimate - truth) ** 2, axis=0))))
