"""Which sensor is where, from walking alone: on the simulated person, and on real walks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.decoding.stage import Decode
from gateway.grid.stage import Align
from gateway.messages import BodyBlock, FloatArray, Message, OrientationBlock, Places, Tick
from gateway.orientation.stage import Orientation
from gateway.recordings import chunk_end_ns, open_recording
from gateway.stage import Chain
from inference.calibration.alignment import unit
from inference.calibration.placement import WHERE, Placement, all_orders, exchanges, placement
from inference.calibration.stance import quiet
from inference.calibration.walking_traits import WalkingTraits
from inference.inclination import up_in_sensor
from simulators.places import PLACES
from tests.data import data_set
from tests.inference.guided import following, oriented


def walked(messages: list[Message]) -> tuple[Places, WalkingTraits, FloatArray]:
    """What the walking in a recording shows, and up in the sensors in its first quiet second."""
    bodies = [m for m in messages if isinstance(m, BodyBlock)]
    acc, gyr = (np.concatenate([getattr(b, name) for b in bodies]) for name in ("acc", "gyr"))
    up = up_in_sensor(np.concatenate([m.quat for m in messages if isinstance(m, OrientationBlock)]))
    step = round(bodies[0].rate_hz)
    seconds = [slice(first, first + step) for first in range(0, len(acc) - step, step)]
    still = [unit(acc[s].mean(axis=0)) for s in seconds if quiet(acc[s], gyr[s])]
    standing = still[0] if still else unit(np.nanmedian(up, axis=0))
    traits = WalkingTraits.nothing(acc.shape[1])
    for s in seconds:
        traits.add(acc[s].T, gyr[s].T, up[s].T, standing)
    return bodies[0].places, traits, standing


def recorded(path: Path) -> list[Message]:
    recording = open_recording(path)
    align = Align(
        recording.person,
        recording.sensors,
        recording.origin_ns,
        recording.grid_rate_hz,
        hold_back_s=0.06,
        bridge_s=0.1,
        hop_samples=1000,
    )
    chain = Chain([Decode(recording.sensors), align, Orientation()])
    made: list[Message] = []
    for number, blocks in enumerate(recording.chunks(20.0), start=1):
        for block in blocks:
            made += chain.push(block)
        made += chain.push(Tick(chunk_end_ns(recording, number, 20.0)))
    return made + chain.flush()


def told(path: Path) -> tuple[Places, Placement]:
    places, traits, standing = walked(recorded(path))
    return places, placement(traits.traits(standing), places, all_orders(len(places)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_simulated_walk_alone_tells_all_places(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(PLACES))
    worn = following(seed, order)
    _, traits, standing = walked(oriented(worn.blocks(seed)))
    found = placement(traits.traits(standing), PLACES, all_orders(len(PLACES)))
    assert [PLACES.index(place) for place in found.places] == order.tolist()
    assert found.confidence.min() > 0.9


def test_without_movement_nothing_speaks_against_what_is_said() -> None:
    nothing = WalkingTraits.nothing(len(PLACES))
    standing = np.tile([0.0, 0.0, 1.0], (len(PLACES), 1))
    found = placement(nothing.traits(standing), PLACES, exchanges(PLACES))
    assert found.as_told < 0.2


def test_exchanges_are_pairs_and_both_legs() -> None:
    orders = exchanges(PLACES)
    assert orders[0].tolist() == [WHERE.index(place) for place in PLACES]
    assert len(orders) == 1 + 28 + 1
    assert len(np.unique(orders, axis=0)) == len(orders)


def test_a_real_walk_tells_seven_places() -> None:
    folder = data_set("neura_sparse_sample")
    for name in ("imu/S02-Trial-Walk-1-Pelvis.csv", "rawimu/S02-Trial-Walk-1-000_00B40B91.txt"):
        places, found = told(folder / name)
        assert found.places == places
        assert found.confidence.min() > 0.8


def test_real_walks_tell_feet_and_back_and_which_foot_where_they_are_sure() -> None:
    """Of subject 4 the files of the feet are exchanged, which other figures of the set show too."""
    trials = sorted(data_set("voisard_healthy_gait").rglob("?*-1.json"))
    sure = 0
    for trial in trials:
        places, found = told(trial)
        assert found.places.index(places[0]) == 0, f"{trial.stem}: the lower back"
        if found.confidence.min() < 0.85:
            continue
        sure += 1
        assert (found.places == places) == (not trial.stem.startswith("4-")), trial.stem
    assert sure >= 5
