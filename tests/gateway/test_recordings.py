"""Every recording that can be replayed: real data as it was measured."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from gateway.decoding.packet_blocks import joined
from gateway.drivers import driver
from gateway.journal import Journal, SessionInfo, SessionRecorder, open_journal
from gateway.journal.seconds import SECOND_NS
from gateway.messages import FloatArray, IntArray, PacketBlock, Place
from gateway.recordings import Recording, open_recording
from tests.data import data_set
from tests.gateway.trials import TRIALS, Trial, name_of


def samples(recording: Recording) -> dict[str, tuple[IntArray, FloatArray, FloatArray]]:
    """Ticks (N,), acceleration and angular rate (N, 3) of every sensor."""
    found: dict[str, list[PacketBlock]] = {}
    for chunk in recording.chunks(10.0):
        for block in chunk:
            found.setdefault(block.sensor, []).append(block)
    result = {}
    for spec in recording.sensors:
        block = joined(found[spec.sensor])
        decoded = driver(spec.driver).decode("motion", block, spec.settings)
        assert decoded.refused == {}
        (read,) = decoded.samples
        assert read.ticks is not None
        assert read.acc is not None
        assert read.gyr is not None
        result[spec.sensor] = read.ticks, read.acc, read.gyr
    return result


def quietest_acc(acc: FloatArray, gyr: FloatArray) -> float:
    """Mean |acc| over the tenth of the samples that turn least."""
    still = np.argsort(np.linalg.norm(gyr, axis=1))[: len(gyr) // 10]
    return float(np.linalg.norm(acc[still], axis=1).mean())


@pytest.mark.parametrize("trial", TRIALS, ids=name_of)
def test_a_trial_is_what_it_is_known_to_be(trial: Trial) -> None:
    recording = trial.open()
    assert recording.person == trial.person
    assert {spec.place for spec in recording.sensors} == trial.places
    assert len(recording.sensors) == len(trial.places)
    assert recording.grid_rate_hz == pytest.approx(trial.rate_hz)
    assert recording.duration_s == pytest.approx(trial.duration_s, abs=0.02)
    for sensor, (_, acc, gyr) in samples(recording).items():
        assert 9.1 < quietest_acc(acc, gyr) < 10.8, f"{sensor}: not m/s²"
        assert 0.05 < np.abs(gyr).max() < 40, f"{sensor}: not rad/s"


def losses(recording: Recording) -> dict[str, float]:
    """Share of each sensor's counter values that are not there."""
    ticks = {sensor: ticks for sensor, (ticks, _, _) in samples(recording).items()}
    return {sensor: 1 - len(t) / (t[-1] - t[0] + 1) for sensor, t in ticks.items()}


def test_voisard_keeps_its_losses() -> None:
    folder = data_set("voisard_healthy_gait") / "GaitData"
    found = [losses(open_recording(path)) for path in sorted(folder.glob("*.json"))]
    assert len(found) == 20
    assert 0.03 < np.mean([list(each.values()) for each in found]) < 0.06
    assert max(max(each.values()) for each in found) > 0.1
    one = losses(open_recording(folder / "1-1.json"))
    assert one == pytest.approx({"lf": 0.029, "rf": 0.043, "lb": 0.041}, abs=1e-3)


def test_voisard_s_grid_time_is_the_packet_counter() -> None:
    path = data_set("voisard_healthy_gait") / "GaitData" / "1-2.json"
    recording = open_recording(path)
    assert recording.origin_ns == 0
    for chunk in recording.chunks(3.0):
        for block in chunk:
            (spec,) = [spec for spec in recording.sensors if spec.sensor == block.sensor]
            decoded = driver(spec.driver).decode("motion", block, spec.settings)
            ticks = decoded.samples[0].ticks
            assert ticks is not None
            assert np.array_equal(block.arrival_ns, ticks * 10_000_000)


def test_voisard_opens_quickly() -> None:
    path = data_set("voisard_healthy_gait") / "GaitData" / "1-1.json"
    open_recording(path)
    spent = []
    for _ in range(3):
        begun = time.process_time()
        open_recording(path)
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.1


def test_neura_s_packets_keep_their_16_bit_counter() -> None:
    folder = data_set("neura_sparse_sample") / "rawimu"
    recording = open_recording(folder / "S02-Trial-Walk-1-000_00B40B91.txt")
    for ticks, _, _ in samples(recording).values():
        assert np.array_equal(ticks, np.arange(27626, 30129))
    assert {spec.settings["bits"] for spec in recording.sensors} == {16}


