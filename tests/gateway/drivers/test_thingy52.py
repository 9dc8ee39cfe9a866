"""The Thingy:52 against published layouts, its settings, and the traps of its firmware."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Battery, Samples, Settings, driver
from gateway.drivers.talk import Procedure, Read, Subscribe
from gateway.drivers.thingy52 import CONFIG, CONNECTION, DRIVER, LAYOUTS, RAW
from gateway.errors import SourceError, UsageError
from gateway.messages import PacketBlock, RawPacket
from simulators.peripherals import Movement
from simulators.peripherals.thingy52 import VirtualThingy52
from tests.data import shared
from tests.gateway.drivers.desk import SENSOR, Desk, movement

G = 9.80665
NONE: Settings = {}


def block_of(*payloads: str) -> PacketBlock:
    """Payloads, as hexadecimal digits, that arrive a millisecond apart."""
    packets = [RawPacket("th", 10**6 * n, bytes.fromhex(p)) for n, p in enumerate(payloads)]
    return gathered(packets)[0]


def decode(*payloads: str) -> Samples:
    """The samples in payloads."""
    (samples,) = DRIVER.decode("motion", block_of(*payloads), NONE).samples
    return samples


def vectors() -> dict[str, str]:
    """Published payloads by name, and those that follow from the layouts."""
    found = json.loads(shared("reference", "sensor-test-vectors.json").read_text())
    known = {v["message"]: v["hex"] for v in found if v["device"] == "thingy52"}
    return known | {
        "config 100 Hz": "e803f401f401640000",
        "heading": "00400f01",
        "steps": "d2040000e8fd0000",
        "rotation": "004000000000000000400000000000000040",
    }


@pytest.mark.parametrize(
    ("name", "layout", "field", "scale", "expected"),
    [
        ("raw", "raw", "acc", 1024, [1, -0.5, 0.25]),
        ("raw", "raw", "gyr", 32, [1, -2, 500]),
        ("raw", "raw", "mag", 16, [50, -10, 1]),
        ("quaternion", "quaternion", "quat", 2**30, [0.5, -0.5, 0.5, 0.5]),
        ("euler", "euler", "roll_pitch_yaw", 2**16, [12.5, -45.25, 179.5]),
        ("heading", "heading", "heading", 2**16, 271.25),
        ("steps", "steps", "steps", 1, 1234),
        ("steps", "steps", "ms", 1, 65000),
        ("rotation", "rotation", "matrix", 2**14, np.eye(3)),
        ("config default", "config", "step_ms", 1, 1000),
        ("config default", "config", "temperature_ms", 1, 500),
        ("config default", "config", "compass_ms", 1, 500),
        ("config default", "config", "rate_hz", 1, 10),
        ("config default", "config", "wake", 1, 1),
        ("config 100 Hz", "config", "rate_hz", 1, 100),
        ("config 100 Hz", "config", "wake", 1, 0),
    ],
)
def test_published_vectors_fit_their_layouts(
    name: str, layout: str, field: str, scale: float, expected: object
) -> None:
    (row,) = np.frombuffer(bytes.fromhex(vectors()[name]), LAYOUTS[layout])
    np.testing.assert_array_equal(row[field] / scale, np.asarray(expected))


def test_raw_motion_is_decoded_with_the_sign_that_other_sensors_have() -> None:
    samples = decode(vectors()["raw"])
    assert samples.acc is not None
    assert samples.gyr is not None
    np.testing.assert_allclose(samples.acc / G, [[-1, 0.5, -0.25]])
    np.testing.assert_allclose(np.degrees(samples.gyr), [[1, -2, 500]])
    assert samples.ticks is None
    assert DRIVER.streams(NONE, 100.0)[0].clock is None


def raw(acc: int, gyr: int) -> str:
    """A payload with one value of each sensor."""
    row = np.zeros(1, LAYOUTS["raw"])
    row["acc"][0, 1], row["gyr"][0, 2] = acc, gyr
    return row.tobytes().hex()


def test_values_at_the_ends_are_marked() -> None:
    ends = [(2048, 0), (-2048, 0), (-32768, 0), (0, 32736), (0, -32768)]
    inside = [(1900, 0), (-1900, 32735), (0, -32735)]
    assert decode(*[raw(*pair) for pair in ends]).clipped.all()
    assert not decode(*[raw(*pair) for pair in inside]).clipped.any()


def test_packets_of_a_wrong_length_are_refused() -> None:
    decoded = DRIVER.decode("motion", block_of(raw(1, 1), "00" * 17, "00" * 19), NONE)
    assert decoded.refused == {"too short": 1, "too long": 1}
    assert decoded.samples[0].packet.tolist() == [0]


def test_battery_levels_are_facts() -> None:
    decoded = DRIVER.decode("battery", block_of("57", "ff", ""), NONE)
    assert [(at, f.level) for at, f in decoded.facts if isinstance(f, Battery)] == [(0, 0.87)]
    assert decoded.refused == {"no battery level": 2}


def test_only_the_frequency_is_changed_and_only_where_it_differs() -> None:
    desk = Desk(driver("thingy52"), VirtualThingy52(SENSOR), rate_hz=100.0)
    desk.sensor.battery = 0.87
    assert desk.start() == {
        "rate_hz": 100.0,
        "acc_g": 2,
        "gyr_dps": 1023,
        "firmware": "2.2.0",
        "battery": 0.87,
    }
    assert desk.said() == ["e803f401f401640001", "06000c0000009001"]
    assert desk.sensor.read(CONFIG).hex() == "e803f401f401640001"
    assert [s.characteristic for s in desk.steps if isinstance(s, Subscribe)][-1] == RAW
    desk.stop()
    desk.start()
    assert len(desk.said()) == 2, "its flash is not written again"


def test_what_is_felt_beyond_two_g_is_marked() -> None:
    desk = Desk(driver("thingy52"), VirtualThingy52(SENSOR), rate_hz=100.0)
    desk.start()
    felt = movement(100.0)
    desk.feel(Movement(felt.device_ns, felt.acc * 2, felt.gyr, felt.quat))
    (samples,) = desk.decoded().samples
    assert samples.clipped.any()
    beyond = (np.abs(felt.acc * 2) > 2 * G).any(axis=1)
    assert samples.clipped[beyond].all()
    assert not samples.clipped[(np.abs(felt.acc * 2) < 1.95 * G).all(axis=1)].any()


def test_rates_that_its_chip_does_not_keep_are_refused() -> None:
    with pytest.raises(UsageError, match=r"at 5, 8, 10, .*200 Hz, not at 60 Hz"):
        Desk(driver("thingy52"), VirtualThingy52(SENSOR), rate_hz=60.0)


def answered(procedure: Procedure, reads: dict[str, list[str]]) -> None:
    """Run a procedure that reads these values, one after the other."""
    step = next(procedure)
    while True:
        told = reads[step.characteristic].pop(0) if isinstance(step, Read) else ""
        step = procedure.send(bytes.fromhex(told))


@pytest.mark.parametrize(
    ("configs", "sentence"),
    [
        (["e803f401f4010a00"], "keeps 8 bytes of motion settings, not 9; update"),
        (["e803f401f4010a0001"] * 2, r"told to send 100 .* kept its settings \(e8 03 .*switch it"),
    ],
)
def test_what_it_does_not_take_is_said_in_a_sentence(configs: list[str], sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        answered(DRIVER.start(NONE, 100.0), {CONFIG: configs, CONNECTION: [""]})


def test_it_is_silent_after_a_lost_link() -> None:
    desk = Desk(driver("thingy52"), VirtualThingy52(SENSOR), rate_hz=50.0)
    desk.start()
    assert desk.sensor.rate_hz == 50.0
    desk.sensor.disconnected()
    assert desk.sensor.rate_hz == 0.0
