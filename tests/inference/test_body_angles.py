"""Angles beside flexion: on the simulated person's truth, and what is told when it is not known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
    Calibration,
    FloatArray,
    Joint,
    Message,
    OrientationBlock,
    Place,
    SegmentBlock,
)
from gateway.orientation.stage import Orientation
from gateway.stage import Chain
from inference.calibration.stage import SegmentCalibration
from inference.joints.angle_columns import JOINT_ENDS, angle_columns
from inference.joints.body_angles import BodyAngles
from simulators.body import body_blocks
from simulators.movement.motion import Motion, simulate_motion
from simulators.places import PLACES
from tests.contract import assert_stage_contract, run
from tests.inference.posed import Figure, named_deg

THIN = 4
WALKED_S = 6.0


@pytest.fixture(scope="module", params=[1, 2], ids="seed {}".format)
def clinic(request: pytest.FixtureRequest) -> tuple[Motion, list[Message]]:
    """A person who stands, walks, turns, squats, sits and extends the knees."""
    motion = simulate_motion("clinic", 72.0, seed=request.param)
    chain = Chain([Orientation(), SegmentCalibration()])
    blocks = body_blocks(motion, 5.0, seed=request.param)
    return motion, [made for block in blocks for made in chain.push(block)]


def truth_deg(motion: Motion, joint: Joint) -> tuple[FloatArray, FloatArray]:
    """Adduction and internal rotation (T,) from the true segments, by their matrices."""
    above, below = (
        quaternion.to_matrix(motion.quat[::THIN, PLACES.index(place)])
        for place in JOINT_ENDS[joint]
    )
    relative = np.einsum("tji,tjk->tik", above, below)
    adduction = np.arcsin(relative[:, 2, 1])
    rotation = np.arctan2(-relative[:, 2, 0], relative[:, 2, 2])
    side = -1 if joint.startswith("left") else 1
    return side * np.degrees(adduction), side * np.degrees(rotation)


def rms(values: FloatArray) -> float:
    return float(np.sqrt(np.nanmean(values**2)))


def test_keeps_the_contract(clinic: tuple[Motion, list[Message]]) -> None:
    assert_stage_contract(BodyAngles, clinic[1], seed=5)


def test_all_planes_of_the_simulated_person_are_within_five_degrees(
    clinic: tuple[Motion, list[Message]],
) -> None:
    motion, messages = clinic
    made = run(BodyAngles(), messages)
    angles, sds = named_deg(made), named_deg(made, "sd_rad")
    for joint in JOINTS:
        names = [name for name in angles if name.startswith(joint)]
        assert len(names) == 2
        for name, truth in zip(names, truth_deg(motion, joint), strict=True):
            error = angles[name] - truth[: len(angles[name])]
            assert np.isfinite(error[25 * 35 :]).mean() > 0.95, name
            assert rms(error) < 5.0, name
            known = np.isfinite(error)
            assert np.mean(np.abs(error[known]) < 2 * sds[name][known]) > 0.9, name


def test_trunk_and_pelvis_of_the_simulated_person_are_within_five_degrees(
    clinic: tuple[Motion, list[Message]],
) -> None:
    motion, messages = clinic
    angles = named_deg(run(BodyAngles(), messages))
    for part, place in (("pelvis", Place.PELVIS), ("trunk", Place.STERNUM)):
        up = quaternion.to_matrix(motion.quat[::THIN, PLACES.index(place)])[:, 2]
        forward, lateral = -np.arctan2(up[:, 0], up[:, 1]), -np.arcsin(up[:, 2])
        for name, truth in ((f"{part}_forward_tilt", forward), (f"{part}_lateral_tilt", lateral)):
            assert rms(angles[name] - np.degrees(truth)[: len(angles[name])]) < 5.0, name


def test_who_has_not_walked_can_lift_a_leg_sideways_but_rotation_is_absent() -> None:
    figure = Figure(4.0)
    figure.turn(Place.LEFT_THIGH, 2.0, roll=30)
    found = figure.angles(seed=3)
    assert found["left_hip_adduction"][-1] == pytest.approx(-30, abs=1e-6)
    assert np.isnan(found["left_hip_rotation"]).all()


def test_of_a_trunk_whose_front_is_not_known_no_tilt_is_told() -> None:
    figure = Figure(2.0)
    calibration, *blocks = figure.messages()
    assert isinstance(calibration, Calibration)
    stood = dataclasses.replace(calibration, front=np.zeros(len(Place), np.bool_))
    found = named_deg(run(BodyAngles(), [stood, *blocks]))
    assert np.isnan(found["pelvis_forward_tilt"]).all()
    assert np.isnan(found["left_hip_adduction"]).all()
    assert np.isfinite(found["left_shoulder_elevation"]).all()


def test_who_has_not_walked_and_sits_has_no_adduction() -> None:
    figure = Figure(4.0)
    figure.turn(Place.LEFT_THIGH, 2.0, pitch=90)
    assert np.isnan(figure.angles(seed=3)["left_hip_adduction"][-1])


def walked(rest_s: float, place: Place | None = None) -> Figure:
    """A figure that walks, and then rests, but for ``place``, which turns to and fro."""
    figure = Figure(WALKED_S + rest_s)
    figure.walk(WALKED_S)
    if place is not None:
        for second in range(int(rest_s)):
            figure.turn(place, WALKED_S + second, yaw=10 if second % 2 else -10)
            for tenth in range(1, 100):
                figure.turn(place, WALKED_S + second + tenth / 100, yaw=0.1)
    return figure


def sd_deg(figure: Figure, name: str) -> FloatArray:
    return named_deg(run(BodyAngles(), figure.messages(seed=2)), "sd_rad")[name]


def test_at_rest_the_offset_is_kept_and_with_it_what_is_known() -> None:
    sd = sd_deg(walked(30.0), "left_knee_rotation")
    assert np.isnan(sd[0])
    assert sd[-1] == pytest.approx(sd[25 * 8], abs=0.01)


def test_movement_that_is_no_walking_lets_the_uncertainty_grow() -> None:
    sd = sd_deg(walked(30.0, Place.LEFT_SHANK), "left_knee_rotation")
    assert sd[-1] > sd[25 * 8] + 0.1


def test_more_strides_tell_more() -> None:
    figure = Figure(30.0)
    figure.walk(30.0)
    sd = sd_deg(figure, "right_hip_rotation")
    known = sd[np.isfinite(sd)]
    assert known[-26] < known[0]


def test_headings_that_drift_are_followed_while_walking() -> None:
    figure = Figure(60.0)
    figure.walk(60.0)
    made = run(BodyAngles(), figure.messages(seed=4, drift_deg_s=0.05))
    found = named_deg(made)["left_knee_rotation"]
    assert np.abs(found[25 * 20 :]).max() < 3.0


def test_a_sensor_that_was_silent_has_to_walk_again() -> None:
    messages = walked(4.0).messages(seed=1)
    shank = angle_columns(tuple(Place)).ends[1, 2]

    def silenced(message: Message) -> Message:
        if not isinstance(message, OrientationBlock | SegmentBlock):
            return message
        valid, quat = message.valid.copy(), message.quat.copy()
        silent = slice(round(WALKED_S * 100), round((WALKED_S + 0.5) * 100))
        valid[silent, shank], quat[silent, shank] = False, np.nan
        return dataclasses.replace(message, valid=valid, quat=quat)

    made = run(BodyAngles(), [silenced(message) for message in messages])
    found = named_deg(made)
    assert np.isnan(found["left_knee_rotation"][-1])
    assert np.isfinite(found["right_knee_rotation"][-1])


def test_feet_alone_tell_none_of_these_angles() -> None:
    figure = Figure(2.0, (Place.LEFT_FOOT, Place.RIGHT_FOOT))
    assert run(BodyAngles(), figure.messages()) == []


def test_two_sensors_tell_their_joint_and_nothing_else() -> None:
    figure = Figure(8.0, (Place.LEFT_THIGH, Place.LEFT_SHANK))
    figure.walk(WALKED_S)
    found = named_deg(run(BodyAngles(), figure.messages()))
    assert list(found) == ["left_knee_adduction", "left_knee_rotation"]
    assert np.isfinite(found["left_knee_rotation"][-1])


def test_samples_and_times_are_those_of_the_grid() -> None:
    made = run(BodyAngles(), Figure(2.0).messages())
    blocks = [message for message in made if isinstance(message, BodyAngleBlock)]
    assert (blocks[0].start, blocks[0].rate_hz) == (0, 25.0)
    assert sum(len(block.valid) for block in blocks) == 50
