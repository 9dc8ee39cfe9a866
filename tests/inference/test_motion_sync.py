"""Sensors whose clocks are known to agree, or to be off by so much, must be told so."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.decoding.stage import Decode
from gateway.grid.stage import Align
from gateway.messages import BodyBlock, Message, Place, Tick
from gateway.recordings import Recording, chunk_end_ns
from gateway.stage import Chain
from inference.synchrony.motion_sync import MotionSync, SensorSync
from simulators.places import PLACES
from simulators.recording import Equipment, SimulatedRecording
from tests.gateway.trials import NEURA, UCI, VOISARD, Trial

BLOCK_S = 60.0
FAR_MS = 50.0


def aligned(recording: Recording) -> Iterator[BodyBlock]:
    """What alignment makes of a recording."""
    rate_hz = recording.grid_rate_hz
    hop = round(BLOCK_S * rate_hz)
    align = Align(recording.person, recording.sensors, recording.origin_ns, rate_hz, 0.06, 0.1, hop)
    chain = Chain([Decode(recording.sensors), align])
    for number, blocks in enumerate(recording.chunks(BLOCK_S), start=1):
        messages: list[Message] = [
            *blocks,
            Tick(chunk_end_ns(recording, number, BLOCK_S)),
        ]
        for message in messages:
            yield from (made for made in chain.push(message) if isinstance(made, BodyBlock))
    yield from (made for made in chain.flush() if isinstance(made, BodyBlock))


def shifted(block: BodyBlock, place: Place, late_s: float) -> BodyBlock:
    """The block with the sensor at ``place`` stamped ``late_s`` too late."""
    column, rows = block.places.index(place), np.arange(len(block.acc))
    earlier = rows - late_s * block.rate_hz
    acc, gyr, real = block.acc.copy(), block.gyr.copy(), block.real.copy()
    known = np.flatnonzero(block.real[:, column])
    if len(known) == 0:
        return block
    for array in (acc, gyr):
        for axis in range(3):
            track = array[:, column, axis]
            array[:, column, axis] = np.interp(earlier, known, track[known])
    real[:, column] = real[np.clip(np.rint(earlier).astype(int), 0, len(rows) - 1), column]
    return dataclasses.replace(block, acc=acc, gyr=gyr, real=real)


def told(
    recording: Recording, place: Place = Place.PELVIS, late_ms: float = 0.0
) -> dict[Place, SensorSync]:
    sync = MotionSync()
    for block in aligned(recording):
        sync.add(shifted(block, place, late_ms * 1e-3) if late_ms else block)
    worn = [spec.place for spec in recording.sensors if spec.place]
    return {one.place: one for one in sync.result(worn)}


def agrees(one: SensorSync) -> bool:
    return not one.withheld and abs(one.lag_s) <= one.uncertainty_s


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sensors_of_a_simulated_session_agree(seed: int) -> None:
    found = told(SimulatedRecording("clinic", seed, 60.0))
    assert set(found) == set(PLACES)
    assert all(agrees(one) for one in found.values()), found
    assert max(abs(one.lag_s) for one in found.values()) < 0.008
    # The scatter of five windows is itself a matter of chance.
    assert max(one.uncertainty_s for one in found.values()) < 0.045


@pytest.mark.parametrize(
    ("place", "late_ms"),
    [(Place.LEFT_SHANK, FAR_MS), (Place.STERNUM, -FAR_MS), (Place.RIGHT_FOOT, 20.0)],
)
def test_a_late_sensor_is_found_and_its_lag_told(place: Place, late_ms: float) -> None:
    found = told(SimulatedRecording("clinic", 3, 60.0), place, late_ms)
    assert abs(found[place].lag_s - late_ms * 1e-3) < 0.012
    if abs(late_ms) >= FAR_MS:
        assert not agrees(found[place])
    assert all(agrees(one) for other, one in found.items() if other is not place), found


def test_a_sensor_a_second_off_is_not_said_to_agree() -> None:
    late = told(SimulatedRecording("clinic", 3, 60.0), Place.STERNUM, 1000.0)[Place.STERNUM]
    assert late.withheld.startswith("it fits pelvis best when shifted by 1.0 s")
    assert np.isnan(late.lag_s)


def test_nothing_is_told_of_a_person_who_stands_still() -> None:
    found = told(SimulatedRecording("clinic", 5, 6.0))
    assert all(one.withheld.startswith("too little motion in common") for one in found.values())


def test_a_sensor_without_a_neighbour_cannot_be_compared() -> None:
    worn = Equipment(places=(Place.STERNUM, Place.LEFT_THIGH, Place.LEFT_SHANK))
    found = told(SimulatedRecording("clinic", 6, 60.0, equipment=worn))
    assert found[Place.STERNUM].withheld == "no sensor is worn that it could be compared with"
    assert found[Place.LEFT_THIGH].compared_with == (Place.LEFT_SHANK,)
    assert found[Place.LEFT_THIGH].lag_s == -found[Place.LEFT_SHANK].lag_s
    assert agrees(found[Place.LEFT_SHANK])


def test_no_block_and_short_or_empty_blocks_do_no_harm() -> None:
    sync = MotionSync()
    empty = np.full((900, 8, 3), np.nan)
    never = np.zeros((900, 8), np.bool_)
    sync.add(BodyBlock("p", 0, 100.0, 0, PLACES, empty[:10], empty[:10], never[:10], never[:10]))
    sync.add(BodyBlock("p", 10, 100.0, 0, PLACES, empty, empty, never, never))
    assert [one.withheld != "" for one in sync.result(tuple(Place))] == [True] * len(Place)


@pytest.mark.parametrize("trial", [NEURA, UCI, VOISARD], ids=lambda trial: trial.data)
def test_real_sensors_known_to_agree_are_not_said_to_be_off(trial: Trial) -> None:
    found = told(trial.open())
    compared = [one for one in found.values() if not one.withheld]
    assert len(compared) >= 2
    assert all(agrees(one) for one in compared), found


@pytest.mark.parametrize(
    ("trial", "place", "late_ms"),
    [
        (NEURA, Place.LEFT_FOOT, FAR_MS),
        (UCI, Place.RIGHT_SHANK, 50.0),
        (VOISARD, Place.PELVIS, 120.0),
    ],
    ids=lambda value: value.data if isinstance(value, Trial) else str(value),
)
def test_a_real_sensor_that_is_shifted_is_found(trial: Trial, place: Place, late_ms: float) -> None:
    late = told(trial.open(), place, late_ms)[place]
    assert late.lag_s > late.uncertainty_s
    assert abs(late.lag_s - late_ms * 1e-3) <= late.uncertainty_s
