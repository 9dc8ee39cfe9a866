"""Counters of any width, resets, and the mapping of device time to the host's clock."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gateway.clocks.counters import Unwrapped, Unwrapper
from gateway.clocks.device import SECOND_NS, ClockFit
from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.link_state import settings_packet
from gateway.messages import ImuBlock, IntArray, Place, RawPacket, SensorSpec
from gateway.runs import Runs
from simulators.places import PLACES
from simulators.plans import Plan, WornSensor, address
from simulators.plans.recording import PlannedRecording
from simulators.radio import Link

PERIOD_NS = 10_000_000


def unwrap(raw_ns: IntArray, arrival_ns: IntArray, wrap_ns: float, cut: int = 10**9) -> Unwrapped:
    """Unwrap one sensor's counter in blocks of ``cut`` rows."""
    unwrapper = Unwrapper([wrap_ns])
    parts = []
    for first in range(0, len(raw_ns), cut):
        own = slice(first, first + cut)
        rows = Runs(np.zeros(len(raw_ns[own]), np.int64))
        part = unwrapper.push(rows, raw_ns[own].astype(float), arrival_ns[own])
        parts.append((part.row + first, *part[1:]))
    return Unwrapped(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


@given(
    bits=st.sampled_from([8, 16, 32]),
    start=st.integers(0, 2**32),
    gaps=st.lists(st.integers(1, 100), min_size=1, max_size=60),
    jitter=st.lists(st.integers(0, 300), min_size=60, max_size=60),
    cut=st.integers(1, 60),
)
def test_counters_are_unwrapped_across_losses(
    bits: int, start: int, gaps: list[int], jitter: list[int], cut: int
) -> None:
    steps = np.concatenate([[0], np.cumsum(gaps)])
    arrival_ns = np.maximum.accumulate(
        steps * PERIOD_NS + np.array((jitter * 2)[: len(steps)]) * 1_000_000
    )
    wrap = 2**bits
    raw_ns = (start + steps) % wrap * PERIOD_NS
    unwrapped = unwrap(raw_ns, arrival_ns, wrap * PERIOD_NS, cut)
    assert unwrapped.segment.tolist() == [0] * len(steps)
    assert np.diff(unwrapped.device_ns).tolist() == (np.array(gaps) * PERIOD_NS).tolist()


def test_a_counter_that_steps_back_a_little_is_out_of_order() -> None:
    raw_ns = np.array([0, 1, 2, 1, 3, 3, 4]) * PERIOD_NS
    unwrapped = unwrap(raw_ns, np.arange(7) * PERIOD_NS, 2.0**32 * 1000)
    assert unwrapped.row.tolist() == [0, 1, 2, 4, 6]
    assert unwrapped.segment.tolist() == [0] * 5


def test_a_counter_that_starts_again_begins_a_new_segment() -> None:
    raw_ns = np.concatenate([3600 * SECOND_NS + np.arange(5) * PERIOD_NS, np.arange(5) * PERIOD_NS])
    unwrapped = unwrap(raw_ns, np.arange(10) * PERIOD_NS, 2.0**32 * 1000)
    assert unwrapped.segment.tolist() == [0] * 5 + [1] * 5
    assert (np.diff(unwrapped.device_ns[5:]) == PERIOD_NS).all()


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_what_waited_in_the_sensor_for_seconds_is_dropped(cut: int) -> None:
    """It would be taken for what happens now, and belongs to the same stretch of time."""
    device_ns = np.concatenate([np.arange(50), 350 + np.arange(50)]) * PERIOD_NS
    arrival_ns = device_ns.copy()
    arrival_ns[20:50] = device_ns[50] - 400_000 + np.arange(30) * 10_000
    unwrapped = unwrap(device_ns, arrival_ns, 2.0**32 * 1000, cut)
    assert unwrapped.row.tolist() == [*range(20), *range(50, 100)]
    assert unwrapped.segment.tolist() == [0] * 70
    assert unwrapped.device_ns.tolist() == device_ns[unwrapped.row].tolist()


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_a_counter_that_stood_still_with_its_sensor_begins_a_new_segment(cut: int) -> None:
    device_ns = np.arange(100) * PERIOD_NS
    arrival_ns = device_ns + np.where(np.arange(100) < 50, 0, 4 * SECOND_NS)
    unwrapped = unwrap(device_ns, arrival_ns, 2.0**32 * 1000, cut)
    first = unwrapped.row.tolist().index(49) + 1
    kept = unwrapped.row[first]
    assert unwrapped.row.tolist() == [*range(50), *range(kept, 100)]
    assert unwrapped.segment.tolist() == [0] * 50 + [1] * (100 - kept)
    assert kept <= 70
    assert unwrapped.step_ns[first] == (kept - 49) * PERIOD_NS


@pytest.mark.parametrize("cut", [1, 3, 100, 5000])
@pytest.mark.parametrize("bits", [8, 32])
def test_what_waited_while_the_process_stood_still_moves_no_clock(bits: int, cut: int) -> None:
    """Ten seconds come within a hundredth of one, and then all goes on as before."""
    count, stood = np.arange(2000), slice(500, 1500)
    arrival_ns = count * PERIOD_NS
    arrival_ns[stood] = 1500 * PERIOD_NS - 10_000_000 + np.arange(1000) * 10_000
    raw_ns = count % 2**bits * PERIOD_NS
    unwrapped = unwrap(raw_ns, arrival_ns, 2.0**bits * PERIOD_NS, cut)
    assert (unwrapped.device_ns == unwrapped.row * PERIOD_NS).all()
    assert not unwrapped.segment.any()
    assert unwrapped.step_ns[1:].tolist() == np.diff(unwrapped.device_ns).tolist()
    assert unwrapped.row[500] > 1200
    assert set(range(1550, 2000)) <= set(unwrapped.row.tolist())


def test_what_waited_and_was_lost_after_all_is_told() -> None:
    """A few come 4 s late at their own pace, as if the clock had stood still; then it jumps."""
    device_ns = np.concatenate([np.arange(100), 450 + np.arange(50)]) * PERIOD_NS
    arrival_ns = np.concatenate([np.arange(50), 450 + np.arange(100)]) * PERIOD_NS
    unwrapped = unwrap(device_ns, arrival_ns, 2.0**32 * 1000)
    assert unwrapped.step_ns.sum() == device_ns[-1] - device_ns[0]


def test_what_came_late_over_one_connection_is_told_with_the_next() -> None:
    device_ns = np.arange(100) * PERIOD_NS
    arrival_ns = device_ns.copy()
    arrival_ns[50:60] += 4 * SECOND_NS
    arrival_ns[60:] += 6 * SECOND_NS
    unwrapper, runs = Unwrapper([2.0**62]), Runs(np.zeros(60, np.int64))
    first = unwrapper.push(runs, device_ns[:60].astype(float), arrival_ns[:60])
    unwrapper.restart(0)
    runs = Runs(np.zeros(40, np.int64))
    then = unwrapper.push(runs, device_ns[60:].astype(float), arrival_ns[60:])
    assert first.row.tolist() == [*range(50)]
    assert then.dropped_ns.tolist() == [10 * PERIOD_NS] + [0] * 39


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_what_is_lost_behind_samples_that_waited_is_told(cut: int) -> None:
    """The process stood still for 16 s as the sensor began, and its buffer held 24 samples."""
    device_ns = np.concatenate([np.arange(24), 1600 + np.arange(100)]) * PERIOD_NS
    arrival_ns = device_ns.copy()
    arrival_ns[:24] = device_ns[24] - 10_000_000 + np.arange(24) * 150_000
    unwrapped = unwrap(device_ns, arrival_ns, 2.0**32 * 1000, cut)
    assert len(unwrapped.row) == 124
    assert unwrapped.segment.tolist() == [0] * 24 + [1] * 100
    assert unwrapped.step_ns.sum() == device_ns[-1]


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_a_short_counter_goes_on_behind_what_came_late_at_once(cut: int) -> None:
    """Its first samples waited two seconds; then it is 174 further, or 82 back."""
    count = np.concatenate([np.arange(24), 198 + np.arange(100)])
    arrival_ns = count * PERIOD_NS
    arrival_ns[:24] = 198 * PERIOD_NS - 10_000_000 + np.arange(24) * 150_000
    unwrapped = unwrap(count % 256 * PERIOD_NS, arrival_ns, 256.0 * PERIOD_NS, cut)
    assert (unwrapped.device_ns == count * PERIOD_NS).all()
    assert not unwrapped.segment.any()


@pytest.mark.parametrize("cut", [1, 3, 100])
@pytest.mark.parametrize("silent", [256, 512, 540])
def test_whether_a_short_counter_went_round_unseen_is_not_told(silent: int, cut: int) -> None:
    """It goes on as if no time had passed, or little: it may have stood still, or gone round."""
    count = np.arange(200) + np.where(np.arange(200) < 100, 0, silent)
    raw_ns = count % 256 * PERIOD_NS
    unwrapped = unwrap(raw_ns, count * PERIOD_NS, 256.0 * PERIOD_NS, cut)
    first = unwrapped.segment.tolist().index(1)
    assert unwrapped.row[first] <= 125
    assert unwrapped.step_ns[first] == 0
    assert set(unwrapped.segment[first:].tolist()) == {1}
    assert set(range(125, 200)) <= set(unwrapped.row.tolist())


def link(seconds: float, drift_ppm: float, seed: int) -> tuple[IntArray, IntArray, IntArray]:
    """Device times, arrivals over a jittery radio with stalls, and true host times."""
    rng = np.random.default_rng(seed)
    count = int(seconds * 100)
    host_ns = 5_000_000_000 + np.arange(count) * PERIOD_NS
    device_ns = np.rint((host_ns - host_ns[0]) * (1 + drift_ppm * 1e-6)).astype(np.int64)
    late_ns = 4_000_000 + rng.exponential(6e6, count)
    late_ns[rng.random(count) < 0.002] += 250e6
    arrival_ns = np.maximum.accumulate(host_ns + late_ns.astype(np.int64))
    return device_ns, arrival_ns, host_ns


def fit(
    device_ns: IntArray, arrival_ns: IntArray, cut: int, *, timed: bool = True
) -> tuple[IntArray, IntArray]:
    """Map one sensor's device times in blocks of ``cut`` rows."""
    clock = ClockFit([PERIOD_NS], [timed])
    parts = []
    for first in range(0, len(device_ns), cut):
        own = slice(first, first + cut)
        zeros = np.zeros(len(device_ns[own]), np.int64)
        parts.append(clock.push(Runs(zeros), device_ns[own], arrival_ns[own], zeros)[:2])
    host, error = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return host, error


@pytest.mark.parametrize("seed", range(5))
def test_drift_and_stalls_leave_under_a_millisecond(seed: int) -> None:
    device_ns, arrival_ns, host_ns = link(300, 30.0, seed)
    mapped, error_s = fit(device_ns, arrival_ns, 1000)
    settled = np.arange(len(host_ns)) > 12_000
    delay_ms = (mapped - host_ns)[settled] * 1e-6
    assert np.abs(delay_ms - 4.0).max() < 1.0, "the radio's shortest way stays, and no more"
    assert 0 < error_s[-1] < 1e-3
    assert np.isnan(error_s[0]), "nothing is claimed before there is anything to claim it from"


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), cut=st.integers(20, 700))
def test_the_mapping_does_not_depend_on_the_cutting(seed: int, cut: int) -> None:
    device_ns, arrival_ns, _ = link(70, -20.0, seed)
    whole, one = fit(device_ns, arrival_ns, 10**6), fit(device_ns, arrival_ns, cut)
    assert np.array_equal(whole[0], one[0])
    assert np.array_equal(whole[1], one[1], equal_nan=True)
    assert (np.diff(whole[0]) > 0).all()


