"""The simulated recording: bytes that a real driver reads, the same however they are cut."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import pytest

from gateway.drivers import Battery, driver
from gateway.drivers.movella_dot import LAYOUTS
from gateway.errors import UsageError
from gateway.messages import PacketBlock, Place
from simulators.movement.motion import Habits, simulate_motion
from simulators.places import PLACES
from simulators.radio import Link
from simulators.recording import MODE, ORIGIN_NS, Equipment, SimulatedRecording
from simulators.sensing.faults import Fault, FaultKind
from simulators.sensing.sensor import FULL_SCALE_ACC, IDEAL

DOT = driver("movella_dot")
PERFECT = Equipment(link=Link(loss=0.0), grade=IDEAL)
Packets = dict[tuple[str, str], tuple[bytes, np.ndarray]]


def collect(chunks: Iterable[list[PacketBlock]]) -> Packets:
    """Join the blocks of each sensor and channel."""
    joined: dict[tuple[str, str], list[PacketBlock]] = {}
    for chunk in chunks:
        for block in chunk:
            joined.setdefault((block.sensor, block.channel), []).append(block)
    return {
        key: (b"".join(b.payload for b in blocks), np.concatenate([b.arrival_ns for b in blocks]))
        for key, blocks in joined.items()
    }


def ticks_of(packets: Packets, sensor: str) -> np.ndarray:
    records = np.frombuffer(packets[sensor, "motion"][0], LAYOUTS[MODE])
    return np.unwrap(records["ticks"].astype(np.int64), period=2**32)


def same(left: Packets, right: Packets) -> bool:
    return left.keys() == right.keys() and all(
        left[key][0] == right[key][0] and np.array_equal(left[key][1], right[key][1])
        for key in left
    )


def test_bytes_depend_on_the_seed_and_not_on_the_chunks() -> None:
    def packets(seed: int, seconds: float) -> Packets:
        return collect(SimulatedRecording("squat", seed, 20.0).chunks(seconds))

    reference = packets(3, 1.0)
    assert same(reference, packets(3, 0.02))
    assert same(reference, packets(3, 7.3))
    assert same(reference, packets(3, 100.0))
    assert not same(reference, packets(4, 1.0))


def test_a_recording_can_be_read_twice() -> None:
    recording = SimulatedRecording("walk", 3, 9.0)
    assert same(collect(recording.chunks(1.0)), collect(recording.chunks(1.0)))


def test_an_endless_recording_begins_like_a_finite_one() -> None:
    finite = collect(SimulatedRecording("walk", 3, 12.0).chunks(0.5))
    endless = SimulatedRecording("walk", 3)
    assert np.isnan(endless.duration_s)
    chunks = endless.chunks(0.5)
    begun = collect(next(chunks) for _ in range(20))
    for key, (payload, arrival) in begun.items():
        assert finite[key][0].startswith(payload)
        assert np.array_equal(finite[key][1][: len(arrival)], arrival)
    with pytest.raises(UsageError, match="length in seconds"):
        endless.truth()


def test_chunks_hold_the_arrivals_of_their_time_in_order() -> None:
    for number, chunk in enumerate(SimulatedRecording("walk", 5, 10.0).chunks(0.25)):
        for block in chunk:
            since = block.arrival_ns - ORIGIN_NS
            assert (np.diff(since) > 0).all()
            assert since[0] >= number * 250_000_000
            assert since[-1] < (number + 1) * 250_000_000


def test_sensors_are_named_placed_and_read_by_the_driver() -> None:
    recording = SimulatedRecording("walk", 1, 5.0, 60.0, person="ann")
    assert [spec.place for spec in recording.sensors] == list(PLACES)
    assert len({spec.sensor for spec in recording.sensors}) == len(PLACES)
    assert recording.person == "ann"
    for chunk in recording.chunks(1.0):
        for block in chunk:
            if block.channel == "motion":
                decoded = DOT.decode("motion", block, recording.sensors[0].settings)
                assert not decoded.refused
                assert len(decoded.samples[0].packet) == len(block.ends)


def test_without_errors_the_driver_reads_the_ideal_motion() -> None:
    """At its own instants each sensor says what the motion says, interpolated."""
    habits = Habits(tissue=0.0)
    perfect = dataclasses.replace(PERFECT, drift_sd_ppm=0.0)
    recording = SimulatedRecording("walk", 8, 12.0, habits=habits, equipment=perfect)
    motion = simulate_motion("walk", 12.0, 8, 100.0, habits)
    packets = collect(recording.chunks(4.0))
    for slot, spec in enumerate(recording.sensors):
        records = np.frombuffer(packets[spec.sensor, "motion"][0], LAYOUTS[MODE])
        assert len(records) == 1200
        for column in range(3):
            ideal = motion.gyr[:, slot, column]
            read = np.radians(records["gyr_dps"][:, column].astype(float))
            between = np.minimum(ideal[:-1], ideal[1:]), np.maximum(ideal[:-1], ideal[1:])
            assert (read[:-1] > between[0] - 0.25).all()
            assert (read[:-1] < between[1] + 0.25).all()


def test_share_and_bursts_of_loss() -> None:
    link = Link(loss=0.05, burst=4.0)
    recording = SimulatedRecording("squat", 1, 100.0, equipment=Equipment(link=link))
    packets = collect(recording.chunks(10.0))
    gaps = np.concatenate(
        [
            np.rint(np.diff(ticks_of(packets, spec.sensor)) / 10_000) - 1
            for spec in recording.sensors
        ]
    )
    share = gaps.sum() / (len(gaps) + gaps.sum())
    assert share == pytest.approx(0.05, abs=0.015)
    assert gaps[gaps > 0].mean() == pytest.approx(4.0, rel=0.25)


def test_clocks_drift_and_start_anywhere() -> None:
    still = Equipment(link=Link(loss=0.0, jitter_s=0.0, stall_every_s=1e9, interval_s=1e-4))
    recording = SimulatedRecording("squat", 11, 60.0, equipment=still)
    packets = collect(recording.chunks(10.0))
    drifts, starts = [], []
    for spec in recording.sensors:
        ticks, arrival = ticks_of(packets, spec.sensor), packets[spec.sensor, "motion"][1]
        slope = (arrival[-1] - arrival[0]) / (ticks[-1] - ticks[0]) / 1000
        drifts.append((slope - 1) * 1e6)
        starts.append(ticks[0])
    assert 5 < np.std(drifts) < 50
    assert np.abs(drifts).max() < 100
    assert np.ptp(starts) > 2**30


def test_a_counter_wraps_where_it_must() -> None:
    """A seed whose sternum sensor was switched on for seventy minutes before."""
    for seed in range(200):
        recording = SimulatedRecording("squat", seed, 2.0, equipment=PERFECT)
        raw = [
            np.frombuffer(payload, LAYOUTS[MODE])["ticks"]
            for (_, channel), (payload, _) in collect(recording.chunks(2.0)).items()
            if channel == "motion"
        ]
        wrapped = [ticks for ticks in raw if (np.diff(ticks.astype(np.int64)) < 0).any()]
        if wrapped:
            assert (np.diff(wrapped[0]) == 10_000).all(), "in 32 bits it goes on as ever"
            return
    pytest.fail("none of 200 seeds wraps within 2 s")


def test_batteries_report_and_fall() -> None:
    recording = SimulatedRecording("squat", 2, 130.0)
    packets = collect(recording.chunks(10.0))
    for spec in recording.sensors:
        payload, arrival = packets[spec.sensor, "battery"]
        block = PacketBlock(spec.sensor, "battery", arrival, payload, np.array([2, 4, 6]))
        told = [fact for _, fact in DOT.decode("battery", block, {}).facts]
        levels = [fact.level for fact in told if isinstance(fact, Battery) and not fact.charging]
        assert len(levels) == len(arrival) == 3
        assert levels[0] >= levels[2] > 0.0


def test_only_the_places_worn_are_there() -> None:
    feet = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
    recording = SimulatedRecording("walk", 1, 8.0, 200.0, equipment=Equipment(places=feet))
    assert [spec.place for spec in recording.sensors] == list(feet)
    assert {sensor for sensor, _ in collect(recording.chunks(1.0))} == {
        spec.sensor for spec in recording.sensors
    }


def with_fault(fault: Fault) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    equipment = dataclasses.replace(PERFECT, faults=(fault,))
    recording = SimulatedRecording("squat", 5, 12.0, equipment=equipment)
    payload, arrival = collect(recording.chunks(1.0))["sim-left-foot", "motion"]
    records = np.frombuffer(payload, LAYOUTS[MODE])
    return records["ticks"].astype(np.int64), (arrival - ORIGIN_NS) / 1e9, records["acc"]


def test_a_sensor_that_dies_is_silent_ever_after() -> None:
    _, arrival, _ = with_fault(Fault(FaultKind.STALL, Place.LEFT_FOOT, at_s=6.0))
    assert 5.9 < arrival[-1] < 6.2


def test_a_sensor_that_restarts_counts_from_zero() -> None:
    ticks, arrival, _ = with_fault(Fault(FaultKind.RESTART, Place.LEFT_FOOT, 6.0, seconds=2.0))
    after = arrival > 7.9
    assert ticks[after][0] == pytest.approx(2e6, abs=20_000)
    assert len(ticks) == pytest.approx(1000, abs=3)


def test_a_saturated_sensor_reads_full_scale() -> None:
    _, arrival, acc = with_fault(Fault(FaultKind.SATURATION, Place.LEFT_FOOT, 6.0, seconds=1.0))
    during = (arrival > 6.1) & (arrival < 6.9)
    assert np.abs(acc[during]) == pytest.approx(FULL_SCALE_ACC)
    assert np.abs(acc[~during & (arrival < 5.9)]).max() < 20


def test_truth_is_that_of_the_motion() -> None:
    recording = SimulatedRecording("walk", 4, 15.0, habits=Habits(speed_mps=0.9))
    motion = simulate_motion("walk", 15.0, 4, 100.0, Habits(speed_mps=0.9))
    assert np.array_equal(recording.truth().joint_rad, motion.truth.joint_rad)
    assert [e.t_s for e in recording.truth().events] == [e.t_s for e in motion.truth.events]


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(UsageError, match="no scenario 'dance'"):
        SimulatedRecording("dance", 1)
