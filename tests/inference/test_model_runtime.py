from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway.messages import EstimateBlock, Place, SegmentBlock
from inference.model.loading import load
from inference.model.runtime import Estimates
from simulators.places import PLACE_INDEX
from tests.contract import assert_same, assert_stage_contract, piece, run
from tests.inference.model_support import segments, untrained

FEET = np.isin(np.arange(8), [PLACE_INDEX[Place.LEFT_FOOT], PLACE_INDEX[Place.RIGHT_FOOT]])


def estimates(*blocks: SegmentBlock) -> EstimateBlock:
    """What an untrained model says of consecutive blocks, as one block."""
    found = [b for b in run(Estimates(untrained()), blocks) if isinstance(b, EstimateBlock)]
    return dataclasses.replace(
        found[0],
        mean=np.concatenate([block.mean for block in found]),
        sd=np.concatenate([block.sd for block in found]),
    )


@pytest.mark.parametrize("rate_hz", [25.0, 60.0, 100.0, 204.8])
def test_stage_contract_at_every_rate(rate_hz: float) -> None:
    model = untrained()
    blocks = [segments(1.0, rate_hz, start=17, seed=1)]
    for seed, seconds in enumerate((0.4, 2.0), 2):
        end = blocks[-1].start + len(blocks[-1].acc)
        blocks.append(segments(seconds, rate_hz, start=end, present=FEET, seed=seed))
    assert_stage_contract(lambda: Estimates(model), blocks, seed=int(rate_hz))


def test_stage_contract_of_the_shipped_model() -> None:
    model = load()
    assert_stage_contract(lambda: Estimates(model), [segments(4.0, seed=3)], seed=11)


def test_single_samples_give_the_bits_of_one_block() -> None:
    whole = segments(3.0, 100.0)
    singles = [piece(whole, k, k + 1) for k in range(len(whole.acc))]
    model = load()
    assert_same(run(Estimates(model), singles), run(Estimates(model), [whole]))


def test_says_who_what_and_how_late() -> None:
    block = estimates(segments(1.0))
    assert (block.person, block.start, block.rate_hz, block.ready_ns) == ("p", 1, 50.0, 5)
    assert block.names[0] == "left_hip_flexion"
    assert block.units[0] == "rad"
    assert block.names[-1] == "right_foot_contact"
    assert block.model == "test-model 0"
    assert block.look_ahead_s == pytest.approx(2 / 50.0 + 0.01)
    assert len(block.mean) == 50 - 1 - 2
    assert ((block.mean[:, 6:] > 0) & (block.mean[:, 6:] < 1)).all()
    np.testing.assert_allclose(
        block.sd[:, 6:], np.sqrt(block.mean[:, 6:] * (1 - block.mean[:, 6:]))
    )


def test_a_change_shows_at_its_own_time_no_earlier_than_the_look_ahead() -> None:
    """With a look-ahead of two samples, motion at 1.0 s may change estimates from 0.96 s on."""
    before = segments(2.0)
    changed = before.acc.copy()
    changed[100:] += 3.0
    after = dataclasses.replace(before, acc=changed)
    differs = (estimates(before).mean != estimates(after).mean).any(axis=1)
    assert estimates(before).start + np.flatnonzero(differs)[0] == 48


def test_no_sensor_no_estimate() -> None:
    nothing = np.zeros(8, np.bool_)
    found = estimates(segments(1.0), segments(1.0, start=100, present=nothing))
    assert np.isfinite(found.mean[:48]).all()
    assert np.isnan(found.mean[49:]).all()
    assert np.isnan(found.sd[49:]).all()


def test_an_assumed_alignment_counts_as_no_sensor() -> None:
    only_feet = estimates(segments(1.0, present=FEET))
    all_worn = segments(1.0, calibrated=FEET)
    assert np.array_equal(estimates(all_worn).mean, only_feet.mean)
    uncalibrated = segments(1.0, calibrated=np.zeros(8, np.bool_))
    assert np.isnan(estimates(uncalibrated).mean).all()


def test_values_of_missing_sensors_do_not_matter() -> None:
    clean = segments(1.0, present=FEET)
    acc = clean.acc.copy()
    acc[:, ~FEET] = 1e12
    assert np.array_equal(
        estimates(dataclasses.replace(clean, acc=acc)).mean, estimates(clean).mean
    )


def test_infinite_samples_are_left_out() -> None:
    block = segments(1.0)
    acc = block.acc.copy()
    acc[40, 3] = np.inf
    acc[41, 3] = -np.inf
    assert np.isfinite(estimates(dataclasses.replace(block, acc=acc)).mean).all()


def test_too_slow_a_grid_is_not_estimated() -> None:
    assert run(Estimates(untrained()), [segments(5.0, 20.0)]) == []


def test_a_jump_in_the_grid_starts_anew() -> None:
    stage = Estimates(untrained())
    stage.push(segments(1.0))
    (after,) = stage.push(segments(1.0, start=1000, seed=9))
    (fresh,) = Estimates(untrained()).push(segments(1.0, start=1000, seed=9))
    assert_same([after], [fresh])


def test_what_is_too_uncertain_is_withheld() -> None:
    targets = tuple(
        type(t)(t.name, t.unit, t.kind, 1e-6 if k == 2 else 1e9)
        for k, t in enumerate(untrained().metadata.targets)
    )
    (block,) = Estimates(untrained(targets=targets)).push(segments(1.0))
    assert isinstance(block, EstimateBlock)
    assert np.isnan(block.mean[:, 2]).all()
    assert np.isnan(block.sd[:, 2]).all()
    assert np.isfinite(np.delete(block.mean, 2, axis=1)).all()