def test_uci_s_units_are_where_and_as_gravity_says() -> None:
    """Sitting, x of shins and chest looks up, and z of the thighs: unit 4 is the chest."""
    recording = open_recording(data_set("uci_physical_therapy") / "s1/e1/u1/test.txt")
    acc = {
        sensor: acc[:100].mean(axis=0) / 9.81 for sensor, (_, acc, _) in samples(recording).items()
    }
    up = {spec.place: acc[spec.sensor] for spec in recording.sensors}
    assert up[Place.LEFT_SHANK][0] > 0.85
    assert up[Place.STERNUM][0] > 0.85
    assert up[Place.LEFT_THIGH][2] > 0.7
    assert up[Place.RIGHT_THIGH][2] > 0.7


def test_uci_s_values_are_only_turned() -> None:
    path = data_set("uci_physical_therapy") / "s1/e1/u2/test.txt"
    first = [float(cell) for cell in path.read_text().splitlines()[1].split(";")]
    _, acc, gyr = samples(open_recording(path))["u2"]
    assert acc[0].tolist() == [-first[1], first[3], first[2]]
    assert gyr[0].tolist() == [-first[4], first[6], first[5]]


@pytest.mark.parametrize("seconds", [0.02, 0.7, 1.0, 10.0])
def test_chunks_hold_every_packet_once_and_by_arrival(seconds: float) -> None:
    recording = open_recording(data_set("voisard_healthy_gait") / "GaitData" / "6-1.json")
    whole = {block.sensor: block for block in next(iter(recording.chunks(1e6)))}
    pieces: dict[str, list[PacketBlock]] = {sensor: [] for sensor in whole}
    for index, chunk in enumerate(recording.chunks(seconds)):
        assert len({block.sensor for block in chunk}) == len(chunk)
        for block in chunk:
            since = block.arrival_ns - recording.origin_ns
            assert since[0] >= round(index * seconds * SECOND_NS)
            assert since[-1] < round((index + 1) * seconds * SECOND_NS)
            pieces[block.sensor].append(block)
    for sensor, block in whole.items():
        again = joined(pieces[sensor])
        assert again.payload == block.payload
        assert np.array_equal(again.arrival_ns, block.arrival_ns)
        assert np.array_equal(again.ends, block.ends)


# --- sessions ---------------------------------------------------------------------------------


def recorded(path: Path, recording: Recording, seconds: float) -> Path:
    info = SessionInfo(
        session="s",
        person=recording.person,
        origin_ns=recording.origin_ns,
        wall_origin_ns=0,
        grid_rate_hz=recording.grid_rate_hz,
        sensors=tuple(recording.sensors),
        configuration={},
        source=recording.name,
        truth=False,
        version="0",
    )
    recorder = SessionRecorder(Journal.create(path, info), recording.origin_ns)
    for chunk in recording.chunks(seconds):
        recorder.packets(chunk)
        recorder.commit()
    recorder.close()
    return path


@pytest.mark.parametrize("seconds", [0.13, 2.0])
def test_a_session_replays_byte_for_byte(tmp_path: Path, seconds: float) -> None:
    original = open_recording(data_set("voisard_healthy_gait") / "GaitData" / "5-1.json")
    path = recorded(tmp_path / "s.gaitwire", original, seconds)
    again = open_recording(path)
    assert again.sensors[1].settings == original.sensors[1].settings
    assert again.duration_s == pytest.approx(original.duration_s, abs=1.1)
    for chunk, other in zip(original.chunks(1.5), again.chunks(1.5), strict=True):
        found = {block.sensor: block for block in other}
        assert found.keys() == {block.sensor for block in chunk}
        for block in chunk:
            assert found[block.sensor].payload == block.payload
            assert np.array_equal(found[block.sensor].arrival_ns, block.arrival_ns)
            assert np.array_equal(found[block.sensor].ends, block.ends)


def test_what_is_recorded_does_not_depend_on_how_it_came(tmp_path: Path) -> None:
    recording = open_recording(data_set("voisard_healthy_gait") / "GaitData" / "7-1.json")
    one, other = (
        recorded(tmp_path / f"{seconds}.gaitwire", recording, seconds) for seconds in (0.02, 4.0)
    )
    with open_journal(one) as left, open_journal(other) as right:
        assert [(e.kind, e.t_ns, e.body) for e in left.entries(0, 9999)] == [
            (e.kind, e.t_ns, e.body) for e in right.entries(0, 9999)
        ]
