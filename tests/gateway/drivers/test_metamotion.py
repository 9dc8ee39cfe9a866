"""The MetaMotion against the maker's own test vectors and the procedures that they assert."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Battery, Decoded, Samples, Settings, driver
from gateway.drivers.metamotion import (
    BMI160,
    BMI270,
    COMMAND,
    DRIVER,
    NOTIFY,
    QUIET,
    Chip,
    acc_config,
    gyr_config,
)
from gateway.drivers.metamotion_packets import LAYOUTS, TICK_NS, read_packets
from gateway.drivers.packets import heads
from gateway.drivers.talk import Ask, Procedure, Read, Subscribe
from gateway.errors import SourceError, UsageError
from gateway.messages import PacketBlock, RawPacket
from simulators.peripherals import Movement
from simulators.peripherals.metamotion import VirtualMetaMotion
from tests.data import shared
from tests.gateway.drivers.desk import SENSOR, Desk, movement

G = 9.80665
TEAR_DOWN = ["190100", "1903007f", "030100", "130100", "03020001", "13020001", "0908", "0a05"]
RUN = ["03020100", "13020100", "030101", "130101"]


def block_of(*payloads: str) -> PacketBlock:
    """Payloads, as hexadecimal digits, that arrive a millisecond apart."""
    packets = [RawPacket("mm", 10**6 * n, bytes.fromhex(p)) for n, p in enumerate(payloads)]
    return gathered(packets)[0]


def decode(*payloads: str, **settings: Any) -> Decoded:
    """What the driver makes of payloads."""
    return DRIVER.decode("motion", block_of(*payloads), settings)


def only(decoded: Decoded, stream: int = 0) -> Samples:
    """The samples of a stream."""
    return next(samples for samples in decoded.samples if samples.stream == stream)


def batteries(decoded: Decoded) -> list[tuple[int, float]]:
    """What was said of the battery, and in which packet."""
    return [(at, fact.level) for at, fact in decoded.facts if isinstance(fact, Battery)]


def fields(layout: str, payload: str) -> Any:
    """The fields of one packet, read by its layout."""
    block = block_of(payload)
    rows, packet = read_packets(layout, block, np.ones(1, np.bool_))
    assert packet.tolist() == [0]
    return rows[0]


MOTION: dict[str, tuple[dict[str, int | str], int]] = {
    "acc 4g": ({"stream": "plain", "acc_g": 4}, 0),
    "acc 8g packed": ({"stream": "packed", "acc_g": 8}, 0),
    "gyro 500": ({"stream": "plain", "gyr_dps": 500}, 1),
    "gyro 1000 packed": ({"stream": "packed", "gyr_dps": 1000}, 1),
    "fused+count": ({"stream": "fused", "acc_g": 2, "gyr_dps": 2000}, 0),
}
OTHER = {"mag", "mag packed", "quaternion", "timed acc 2g", "battery"}


def test_published_vectors_of_motion_are_decoded() -> None:
    found = json.loads(shared("reference", "sensor-test-vectors.json").read_text())
    vectors = {v["message"]: v for v in found if v["device"] == "metamotion"}
    assert vectors.keys() == MOTION.keys() | OTHER
    for name, (settings, stream) in MOTION.items():
        expected = vectors[name]["expected"]
        samples = only(decode(vectors[name]["hex"], **settings), stream)
        if "acc_g" in expected:
            assert samples.acc is not None
            np.testing.assert_allclose(samples.acc.ravel() / G, expected["acc_g"], rtol=1e-12)
        if "gyr_dps" in expected:
            assert samples.gyr is not None
            np.testing.assert_allclose(
                np.degrees(samples.gyr).ravel(), expected["gyr_dps"], rtol=1e-12
            )
        if "count" in expected:
            assert samples.ticks is not None
            assert samples.ticks.tolist() == [expected["count"]]


def test_both_chips_send_packed_acceleration_from_their_own_register() -> None:
    data = "62b7530de9fd16d04d0e57028affa1050a01"
    for head in ("031c", "0305"):
        samples = only(decode(head + data, stream="packed", acc_g=8))
        assert samples.packet.tolist() == [0, 0, 0]
        assert samples.acc is not None
        np.testing.assert_allclose(
            samples.acc,
            G
            * np.array(
                [[-4.5386, 0.8328, -0.1306], [-2.9946, 0.8938, 0.1462], [-0.0288, 0.3518, 0.0649]]
            ),
            atol=1e-3,
        )


def test_the_gyroscope_at_its_end_is_marked() -> None:
    first = "13053e43ff7f0080"
    samples = only(decode(first, "13053e430000ff7e", stream="plain", gyr_dps=500), 1)
    assert samples.clipped.tolist() == [True, False]


@pytest.mark.parametrize(
    ("layout", "payload", "field", "scale", "expected"),
    [
        ("single", "15054ef0530a7504", "xyz", 1 / 16, [-251.125, 165.1875, 71.3125]),
        (
            "packed",
            "1509b60c72f789eeb60b5af832eee60aa2f725ef",
            "xyz",
            1 / 16,
            [
                [203.375, -136.875, -279.4375],
                [187.375, -122.375, -284.875],
                [174.375, -133.875, -269.6875],
            ],
        ),
        (
            "quaternion",
            "19071b9b703f8c5e4dbd077f1dbe78029abe",
            "quat",
            1.0,
            [0.9399, -0.0501, -0.1538, -0.3008],
        ),
        (
            "euler",
            "1908b1f9c54144b9f1c21a2f04c2b1f9c541",
            "heading_pitch_roll_yaw_deg",
            1.0,
            [24.7469, -120.8618, -33.0460, 24.7469],
        ),
        ("corrected", "1904203e53c50cfe79460cfe79c600", "xyz", 1e-3, [-3.3799, 15.9995, -15.9995]),
        ("corrected", "19057a569142b46260c27334044400", "xyz", 1.0, [72.6689, -56.0964, 528.8195]),
        ("corrected", "190600000242cdcc6cc19a99ed4103", "xyz", 1.0, [32.5, -14.8, 29.7]),
        ("gravity", "19092d20d33eb29301410459b0c0", "xyz", 1 / G, [0.0421, 0.8258, -0.5620]),
        ("gravity", "190a2fca394086d46141804c6ec0", "xyz", 1 / G, [0.2960, 1.4393, -0.3797]),
        ("timed", "090300a6330d00c100b12419cd", "xyz", 1 / 16384, [0.01178, 0.57330, -0.79535]),
        ("timed", "090300ec010000010b9a074040", "xyz", 1 / 16384, [0.17194, 0.11877, 1.00391]),
        (
            "timed pair",
            "0903028d0000004eff35fd79074dff35fd7d07",
            "xyz",
            1 / 16384,
            [-0.01086, -0.04364, 0.11676, -0.01093, -0.04364, 0.11700],
        ),
    ],
)
def test_published_vectors_of_other_packets_fit_their_layouts(
    layout: str, payload: str, field: str, scale: float, expected: list[float] | list[list[float]]
) -> None:
    found = fields(layout, payload)[field] * scale
    np.testing.assert_allclose(np.ravel(found), np.ravel(expected), atol=6e-5)


def test_published_counts_times_and_accuracies() -> None:
    assert fields("timed", "090300a6330d00c100b12419cd")["ticks"] * TICK_NS == 1267368.1640625e6
    assert fields("timed", "090300ec010000010b9a074040")["ticks"] == 492
    assert fields("timed pair", "0903028d0000004eff35fd79074dff35fd7d07")["ticks"] == 141
    assert fields("corrected", "190600000242cdcc6cc19a99ed4103")["accuracy"] == 3
    lows = (0xA6, 0xAD, 0xB4, 0xBA, 0xC1, 0xC8)
    ticks = [fields("timed", f"090300{low:02x}330d00c100b12419cd")["ticks"] for low in lows]
    ms = np.rint(np.array(ticks, np.float64) * TICK_NS * 1e-6)
    assert np.diff(ms).tolist() == [10, 11, 8, 11, 10]


def test_answers_are_passed_over_and_the_battery_is_a_fact() -> None:
    decoded = decode("0380 04 00", "0b84a972040001", "0902 02", "118c633410", "118cff3410")
    assert batteries(decoded) == [(3, 0.99)]
    assert not decoded.refused
    assert len(only(decoded).packet) == 0


def test_what_is_neither_data_nor_an_answer_is_refused_with_the_reason() -> None:
    whole = "0903031e020000f40d3c3999110180d691d367"
    decoded = decode(whole, whole[:-2], "03", "", "010101")
    assert decoded.refused == {"too short": 2, "wrong length": 1, "unknown packet": 1}
    assert only(decoded).packet.tolist() == [0]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (gyr_config(200.0, 2000), "13032900"),
        (gyr_config(100.0, 250), "13032803"),
        (gyr_config(50.0, 125), "13032704"),
        (acc_config(BMI160, 100.0, 16), "0303280c"),
        (acc_config(BMI270, 100.0, 16), "0303a803"),
        (acc_config(BMI160, 100.0, 2), "03032803"),
        (acc_config(BMI270, 100.0, 8), "0303a802"),
    ],
)
def test_settings_are_the_published_bytes(command: bytes, expected: str) -> None:
    assert command.hex() == expected


@pytest.mark.parametrize(("chip", "gyr", "acc"), [(BMI160, "05", "280c"), (BMI270, "04", "a803")])
def test_the_fused_stream_is_set_up_by_a_chain_of_processors(
    chip: Chip, gyr: str, acc: str
) -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR, chip), rate_hz=100.0)
    read_back = desk.start()
    assert desk.said() == [
        *TEAR_DOWN,
        "0b0a",
        *("0380", "1380"),
        "11090600060000005802",
        *("0303" + acc, "0383", "13032800", "1383", "118c"),
        f"090213{gyr}ffa00f05",
        "09020304ffa01b0100" + "00" * 11,
        "090209030160113103",
        *("09070201", "090301"),
        *RUN,
    ]
    assert read_back == {
        "rate_hz": 100.0,
        "acc_g": 16.0,
        "gyr_dps": 2000.0,
        "firmware": "1.7.3",
        "battery": 1.0,
    }
    assert isinstance(desk.steps[len(QUIET)], Subscribe)
    desk.stop()
    assert desk.said()[-9:] == [*TEAR_DOWN, "0b0a"]


@pytest.mark.parametrize(
    ("chip", "stream", "expected"),
    [
        (BMI160, "plain", ["030401", "130501"]),
        (BMI160, "packed", ["031c01", "130701"]),
        (BMI270, "plain", ["030401", "130401"]),
        (BMI270, "packed", ["030501", "130501"]),
    ],
)
def test_streams_apart_are_decoded_from_either_chip(
    chip: Chip, stream: str, expected: list[str]
) -> None:
    settings: Settings = {"stream": stream, "acc_g": 4, "gyr_dps": 500}
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR, chip), settings, 100.0)
    desk.start()
    assert desk.said()[-6:] == [*expected, *RUN]
    felt = movement(100.0)
    desk.feel(felt)
    acc, gyr = only(desk.decoded(), 0), only(desk.decoded(), 1)
    count = len(felt.acc) // 3 * 3 if stream == "packed" else len(felt.acc)
    assert acc.acc is not None
    assert gyr.gyr is not None
    np.testing.assert_allclose(acc.acc, felt.acc[:count], atol=4 * G / 32768)
    np.testing.assert_allclose(gyr.gyr, felt.gyr[:count], atol=np.radians(500 / 32768))
    assert acc.ticks is None
    assert not desk.decoded().refused
    assert [own.acc for own in desk.driver.streams(desk.settings, 100.0)] == [True, False]


def test_three_samples_of_a_packet_may_come_from_two_moments() -> None:
    desk = Desk(
        driver("metamotion"), VirtualMetaMotion(SENSOR), {"stream": "packed"}, rate_hz=100.0
    )
    desk.start()
    felt = movement(100.0)
    for first in range(0, 200, 20):
        rows = slice(first, first + 20)
        quarter = Movement(felt.device_ns[rows], felt.acc[rows], felt.gyr[rows], felt.quat[rows])
        desk.feel(quarter)
    found = only(desk.decoded()).acc
    assert found is not None
    np.testing.assert_allclose(found, felt.acc[:198], atol=16 * G / 32768)


def test_what_is_beyond_the_range_is_marked() -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR), {"acc_g": 2}, rate_hz=100.0)
    desk.start()
    felt = movement(100.0)
    desk.feel(Movement(felt.device_ns, felt.acc * 3, felt.gyr, felt.quat))
    samples = only(desk.decoded())
    np.testing.assert_array_equal(samples.clipped, (np.abs(felt.acc * 3) >= 2 * G).any(axis=1))
    assert samples.clipped.any()


def test_the_battery_is_asked_for_again_and_again() -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR), rate_hz=100.0)
    desk.start()
    desk.sensor.battery = 0.42
    desk.repeat()
    assert batteries(desk.decoded())[-1][1] == 0.42
    assert desk.repeated[0].characteristic == COMMAND


def test_more_plain_samples_than_the_radio_carries_are_not_tried() -> None:
    with pytest.raises(UsageError, match=r"100 plain samples .* not 200; use the stream 'fused'"):
        DRIVER.streams({"stream": "plain"}, 200.0)


def answered(procedure: Procedure, answers: dict[str, str]) -> None:
    """Run a procedure with an answer, by what was written, for some of its questions."""
    step = next(procedure)
    while True:
        asked = step.payload.hex() if isinstance(step, Ask) else ""
        known = asked if not isinstance(step, Read) else ""
        step = procedure.send(bytes.fromhex(answers.get(known, asked)))


SETTINGS: Settings = {"stream": "fused", "acc_g": 16, "gyr_dps": 2000, "magnetometer": "on"}
BMI270_ANSWERS = {
    "0380": "03800400",
    "1380": "13800100",
    "0383": "0383a803",
    "1383": "13832800",
    "1580": "15800002",
}


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"1380": "1380"}, r"neither the BMI160 nor the BMI270 .*answer 03 80 04 00 and 13 80\)"),
        ({"0380": "03800300"}, "neither the BMI160 nor the BMI270"),
        ({"0383": "0383a802"}, "accelerometer was set to a8 03, but says a8 02; switch"),
        ({"1580": "1580"}, 'no magnetometer; set magnetometer = "off"'),
        ({"1383": "13832900"}, "gyroscope was set to 28 00, but says 29 00"),
        ({"09021304ffa00f05": "0902"}, "could not make a data processor.*'packed'"),
    ],
)
def test_what_a_board_cannot_do_is_said_in_a_sentence(
    answers: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SourceError, match=sentence):
        answered(DRIVER.start(SETTINGS, 100.0), BMI270_ANSWERS | answers)


def test_the_sensor_goes_on_after_a_lost_link_until_it_is_told_to_stop() -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR), rate_hz=50.0)
    desk.start()
    desk.sensor.disconnected()
    assert desk.sensor.rate_hz == 50.0
    desk.start()
    desk.feel(movement(50.0))
    assert {payload[2] for payload in payloads_of(desk)} == {2}, "the old chain was removed"


def payloads_of(desk: Desk) -> list[bytes]:
    """The data that was notified."""
    return [packet.payload for packet in desk.packets if packet.payload[:2] == b"\x09\x03"]


def test_heads_of_packets() -> None:
    assert heads(block_of("0903aa", "", "19", "1907")).tolist() == [0x0903, -1, -1, 0x1907]
    assert LAYOUTS["fused"].itemsize == 19
    assert NOTIFY.startswith("326a9006")
