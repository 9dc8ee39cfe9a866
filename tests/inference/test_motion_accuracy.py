"""From the sensors to angles and repetitions: on the simulator's truth, and on a real walk."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from gateway.messages import (
    JOINTS,
    BodyBlock,
    Calibration,
    FloatArray,
    JointAngleBlock,
    Message,
    Place,
    Repetition,
)
from gateway.orientation.stage import Orientation
from gateway.stage import Chain
from inference.calibration.stage import SegmentCalibration
from inference.joints.flexion import JointAngles
from inference.repetitions.stage import Repetitions
from simulators.body import body_blocks
from simulators.movement.motion import Motion, simulate_motion
from simulators.places import PLACES
from tests.contract import assert_stage_contract
from tests.data import data_set
from tests.inference.figure import joined, rmse_deg

BLOCK_S = 5.0


def pipe() -> Chain:
    return Chain([Orientation(), SegmentCalibration(), JointAngles(), Repetitions()])


def through(blocks: list[BodyBlock]) -> list[Message]:
    chain = pipe()
    return [made for block in blocks for made in chain.push(block)]


@pytest.fixture(scope="module", params=[1, 2], ids="seed {}".format)
def clinic(request: pytest.FixtureRequest) -> tuple[Motion, list[Message]]:
    """A person who stands, walks, turns, squats, sits and extends the knees."""
    motion = simulate_motion("clinic", 72.0, seed=request.param)
    return motion, through(body_blocks(motion, BLOCK_S, seed=request.param))


def error_deg(motion: Motion, made: list[Message]) -> FloatArray:
    angles = joined(made, JointAngleBlock, "angle_rad")
    return np.degrees(angles - motion.truth.joint_rad[: len(angles)])


def test_simulated_joint_angles_are_within_five_degrees(
    clinic: tuple[Motion, list[Message]],
) -> None:
    error = error_deg(*clinic)
    found = np.sqrt(np.nanmean(error**2, axis=0))
    assert np.isfinite(error[200:]).all()
    assert found.max() < 3.0, dict(zip(JOINTS, found.round(2), strict=True))


def test_simulated_knee_peaks_are_within_five_degrees(clinic: tuple[Motion, list[Message]]) -> None:
    motion, made = clinic
    angles = np.degrees(joined(made, JointAngleBlock, "angle_rad"))
    truth = np.degrees(motion.truth.joint_rad)
    peaks = []
    for column in (2, 3):
        for stride in motion.truth.strides:
            part = slice(round(stride.start_s * 100), round(stride.end_s * 100))
            peaks.append(angles[part, column].max() - truth[part, column].max())
    assert len(peaks) > 20
    assert np.sqrt(np.mean(np.square(peaks))) < 5.0


def test_simulated_repetitions_are_all_found_and_nothing_else(
    clinic: tuple[Motion, list[Message]],
) -> None:
    motion, made = clinic
    found = [m for m in made if isinstance(m, Repetition)]
    truth = sorted(motion.truth.repetitions, key=lambda r: r.end_s)
    assert [(r.exercise, r.side, r.count) for r in found] == [
        (r.exercise, r.side, r.count) for r in truth
    ]
    for one, other in zip(found, truth, strict=True):
        assert abs(np.degrees(one.peak_rad - other.peak_rad)) < 5.0
        assert other.start_s < one.start_s < one.end_s < other.end_s


def test_a_walk_of_another_person_is_no_exercise() -> None:
    motion = simulate_motion("walk", 30.0, seed=5)
    made = through(body_blocks(motion, BLOCK_S, seed=5))
    assert not [m for m in made if isinstance(m, Repetition)]


def test_the_pipe_keeps_the_contract_while_sensors_drop_out() -> None:
    motion = simulate_motion("squat", 20.0, seed=3)
    rng = np.random.default_rng(3)
    blocks = []
    for block in body_blocks(motion, 2.0, seed=3):
        acc, gyr, valid = block.acc.copy(), block.gyr.copy(), block.valid.copy()
        for start, column in rng.integers(0, (len(valid), len(PLACES)), (2, 2)):
            gone = slice(start, start + int(rng.integers(1, 40)))
            acc[gone, column] = gyr[gone, column] = np.nan
            valid[gone, column] = False
        real = valid.copy()
        blocks.append(dataclasses.replace(block, acc=acc, gyr=gyr, valid=valid, real=real))
    assert_stage_contract(pipe, blocks, seed=3)


SENSORS = {
    Place.PELVIS: "00B40B91",
    Place.LEFT_THIGH: "00B40C45",
    Place.RIGHT_THIGH: "00B40C3C",
    Place.LEFT_SHANK: "00B40BA5",
    Place.RIGHT_SHANK: "00B40C35",
    Place.LEFT_FOOT: "00B40C55",
    Place.RIGHT_FOOT: "00B40C48",
}
VICON_ROWS = slice(1119, 2074)


def rows(path: Path) -> FloatArray:
    """The numbers below the comments and the heading."""
    lines = [line for line in path.read_text().splitlines() if re.match(r"-?\d", line)]
    return np.array([[float(v or "nan") for v in line.split(",")] for line in lines])


def neura_walk(folder: Path) -> BodyBlock:
    """The raw recording, which begins with ten seconds of standing."""
    shape = (2503, len(PLACES), 3)
    acc, gyr = np.full(shape, np.nan), np.full(shape, np.nan)
    for place, serial in SENSORS.items():
        table = rows(folder / "rawimu" / f"S02-Trial-Walk-1-000_{serial}.txt")
        column = PLACES.index(place)
        acc[:, column], gyr[:, column] = table[: shape[0], 2:5], table[: shape[0], 5:8]
    valid = np.isfinite(acc[..., 0])
    return BodyBlock("p", 0, 100.0, 0, PLACES, acc, gyr, valid, valid.copy())


def knee_from_joint_centres(vicon: FloatArray, first: int) -> FloatArray:
    """Angle (T,) between thigh and shank; hip, knee and ankle are columns from ``first``."""
    hip, knee, ankle = (vicon[:, first + k : first + k + 3] for k in (0, 3, 6))
    thigh, shank = hip - knee, knee - ankle
    cosine = (thigh * shank).sum(axis=1) / np.linalg.norm(thigh, axis=1)
    return np.asarray(np.arccos(cosine / np.linalg.norm(shank, axis=1)))


def test_a_real_walk_against_optical_joint_centres() -> None:
    """Published on the whole set, by a filter with three sensors: 10° and a correlation of 0.87."""
    folder = data_set("neura_sparse_sample")
    made = through([neura_walk(folder)])
    found = joined(made, JointAngleBlock, "angle_rad")[VICON_ROWS, 2:4]
    vicon = rows(folder / "vicon" / "S02-Trial-Walk-1.csv")
    truth = np.stack([knee_from_joint_centres(vicon, first) for first in (3, 15)], axis=1)
    assert rmse_deg(found, truth).max() < 8.0
    for side in (0, 1):
        seen = np.isfinite(truth[:, side])
        assert np.corrcoef(found[seen, side], truth[seen, side])[0, 1] > 0.95
    assert next(m.t_s for m in made if isinstance(m, Calibration)) == 2.0
    assert not [m for m in made if isinstance(m, Repetition)]
