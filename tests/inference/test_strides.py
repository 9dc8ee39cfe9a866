"""Strides from contacts: figures, plausibility, gaps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gateway.messages import GaitEvent, GaitEventKind, Place, Quality, Side, Stride
from inference.gait.strides import LEAST_REAL_SHARE, LONGEST_S, SHORTEST_S, Strides
from simulators.movement.motion import simulate_motion
from simulators.places import PLACE_INDEX
from tests.contract import assert_stage_contract, run
from tests.data import data_set
from tests.inference.gait_trials import FEET, changed, found, simulated, voisard_trials

LAND, LIFT = GaitEventKind.INITIAL_CONTACT, GaitEventKind.FINAL_CONTACT


def contact(
    kind: GaitEventKind, t_s: float, share: float = 1.0, side: Side = Side.LEFT
) -> GaitEvent:
    return GaitEvent("p", t_s, t_s + 0.2, side, kind, Quality(share))


def strides(*events: GaitEvent) -> list[Stride]:
    return [stride for stride in run(Strides(), events) if isinstance(stride, Stride)]


def test_figures_of_a_stride() -> None:
    (stride,) = strides(contact(LAND, 1.0), contact(LIFT, 1.72), contact(LAND, 2.2))
    assert (stride.start_s, stride.end_s) == (1.0, 2.2)
    assert stride.stride_time_s == pytest.approx(1.2)
    assert stride.cadence_spm == pytest.approx(100.0)
    assert stride.stance_share == pytest.approx(0.6)
    assert stride.quality.real_share == pytest.approx(1.0)
    assert not stride.quality.withheld


def test_feet_do_not_mix() -> None:
    found_ones = strides(
        contact(LAND, 1.0),
        contact(LAND, 1.5, side=Side.RIGHT),
        contact(LAND, 2.0),
        contact(LAND, 2.6, side=Side.RIGHT),
    )
    assert [(s.side, round(s.stride_time_s, 3)) for s in found_ones] == [
        (Side.LEFT, 1.0),
        (Side.RIGHT, 1.1),
    ]


def test_without_final_contact_stance_is_unknown() -> None:
    (stride,) = strides(contact(LAND, 1.0), contact(LAND, 2.0))
    assert np.isnan(stride.stance_share)
    assert stride.stride_time_s == pytest.approx(1.0)


def test_of_a_final_contact_that_is_not_sure_only_stance_is_unknown() -> None:
    unsure = GaitEvent("p", 1.6, 1.8, Side.LEFT, LIFT, Quality(0.95, "cannot be seen well"))
    (stride,) = strides(contact(LAND, 1.0), unsure, contact(LAND, 2.0))
    assert np.isnan(stride.stance_share)
    assert stride.stride_time_s == pytest.approx(1.0)
    assert not stride.quality.withheld


@pytest.mark.parametrize("seconds", [SHORTEST_S - 0.05, LONGEST_S + 0.05])
def test_implausible_times_are_no_strides(seconds: float) -> None:
    assert strides(contact(LAND, 1.0), contact(LAND, 1.0 + seconds)) == []


def test_lifting_twice_breaks_the_stride() -> None:
    events = [contact(LAND, 1.0), contact(LIFT, 1.6), contact(LIFT, 2.6), contact(LAND, 3.0)]
    assert strides(*events) == []
    assert len(strides(*events, contact(LAND, 4.0))) == 1


def test_a_gap_drops_the_stride() -> None:
    events = [contact(LAND, 1.0, 0.0), contact(LIFT, 1.6), contact(LAND, 2.0, 0.0)]
    assert strides(*events) == []
    assert len(strides(*events, contact(LAND, 3.0))) == 1


def test_poor_strides_are_withheld_with_the_reason() -> None:
    (stride,) = strides(contact(LAND, 1.0), contact(LIFT, 1.6, 0.5), contact(LAND, 2.0, 1.0))
    assert stride.quality.real_share == pytest.approx(0.7)
    assert "70%" in stride.quality.withheld
    assert np.isnan([stride.stride_time_s, stride.cadence_spm, stride.stance_share]).all()


@settings(deadline=None)
@given(
    gaps=st.lists(st.floats(0.05, 4.0), min_size=1, max_size=30),
    lifts=st.lists(st.booleans(), min_size=30, max_size=30),
    shares=st.lists(st.floats(0.0, 1.0), min_size=30, max_size=30),
)
def test_whatever_comes_strides_are_plausible(
    gaps: list[float], lifts: list[bool], shares: list[float]
) -> None:
    times = np.cumsum(gaps)
    events = [
        contact(LIFT if lift else LAND, float(t), share)
        for t, lift, share in zip(times, lifts, shares, strict=False)
    ]
    for stride in strides(*events):
        assert SHORTEST_S <= stride.end_s - stride.start_s <= LONGEST_S
        assert 0.0 <= stride.quality.real_share <= 1.0
        share = stride.quality.real_share
        lifted = any(e.kind is LIFT and stride.start_s < e.t_s < stride.end_s for e in events)
        hidden = share < 1.0 and not lifted
        assert bool(stride.quality.withheld) == (hidden or share < LEAST_REAL_SHARE)
        assert np.isnan(stride.stride_time_s) == bool(stride.quality.withheld)
        assert np.isnan(stride.stance_share) or 0.0 < stride.stance_share < 1.0


def test_strides_agree_with_the_simulators_truth() -> None:
    motion = simulate_motion("walk", 40.0, 5)
    made = strides(*found(simulated("walk", 40.0, 5, places=FEET).blocks))
    error_s, share_error = [], []
    for true in motion.truth.strides:
        near = [s for s in made if s.side is true.side and abs(s.start_s - true.start_s) < 0.1]
        if near and abs(near[0].end_s - true.end_s) < 0.1:
            error_s.append(near[0].stride_time_s - true.stride_time_s)
            share_error.append(near[0].stance_share - true.stance_share)
    assert len(error_s) >= 0.95 * len(motion.truth.strides)
    assert np.percentile(np.abs(error_s), 95) < 0.05
    assert np.nanpercentile(np.abs(share_error), 95) < 0.03


def test_stride_times_of_voisard_walks() -> None:
    error_s = []
    for trial in voisard_trials(data_set("voisard_healthy_gait")):
        made = strides(*found(trial.blocks))
        for side in Side:
            landings = trial.truth[side, LAND]
            for start_s, end_s in pairwise(landings):
                near = [s for s in made if s.side is side and abs(s.end_s - end_s) < 0.1]
                if near and abs(near[0].start_s - start_s) < 0.1:
                    error_s.append(near[0].stride_time_s - (end_s - start_s))
    error_ms = np.array(error_s) * 1e3
    print(len(error_ms), np.nanmean(error_ms), np.nanmedian(np.abs(error_ms)))  # noqa: T201, docs
    assert len(error_ms) > 450
    assert abs(np.nanmean(error_ms)) < 5.0
    assert np.nanmedian(np.abs(error_ms)) <= 20.0


def test_a_walk_with_a_gap_tells_no_stride_across_it() -> None:
    blocks = []
    column = PLACE_INDEX[Place.LEFT_FOOT]
    for block in simulated("walk", 18.0, 6, places=FEET).blocks:
        valid = block.valid.copy()
        t_s = (block.start + np.arange(len(valid))) / block.rate_hz
        valid[(t_s > 11.0) & (t_s < 11.4), column] = False
        blocks.append(changed(block, block.acc, block.gyr, valid, block.real & valid))
    left = [stride for stride in strides(*found(blocks)) if stride.side is Side.LEFT]
    assert len(left) >= 4
    assert not [stride for stride in left if stride.start_s < 11.2 < stride.end_s]


def test_contract() -> None:
    events = found(simulated("walk", 20.0, 7, places=FEET).blocks)
    assert_stage_contract(Strides, events, seed=21)
