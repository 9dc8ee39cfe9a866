"""The Movesense against bytes captured from a real one, its requests, and packets in two parts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Battery, Decoded, Samples, Settings, Vital, driver
from gateway.drivers.movesense import DRIVER, NOTIFY, SUBSCRIBE, read_vectors, request
from gateway.drivers.talk import Ask, Procedure
from gateway.errors import SourceError, UnableError
from gateway.messages import PacketBlock, RawPacket
from simulators.peripherals import Movement
from simulators.peripherals.movesense import VirtualMovesense
from tests.data import shared
from tests.gateway.drivers.desk import SENSOR, Desk, in_pieces, movement

FIRST, SECOND = b"\x02\x63", b"\x03\x63"


def captured() -> dict[str, dict[str, Any]]:
    """Payloads of a real sensor, without the two bytes before them, by path."""
    found = json.loads(shared("reference", "sensor-test-vectors.json").read_text())
    return {v["message"]: v for v in found if v["device"] == "movesense"}


def payload(path: str) -> bytes:
    """A captured payload."""
    return bytes.fromhex(captured()[path]["hex"])


def block_of(*payloads: bytes) -> PacketBlock:
    """Payloads that arrive a millisecond apart."""
    return gathered([RawPacket("mv", 10**6 * n, p) for n, p in enumerate(payloads)])[0]


def decode(*payloads: bytes, **settings: Any) -> Decoded:
    """What the driver makes of payloads."""
    return DRIVER.decode("motion", block_of(*payloads), {"rate_hz": 52.0} | settings)


def only(decoded: Decoded) -> Samples:
    """The samples."""
    (samples,) = decoded.samples
    return samples


@pytest.mark.parametrize("path", ["Acc", "IMU6", "IMU9"])
def test_captured_motion_is_decoded(path: str) -> None:
    vector = captured()[f"/Meas/{path}/52"]
    decoded = decode(FIRST + bytes.fromhex(vector["hex"]), path=path)
    samples, expected = only(decoded), vector["expected"]
    assert samples.acc is not None
    np.testing.assert_array_equal(samples.acc, expected["acc_mps2"])
    if path == "Acc":
        assert samples.gyr is None
    else:
        assert samples.gyr is not None
        np.testing.assert_allclose(np.degrees(samples.gyr), expected["gyr_dps"], rtol=1e-12)
    if path == "IMU9":
        assert samples.mag is not None
        np.testing.assert_array_equal(samples.mag, np.array(expected["mag_uT"], np.float32))
    else:
        assert samples.mag is None
    assert DRIVER.streams({"path": path}, 52.0)[0].mag == (path == "IMU9")
    assert samples.ticks is not None
    assert samples.ticks.tolist() == [expected["timestamp_ms"]] * 4
    assert samples.after is not None
    assert samples.after.tolist() == [0, 1, 2, 3]
    assert not samples.clipped.any()
    assert not decoded.refused
    assert decoded.kept == 0


@pytest.mark.parametrize(
    ("path", "vectors", "name"),
    [
        ("/Meas/Gyro/52", 1, "gyr_dps"),
        ("/Meas/Magn/13", 1, "mag_uT"),
        ("/Meas/IMU9/52", 3, "mag_uT"),
    ],
)
def test_captured_vectors_of_other_resources_are_read(path: str, vectors: int, name: str) -> None:
    data = np.frombuffer(payload(path), np.uint8)
    of, rank, values = read_vectors(data, np.array([len(data)]), vectors)
    expected = captured()[path]["expected"]
    np.testing.assert_array_equal(values[:, -1], np.array(expected[name], np.float32))
    assert rank.tolist() == list(range(len(values)))
    assert not of.any()
    assert data[:4].view("<u4")[0] == expected["timestamp_ms"]


def test_captured_vital_signs_are_facts() -> None:
    heart = decode(b"\x02\x64" + payload("/Meas/HR"), vital="heart_rate")
    assert told(heart) == [("heart_rate", 66.3716812133789, "1/min"), ("rr_interval", 0.904, "s")]
    warm = decode(b"\x02\x64" + payload("/Meas/Temp"), vital="temperature")
    assert told(warm) == [("temperature", 306.8999938964844, "K")]
    assert told(decode(b"\x02\x64\0\0\xc0\x7f\0\0", vital="heart_rate")) == []


def told(decoded: Decoded) -> list[tuple[str, float, str]]:
    """Vital signs."""
    return [(v.name, v.value, v.unit) for _, v in decoded.facts if isinstance(v, Vital)]


def test_an_electrocardiogram_that_nobody_asked_for_is_refused() -> None:
    decoded = decode(b"\x02\x70" + payload("/Meas/Ecg/200/mV"))
    assert decoded.refused == {"not subscribed to": 1}
    assert len(only(decoded).packet) == 0


def test_the_published_request() -> None:
    assert request(SUBSCRIBE, 0x63, "/Meas/IMU6/52").hex() == "01632f4d6561732f494d55362f3532"


def same(left: Samples, right: Samples) -> None:
    """Check that samples are equal but for the packet they came in."""
    for name in ("acc", "gyr", "ticks", "after", "clipped"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


@pytest.mark.parametrize("rate_hz", [52.0, 26.0])
@pytest.mark.parametrize("cut", [1, 4, 52, 60, 99])
def test_two_parts_are_the_same_as_one(cut: int, rate_hz: float) -> None:
    whole = payload("/Meas/IMU6/52")
    parts = decode(FIRST + whole[:cut], SECOND + whole[cut:], rate_hz=rate_hz)
    same(only(parts), only(decode(FIRST + whole)))
    assert only(parts).packet.tolist() == [1] * 4
    assert not parts.refused


def test_a_first_part_is_kept_until_the_second_comes() -> None:
    whole = payload("/Meas/IMU6/52")
    battery = bytes.fromhex("0165c80055")
    alone = decode(FIRST + whole[:60], battery)
    assert (alone.kept, alone.facts, alone.refused) == (2, (), {})
    both = decode(FIRST + whole[:60], battery, SECOND + whole[60:], battery)
    assert only(both).packet.tolist() == [2] * 4
    assert [(at, f.level) for at, f in both.facts if isinstance(f, Battery)] == [
        (1, 0.85),
        (3, 0.85),
    ]
    assert both.kept == 0


def test_a_first_part_whose_second_never_comes_is_refused() -> None:
    whole, answer = payload("/Meas/IMU6/52"), bytes.fromhex("0165c80055")
    assert decode(FIRST + whole[:60], FIRST + whole).refused == {"second part missing": 1}
    assert decode(FIRST + whole[:60], *[answer] * 7).kept == 8
    late = decode(FIRST + whole[:60], *[answer] * 8, SECOND + whole[60:])
    assert late.refused == {"first part missing": 1, "second part missing": 1}
    assert late.kept == 0


def test_what_does_not_fit_is_refused_with_the_reason() -> None:
    whole = payload("/Meas/IMU6/52")
    decoded = decode(
        SECOND + whole[60:], FIRST + whole, b"\x02", FIRST + whole[:60], SECOND + whole[:50]
    )
    assert decoded.refused == {"first part missing": 1, "too short": 1, "wrong length": 2}
    assert only(decoded).packet.tolist() == [1] * 4


def test_a_packet_of_an_unusual_length_waits_for_what_follows() -> None:
    longer = payload("/Meas/IMU6/52")
    longer = longer[:4] + longer[4:] * 2
    assert decode(FIRST + longer).kept == 1
    decoded = decode(FIRST + longer, FIRST + longer)
    assert only(decoded).packet.tolist() == [0] * 8
    assert decoded.kept == 1


@given(data=st.data())
def test_parts_lost_anywhere_and_cut_anywhere_give_the_same(data: st.DataObject) -> None:
    desk = Desk(driver("movesense"), VirtualMovesense(SENSOR), rate_hz=104.0)
    desk.start()
    desk.feel(movement(104.0, 1.0))
    left = [p for p in desk.packets if data.draw(st.integers(0, 4))]
    if not left:
        return
    (block,) = gathered(left)
    whole = DRIVER.decode("motion", block, desk.settings)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(left) - 1)), max_size=9)))
    cuts = [cut for cut in cuts if cut < len(left)]
    pieces = in_pieces(desk.driver, "motion", block, desk.settings, cuts)
    found = np.concatenate([only(piece).acc for _, piece in pieces])
    np.testing.assert_array_equal(found, only(whole).acc)
    counts: dict[str, int] = {}
    for _, piece in pieces:
        for reason, count in piece.refused.items():
            counts[reason] = counts.get(reason, 0) + count
    assert counts == dict(whole.refused)


def test_it_is_greeted_asked_and_subscribed_to() -> None:
    desk = Desk(driver("movesense"), VirtualMovesense(SENSOR), {"vital": "heart_rate"}, 52.0)
    desk.sensor.battery = 0.61
    read_back = desk.start()
    assert [bytes.fromhex(said) for said in desk.said()] == [
        b"\0\x01",
        b"\x02\x63",
        b"\x02\x64",
        b"\x04\x66/Meas/Acc/Config",
        b"\x04\x67/Meas/Gyro/Config",
        b"\x01\x63/Meas/IMU6/52",
        b"\x01\x64/Meas/HR",
        b"\x04\x65/System/Energy/Level",
    ]
    assert read_back == {
        "path": "IMU6",
        "rate_hz": 52.0,
        "acc_g": 8,
        "gyr_dps": 2000,
        "firmware": "2.3.1",
        "battery": 0.61,
    }
    desk.feel(movement(52.0))
    assert told(desk.decoded())[0][0] == "heart_rate"
    desk.sensor.battery = 0.6
    desk.repeat()
    facts = [fact.level for _, fact in desk.decoded().facts if isinstance(fact, Battery)]
    assert facts == [0.61, 0.6]
    desk.stop()
    assert desk.said()[-2:] == ["0263", "0264"]


@pytest.mark.parametrize("path", ["Acc", "IMU9"])
@pytest.mark.parametrize("rate_hz", [13.0, 26.0, 104.0, 208.0])
def test_other_paths_and_rates_are_decoded(path: str, rate_hz: float) -> None:
    desk = Desk(driver("movesense"), VirtualMovesense(SENSOR), {"path": path}, rate_hz)
    desk.start()
    felt = movement(rate_hz)
    desk.feel(felt)
    decoded = desk.decoded()
    found = only(decoded).acc
    assert found is not None
    assert len(found) + 16 > len(felt.acc)
    np.testing.assert_allclose(found, felt.acc[: len(found)], atol=1e-5)
    assert not decoded.refused


def test_what_is_at_its_full_scale_is_marked() -> None:
    desk = Desk(driver("movesense"), VirtualMovesense(SENSOR), rate_hz=52.0)
    desk.start()
    felt = movement(52.0)
    acc, gyr = felt.acc.copy(), felt.gyr.copy()
    acc[0, 2], gyr[2, 0] = 8 * 9.80665, -np.radians(2000)
    desk.feel(Movement(felt.device_ns, acc, gyr, felt.quat))
    assert only(desk.decoded()).clipped[:4].tolist() == [True, False, True, False]


@pytest.mark.parametrize("value", ["0000807f", "0000c07f", "0000c87f", "00401c46"])
def test_a_field_that_none_can_measure_is_left_out_of_its_sample(value: str) -> None:
    whole = payload("/Meas/IMU9/52")
    decoded = decode(FIRST + whole[:100] + bytes.fromhex(value) + whole[104:], path="IMU9")
    mag = only(decoded).mag
    assert mag is not None
    assert np.isnan(mag).any(axis=1).tolist() == [True, False, False, False]
    assert not decoded.refused


@pytest.mark.parametrize("value", ["0100807f", "0000807f", "0000c07f"])
def test_samples_of_values_that_are_no_numbers_are_refused(value: str) -> None:
    whole = payload("/Meas/IMU6/52")
    damaged = whole[:56] + bytes.fromhex(value) + whole[60:]
    decoded = decode(FIRST + damaged)
    assert decoded.refused == {"not a number": 1}
    after = only(decoded).after
    assert after is not None
    assert after.tolist() == [1, 2, 3]


def run(procedure: Procedure, answers: dict[str, str]) -> None:
    """Run a procedure with an answer, by what was written, for some of its questions."""
    step = next(procedure)
    while True:
        asked = step.payload.hex() if isinstance(step, Ask) else ""
        step = procedure.send(bytes.fromhex(answers.get(asked, "")))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, r"refuses /Meas/IMU6/52 \(404: it has no such measurement at that rate\); choose"),
        (409, "busy with something else"),
        (507, "out of memory"),
        (599, r"\(599: it does not say why\)"),
    ],
)
def test_a_refusal_is_said_in_a_sentence(status: int, sentence: str) -> None:
    settings: Settings = {"path": "IMU6", "vital": "none"}
    subscription = request(SUBSCRIBE, 0x63, "/Meas/IMU6/52").hex()
    answer = "0163" + status.to_bytes(2, "little").hex()
    with pytest.raises(SourceError, match=sentence) as refused:
        run(DRIVER.start(settings, 52.0), {subscription: answer})
    # What it will never offer is not asked for again.
    assert isinstance(refused.value, UnableError) == (status == 404)


def test_all_comes_on_one_characteristic_with_a_millisecond_clock() -> None:
    (stream,) = DRIVER.streams({"path": "Acc"}, 52.0)
    assert not stream.gyr
    assert stream.clock is not None
    assert (stream.clock.bits, stream.clock.tick_ns) == (32, 1e6)
    assert NOTIFY.startswith("34800002")