def test_a_sensor_without_a_clock_is_timed_by_its_arrivals() -> None:
    device_ns, arrival_ns, host_ns = link(120, 0.0, 3)
    counted_ns = np.rint(device_ns * 1.01).astype(np.int64)
    mapped, _ = fit(counted_ns, arrival_ns, 500, timed=False)
    settled = np.arange(len(host_ns)) > 6000
    assert np.abs((mapped - host_ns)[settled] * 1e-6 - 4.0).max() < 8.0


@pytest.mark.parametrize("seed", range(3))
def test_no_counted_sample_is_placed_after_it_arrived(seed: int) -> None:
    _, _, host_ns = link(120, 0.0, seed)
    rng = np.random.default_rng(seed)
    arrival_ns = np.maximum.accumulate(host_ns + rng.integers(4_000_000, 12_000_000, len(host_ns)))
    got = rng.random(len(arrival_ns)) > 0.02
    got[4000:4200] = False
    counted_ns = np.arange(np.count_nonzero(got)) * PERIOD_NS
    mapped, _ = fit(counted_ns, arrival_ns[got], 500, timed=False)
    assert (mapped - arrival_ns[got]).max() <= PERIOD_NS, "two that came at once lie apart"
    assert (np.diff(mapped) > 0).all()


def test_a_sensor_that_runs_faster_than_asked_does_not_run_ahead() -> None:
    decode = Decode([SensorSpec("A", Place.PELVIS, "microbit", 50.0, {})])
    arrival_ns = (np.arange(400) + 1) * 5_000_000
    told = settings_packet("A", {"rate_hz": 200.0})
    packets = [dataclasses.replace(told, arrival_ns=0)]
    packets += [RawPacket("A", int(ns), bytes(6), "motion") for ns in arrival_ns]
    for block in gathered(packets):
        decode.push(block)
    (motion,) = (m for m in decode.flush() if isinstance(m, ImuBlock))
    assert np.abs(motion.host_ns - motion.arrival_ns).max() < 1e6


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_sensor_gathers_for_a_packet_was_taken_before_that_came(seed: int) -> None:
    """The first of a packet's samples are late because they waited for the others."""
    kinds = {"polar_pmd": 52.0, "movesense": 104.0, "muse": 52.0}
    worn = tuple(
        WornSensor(address(number), place, driver, rate_hz)
        for number, (place, (driver, rate_hz)) in enumerate(
            zip(PLACES, kinds.items(), strict=False), start=1
        )
    )
    recording = PlannedRecording(Plan("gathering", "walk", seed, 20.0, worn, radio=Link(loss=0.0)))
    decode = Decode(recording.sensors)
    for block in next(recording.chunks(20.0)):
        decode.push(block)
    motion = [m for m in decode.flush() if isinstance(m, ImuBlock)]
    assert sum(len(m.stream) for m in motion) > 4000
    assert max((m.host_ns - m.arrival_ns).max() for m in motion) < 15e6
