"""The driver against published vectors, its encoder, and its virtual sensor in every mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from gateway.decoding.packet_blocks import between
from gateway.drivers import Battery, Press, Samples, settled
from gateway.drivers.movella_device import (
    HEADING,
    INFO,
    read_info,
    reset_heading,
    revert_heading,
    with_rate_and_filter,
)
from gateway.drivers.movella_dot import (
    DRIVER,
    GRAVITY,
    LAYOUTS,
    MODES,
    encode_block,
    read_payloads,
)
from gateway.drivers.talk import Read, Subscribe, Write
from gateway.errors import SourceError, UsageError
from gateway.messages import FloatArray
from gateway.quaternion import conjugate, from_euler, rotate, to_rotation_vector
from simulators.peripherals.movella_dot import VirtualMovellaDot
from tests.gateway.drivers.desk import SENSOR, Desk, movement
from tests.gateway.drivers.vectors import block_of, vectors

FIELDS = {
    "timestamp_us": ("ticks", 1.0),
    "quat_wxyz": ("quat", 1.0),
    "free_acc_mps2": ("free_acc", 1.0),
    "euler_rpy_deg": ("euler_deg", 1.0),
    "acc_mps2": ("acc", 1.0),
    "gyr_dps": ("gyr_dps", 1.0),
    "mag_au": ("mag_raw", 4096.0),
    "dq": ("dq", 1.0),
    "dv_mps": ("dv", 1.0),
    "status": ("status", 1.0),
}
INFO_VECTOR = bytes.fromhex("ccbbaacd22d4020400e607030e091a35591b0000ccbbaa00cd22d40058532d543031")
CAPTURED_CONTROL = bytes.fromhex("0101020a001e00095873656e7320444f54000000000000003c00000000000000")
"""Captured: blink, USB power, time-outs 10 and 30 min, tag "Xsens DOT", 60 Hz, general filter."""
MAC = "D4:22:CD:AA:BB:CC"
UPRIGHT = encode_block(
    26, np.zeros(1, np.int64), GRAVITY[None], np.zeros((1, 3)), np.array([[1.0, 0, 0, 0]])
)[0]
RAW_MODES = [mode for mode, layout in LAYOUTS.items() if "acc" in (layout.names or ())]


def decoded(mode: int, *payloads: bytes, rate_hz: float = 60.0) -> Samples:
    """Decode payloads of a mode, none of them refused."""
    made = DRIVER.decode("motion", block_of(*payloads), {"mode": mode, "rate_hz": rate_hz})
    assert not made.refused
    (samples,) = made.samples
    return samples


def test_published_vectors_decode_to_what_was_published() -> None:
    checked = 0
    for vector in vectors("movella_dot", "mode"):
        mode = int(vector["message"].removeprefix("mode"))
        records, stacked = read_payloads(mode, block_of(bytes.fromhex(vector["hex"])))
        assert not stacked.refused
        for name, expected in vector["expected"].items():
            if name in FIELDS:
                field, scale = FIELDS[name]
                np.testing.assert_allclose(records[0][field] / scale, expected, rtol=1e-6)
                checked += 1
    assert checked >= 30


def test_published_vectors_decode_to_motion_in_si_units() -> None:
    checked = set()
    for vector in vectors("movella_dot", "mode"):
        mode, expected = int(vector["message"].removeprefix("mode")), vector["expected"]
        if mode not in MODES:
            continue
        samples = decoded(mode, bytes.fromhex(vector["hex"]))
        check_motion(samples, expected)
        full = {"gyr_dps", "dv_mps"} & set(expected) or expected.get("status", 0) & 0x3F
        assert samples.clipped[0] == bool(full), "as 2000 °/s, 585 m/s² or the status says"
        checked.add(mode)
    assert checked == {2, 3, 4, 5, 7, 16, 18, 20, 21, 22, 24, 26}


def check_motion(samples: Samples, expected: dict[str, Any]) -> None:
    """Compare the one sample with the published values."""
    assert samples.acc is not None
    if "mag_au" in expected:
        assert samples.mag is not None
        np.testing.assert_allclose(samples.mag[0], 50.0 * np.array(expected["mag_au"]), rtol=1e-6)
    quat = np.array(expected.get("quat_wxyz", [1, 0, 0, 0]), float)
    if "euler_rpy_deg" in expected:
        quat = from_euler(np.radians(expected["euler_rpy_deg"]))
    if "acc_mps2" in expected or "dv_mps" in expected:
        should = np.array(expected.get("acc_mps2", expected.get("dv_mps")))
        should = should * (60 if "dv_mps" in expected else 1)
        np.testing.assert_allclose(samples.acc[0], should, rtol=1e-6)
    else:
        free = np.array(expected.get("free_acc_mps2", [0, 0, 0]))
        np.testing.assert_allclose(rotate(quat, samples.acc[0]), free + GRAVITY, atol=1e-5)
    if samples.gyr is not None:
        turn = 60 * to_rotation_vector(np.array(expected.get("dq", [1.0, 0, 0, 0])))
        should = np.radians(expected["gyr_dps"]) if "gyr_dps" in expected else turn
        np.testing.assert_allclose(samples.gyr[0], should, rtol=1e-6)
    else:
        assert samples.quat is not None
        np.testing.assert_allclose(samples.quat[0], quat, atol=1e-6)


def test_the_captured_payloads_are_a_period_apart() -> None:
    captured = [v for v in vectors("movella_dot", "mode6") if v["kind"] == "captured"]
    records, _ = read_payloads(6, block_of(*(bytes.fromhex(v["hex"]) for v in captured)))
    assert np.diff(records["ticks"].astype(int)).tolist() == [16667]


def test_the_counter_wraps() -> None:
    ticks = [bytes.fromhex("ffffffff"), bytes.fromhex("1a410000")]
    samples = decoded(26, *(tick + UPRIGHT[4:] for tick in ticks))
    assert samples.ticks is not None
    assert np.diff(samples.ticks)[0] % 2**32 == 16667


@given(
    payloads=st.lists(st.binary(max_size=80), min_size=1, max_size=20), mode=st.sampled_from(MODES)
)
def test_any_bytes_are_decoded_or_counted(payloads: list[bytes], mode: int) -> None:
    made = DRIVER.decode("motion", block_of(*payloads), {"mode": mode})
    (samples,) = made.samples
    assert len(samples.packet) + sum(made.refused.values()) == len(payloads)
    size = LAYOUTS[mode].itemsize
    assert all(len(payloads[index]) >= size for index in samples.packet)
    for values in (samples.acc, samples.gyr, samples.quat):
        assert values is None or np.isfinite(values).all()


@given(
    mode=st.sampled_from(RAW_MODES),
    padding=st.integers(0, 6),
    acc=hnp.arrays(np.float32, (3, 3), elements=st.floats(-150, 150, width=32)),
    gyr=hnp.arrays(np.float32, (3, 3), elements=st.floats(-30, 30, width=32)),
)
def test_what_is_encoded_is_decoded(
    mode: int, padding: int, acc: np.ndarray, gyr: np.ndarray
) -> None:
    ticks = np.array([0, 2**32 - 1, 2**32 + 5])
    payload, ends = encode_block(
        mode, ticks, acc.astype(float), gyr.astype(float), np.zeros((3, 4))
    )
    starts = [0, *ends[:-1]]
    samples = decoded(
        mode, *(payload[s:e] + bytes(padding) for s, e in zip(starts, ends, strict=True))
    )
    assert samples.ticks is not None
    assert samples.ticks.tolist() == [0, 2**32 - 1, 5]
    close(samples.acc, acc, 1e-5)
    close(samples.gyr, gyr, 1e-5)


@pytest.mark.parametrize(
    ("payload", "reason"), [(b"\0" * 43, "too short"), (b"\0" * 64, "too long"), (b"", "too short")]
)
def test_packets_of_a_wrong_length_are_refused_with_the_reason(payload: bytes, reason: str) -> None:
    made = DRIVER.decode("motion", block_of(payload, b"\0" * 44), {"mode": 26})
    assert made.refused == {reason: 1}
    assert made.samples[0].packet.tolist() == [1]


@pytest.mark.parametrize("damage", ["0000c07f", "0000807f", "0100807f", "ffffffff"])
def test_numbers_that_are_none_are_refused(damage: str) -> None:
    wrong = UPRIGHT[:20] + bytes.fromhex(damage) + UPRIGHT[24:]
    made = DRIVER.decode("motion", block_of(UPRIGHT, wrong, UPRIGHT), {"mode": 26})
    assert made.refused == {"impossible numbers": 1}
    assert made.samples[0].packet.tolist() == [0, 2]


@pytest.mark.parametrize("mode", [3, 19])
def test_a_turn_that_is_none_is_refused(mode: int) -> None:
    made = DRIVER.decode("motion", block_of(bytes(32), UPRIGHT[:32]), {"mode": mode})
    assert made.refused == {"impossible numbers": 1}
    assert made.samples[0].packet.tolist() == [1]


@pytest.mark.parametrize("mode", [1, 6, 17, 25, 99])
def test_modes_that_do_not_tell_the_motion_are_refused_by_name(mode: int) -> None:
    with pytest.raises(UsageError, match=rf"mode {mode} of a Movella DOT.*20, 21, 22, 23, 24, 26"):
        DRIVER.decode("motion", block_of(b"\0" * 44), {"mode": mode})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rate_hz", [60.0, 20.0])
def test_every_mode_tells_how_the_virtual_sensor_moved(mode: int, rate_hz: float) -> None:
    desk = Desk(DRIVER, VirtualMovellaDot(SENSOR), {"mode": mode}, rate_hz)
    read_back = desk.start()
    assert (read_back["mode"], read_back["rate_hz"]) == (mode, rate_hz)
    felt = movement(rate_hz)
    desk.feel(felt)
    made = desk.decoded()
    assert not made.refused
    (samples,) = made.samples
    assert not samples.clipped.any()
    if mode in {4, 5, 24}:
        upright = np.broadcast_to(GRAVITY, (len(felt.acc), 3))
        close(samples.acc, rotate(conjugate(felt.quat), upright), 1e-4)
    else:
        close(samples.acc, felt.acc, 1e-4)
    if samples.gyr is not None:
        close(samples.gyr, felt.gyr, 1e-4)
    else:
        close(samples.quat, felt.quat, 1e-6)
    assert samples.ticks is not None
    assert samples.ticks.tolist() == (felt.device_ns // 1000).tolist()


def close(found: FloatArray | None, expected: FloatArray, tolerance: float) -> None:
    assert found is not None
    np.testing.assert_allclose(found, expected, atol=tolerance)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_the_same_however_it_is_cut(mode: int) -> None:
    desk = Desk(DRIVER, VirtualMovellaDot(SENSOR), {"mode": mode})
    desk.start()
    desk.feel(movement(60.0))
    block = desk.block()
    (whole,) = desk.decoded().samples
    for cut in (1, 17, 64):
        parts = [
            DRIVER.decode("motion", piece, desk.settings).samples[0]
            for piece in (between(block, 0, cut), between(block, cut, len(block.ends)))
        ]
        for name in ("acc", "gyr", "quat"):
            if getattr(whole, name) is not None:
                joined = np.concatenate([getattr(part, name) for part in parts])
                assert joined.tobytes() == getattr(whole, name).tobytes()


def test_it_stops_sets_up_and_starts() -> None:
    desk = Desk(DRIVER, VirtualMovellaDot(MAC), {"mode": 21, "filter": "dynamic"}, 30.0)
    desk.sensor.battery = 0.87
    read_back = desk.start()
    changed = "300002" + CAPTURED_CONTROL.hex()[6:48] + "1e00010000000000"
    assert desk.said() == ["010015", changed, "010115"]
    subscribed = [s.channel for s in desk.steps if isinstance(s, Subscribe)]
    assert subscribed == ["motion", "battery", "report"]
    assert [type(step) for step in desk.steps[-2:]] == [Write, Read], "it asks whether it started"
    assert read_back == {
        "mode": 21,
        "mac": MAC,
        "firmware": "2.4.0",
        "rate_hz": 30.0,
        "filter": "dynamic",
        "battery": 0.87,
    }
    desk.stop()
    assert desk.said()[-1] == "010015"


def test_settings_that_are_right_are_left_alone() -> None:
    desk = Desk(DRIVER, VirtualMovellaDot(SENSOR))
    desk.start()
    assert desk.said() == ["01001a", "01011a"]


def test_only_rate_and_filter_are_changed() -> None:
    changed = with_rate_and_filter(CAPTURED_CONTROL, "general", 120.0)
    assert changed.hex() == "30" + CAPTURED_CONTROL.hex()[2:48] + "7800" + "00" * 6


@pytest.mark.parametrize("rate_hz", DRIVER.about.rates_hz)
def test_every_rate_is_read_back(rate_hz: float) -> None:
    desk = Desk(DRIVER, VirtualMovellaDot(SENSOR), rate_hz=rate_hz)
    assert desk.start()["rate_hz"] == rate_hz == desk.sensor.rate_hz


def test_rates_that_it_does_not_offer_are_refused() -> None:
    with pytest.raises(UsageError, match="60 Hz, not at 100 Hz"):
        settled("movella_dot", {"mode": 26}, 100.0)
    desk = Desk(DRIVER, VirtualMovellaDot(SENSOR))
    desk.rate_hz = 120.0
    with pytest.raises(SourceError, match=r"stays with its general filter at 60 Hz.*120 Hz was"):
        desk.start()


def test_a_firmware_that_does_not_know_the_mode_is_told_of() -> None:
    sensor = VirtualMovellaDot(SENSOR)
    sensor.firmware, sensor.modes = (1, 3, 0), (4, 5, 6)
    desk = Desk(DRIVER, sensor)
    with pytest.raises(SourceError, match=r"does not measure in mode 26; its firmware is 1\.3\.0"):
        desk.start()


@pytest.mark.parametrize("payload", [b"", bytes(8)])
def test_information_that_is_none_is_told_of(payload: bytes) -> None:
    with pytest.raises(SourceError, match="Movella DOT needs 34"):
        read_info(payload)


def test_device_information_is_read() -> None:
    info = read_info(INFO_VECTOR)
    assert (info.mac, info.firmware) == (MAC, "2.4.0")
    virtual = VirtualMovellaDot(MAC).read(INFO)
    assert len(virtual) == len(INFO_VECTOR)
    assert virtual[:16] == INFO_VECTOR[:16]


def test_batteries_and_clicks_are_told() -> None:
    payloads = (bytes.fromhex("5701"), b"\xff", bytes.fromhex("0500"))
    made = DRIVER.decode("battery", block_of(*payloads, channel="battery"), {})
    assert made.refused == {"no battery level": 1}
    levels = [(at, f.level, f.charging) for at, f in made.facts if isinstance(f, Battery)]
    assert levels == [(0, 0.87, True), (2, 0.05, False)]
    reports = [bytes([kind, 4, 1, 2, 3, 4]).ljust(36, b"\0") for kind in (5, 1, 6, 4, 7)]
    made = DRIVER.decode("report", block_of(*reports, b"", channel="report"), {})
    assert not made.refused
    clicks = [(at, fact.times) for at, fact in made.facts if isinstance(fact, Press)]
    assert clicks == [(0, 1), (2, 2), (4, 3)]


def test_the_heading_is_reset_and_given_back() -> None:
    desk = Desk(DRIVER, VirtualMovellaDot(SENSOR))
    with pytest.raises(SourceError, match="the heading was not reset: that works only while"):
        desk.run(reset_heading())
    desk.start()
    desk.run(reset_heading())
    desk.run(reset_heading())
    desk.run(revert_heading())
    turned = [
        step.payload.hex()
        for step in desk.steps
        if isinstance(step, Write) and step.characteristic == HEADING
    ]
    assert turned == ["0100", "0100", "0700", "0100", "0700"]
    with pytest.raises(SourceError, match="the heading was not given back"):
        desk.run(revert_heading())
