"""The Polar driver against the maker's test vectors, its control point, and its virtual sensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from gateway.drivers import Battery, Decoded, Samples, Settings, driver
from gateway.drivers.polar_control import (
    ACC,
    GYR,
    REASONS,
    START,
    accepted,
    read_parameters,
    start_request,
)
from gateway.drivers.polar_delta import unpack_delta, unpack_raw
from gateway.drivers.polar_pmd import DRIVER
from gateway.drivers.talk import Read, Subscribe
from gateway.errors import SourceError, UnableError
from gateway.messages import IntArray
from simulators.peripherals import Movement
from simulators.peripherals.polar_pmd import VirtualPolarPmd, delta_coded
from tests.gateway.drivers.desk import SENSOR, Desk, movement
from tests.gateway.drivers.vectors import block_of, vectors

G = 9.80665
SENSE_ACC, SENSE_GYR = "0202000134000101100002010800040103", "020500013400010110000201d007040103"
MULTI_BLOCK = "640038ffe8030402f1d2840801649c05"


def vector(message: str) -> tuple[bytes, dict[str, Any]]:
    """Return bytes and meaning of a published vector."""
    (found,) = vectors("polar_pmd", message)
    return bytes.fromhex(found["hex"]), found["expected"]


def unpacked(content: bytes, channels: int = 3, width: int = 2) -> IntArray:
    """Unpack one delta-coded content, which must be sound."""
    data = np.frombuffer(content, np.uint8)
    found = unpack_delta(data, np.array([0]), np.array([len(data)]), channels, width)
    assert found.sound.all()
    return found.values


def frame(kind: int, form: int, content: bytes, tick: int = 0) -> bytes:
    """Return a frame of measurement data."""
    return bytes([kind]) + tick.to_bytes(8, "little") + bytes([form]) + content


def decode(*frames: bytes, **settings: float | str) -> Decoded:
    """What the driver makes of frames."""
    return DRIVER.decode("motion", block_of(*frames), settings)


def only(decoded: Decoded) -> Samples:
    """The samples of the one stream there is."""
    (samples,) = decoded.samples
    return samples


@pytest.mark.parametrize(
    ("message", "channels"),
    [
        ("acc comp1 content", 3),
        ("gyro comp0 content", 3),
        ("mag comp0 content", 3),
        ("mag comp1 content", 4),
        ("acc multi block content", 3),
    ],
)
def test_published_contents_unpack_to_what_was_published(message: str, channels: int) -> None:
    content, expected = vector(message)
    assert unpacked(content, channels).tolist() == expected["raw"]


def test_a_published_raw_frame_is_decoded() -> None:
    payload, expected = vector("acc raw 1 frame")
    samples = only(decode(payload, model="h10"))
    assert samples.acc is not None
    assert samples.ticks is not None
    assert samples.after is not None
    assert samples.gyr is None
    np.testing.assert_allclose(samples.acc / G * 1000, expected["acc_mg"])
    assert samples.ticks.tolist() == [2_000_000_000] * 2
    assert samples.after.tolist() == [-1, 0]


def test_a_published_full_frame_is_decoded() -> None:
    samples = only(decode(bytes.fromhex("02000050ecc22b1a0b81" + MULTI_BLOCK)))
    _, expected = vector("acc multi block content")
    assert samples.acc is not None
    assert samples.ticks is not None
    np.testing.assert_allclose(samples.acc / G * 1000, expected["raw"])
    assert set(samples.ticks.tolist()) == {800_000_000 * 10**9}
    assert samples.packet.tolist() == [0] * 4


def test_published_floats_are_deltas_of_their_bits() -> None:
    content, expected = vector("gyro comp1 content")
    samples = only(decode(frame(GYR, 0x81, content)))
    assert samples.gyr is not None
    np.testing.assert_allclose(np.degrees(samples.gyr), expected["gyr_dps"], rtol=1e-12)
    assert samples.stream == 1


def test_the_quoted_frame_begins_as_published() -> None:
    """Its other 55 deltas are not published: zeros stand in for them."""
    deltas = np.zeros((56, 3), np.int64)
    deltas[0] = 190, -105, -85
    steps = np.concatenate([[[1905, 27376, -29282]], deltas])
    content = delta_coded(np.cumsum(steps, axis=0), block=56)
    assert content[:6].hex() == "7107f06a9e8d"
    values = unpacked(content[:6] + widened(deltas, 10))
    assert len(values) == 57
    assert values[0].tolist() == [1905, 27376, -29282]
    assert values[1].tolist() == [2095, 27271, -29367]


def widened(deltas: IntArray, bits: int) -> bytes:
    """A block of deltas with a given width."""
    whole = sum((int(value) & (1 << bits) - 1) << n * bits for n, value in enumerate(deltas.flat))
    size = (deltas.size * bits + 7) // 8
    return bytes([bits, len(deltas)]) + whole.to_bytes(size, "little")


@pytest.mark.parametrize(
    ("kind", "form", "factor", "name", "unit"),
    [
        (ACC, 0x80, 2.44e-4, "acc_factor", G),
        (ACC, 0x81, 0.5, "acc_factor", G / 1000),
        (GYR, 0x80, 0.07, "gyr_factor", np.radians(1.0)),
    ],
)
def test_numbers_are_worth_what_the_sensor_said(
    kind: int, form: int, factor: float, name: str, unit: float
) -> None:
    content, expected = vector("acc comp1 content")
    samples = only(decode(frame(kind, form, content), **{name: factor}))
    values = samples.acc if kind == ACC else samples.gyr
    assert values is not None
    np.testing.assert_allclose(values, np.array(expected["raw"]) * factor * unit, rtol=1e-12)


def test_numbers_of_unknown_worth_are_refused() -> None:
    content, _ = vector("acc comp1 content")
    decoded = decode(frame(ACC, 0x80, content), frame(GYR, 0x80, content))
    assert decoded.refused == {"scale unknown": 2}
    assert all(len(samples.packet) == 0 for samples in decoded.samples)


@pytest.mark.parametrize(("form", "width"), [(0x00, 1), (0x01, 2), (0x02, 3)])
def test_raw_frames_of_every_width_are_read(form: int, width: int) -> None:
    mg = np.array([[-100, 127, 0], [-128, 5, -1]])
    content = b"".join(int(v).to_bytes(width, "little", signed=True) for v in mg.flat)
    samples = only(decode(frame(ACC, form, content)))
    assert samples.acc is not None
    np.testing.assert_allclose(samples.acc / G * 1000, mg, atol=1e-9)


@given(
    frames=st.lists(
        hnp.arrays(
            np.int64,
            st.tuples(st.integers(1, 40), st.just(3)),
            elements=st.integers(-(2**15), 2**15 - 1),
        ),
        min_size=1,
        max_size=6,
    ),
    block=st.integers(1, 20),
)
def test_what_is_delta_coded_is_unpacked(frames: list[IntArray], block: int) -> None:
    contents = [delta_coded(values, block=block) for values in frames]
    data = np.frombuffer(b"".join(contents), np.uint8)
    end = np.cumsum([len(content) for content in contents])
    begin = end - [len(content) for content in contents]
    found = unpack_delta(data, begin, end, 3, 2)
    assert found.sound.all()
    assert found.values.tolist() == np.concatenate(frames).tolist()
    assert found.frame.tolist() == [n for n, values in enumerate(frames) for _ in values]
    raw = b"".join(values.astype("<i2").tobytes() for values in frames)
    sizes = np.array([6 * len(values) for values in frames])
    plain = unpack_raw(
        np.frombuffer(raw, np.uint8), np.cumsum(sizes) - sizes, np.cumsum(sizes), 3, 2
    )
    assert plain.values.tolist() == found.values.tolist()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "too short"),
        (frame(ACC, 0x81, b"")[:9], "too short"),
        (frame(ACC, 0x81, bytes(5)), "damaged"),
        (frame(ACC, 0x81, bytes.fromhex(MULTI_BLOCK)[:-1]), "damaged"),
        (frame(ACC, 0x81, bytes.fromhex(MULTI_BLOCK) + b"\x04"), "damaged"),
        (frame(ACC, 0x81, bytes(6) + bytes([33, 1]) + bytes(13)), "damaged"),
        (frame(ACC, 0x01, bytes(7)), "damaged"),
        (frame(ACC, 0x83, bytes(6)), "unknown format"),
        (frame(0x33, 0x01, bytes(6)), "unknown format"),
        (frame(GYR, 0x81, bytes.fromhex("0000c07f" * 3)), "impossible numbers"),
        (frame(GYR, 0x81, bytes.fromhex("0000807f000080ff00000000")), "impossible numbers"),
        (frame(GYR, 0x81, bytes.fromhex("0100807f" * 3)), "impossible numbers"),
    ],
)
def test_what_cannot_be_read_is_refused(payload: bytes, reason: str) -> None:
    whole = frame(ACC, 0x81, bytes.fromhex(MULTI_BLOCK))
    decoded = decode(whole, payload, whole)
    assert decoded.refused == {reason: 1}
    assert decoded.samples[0].packet.tolist() == [0] * 4 + [2] * 4


@pytest.mark.parametrize("kind", [0, 1, 3, 6, 7])
def test_other_measurements_are_skipped(kind: int) -> None:
    decoded = decode(frame(kind, 0x80, bytes(9)))
    assert decoded.samples == ()
    assert not decoded.refused


def test_full_scale_is_told() -> None:
    mg = np.array([[0, 0, 1000], [7999, 0, 0], [0, -8000, 0], [7900, 0, 0]])
    assert only(decode(frame(ACC, 0x81, delta_coded(mg)))).clipped.tolist() == [0, 1, 1, 0]
    assert only(decode(frame(ACC, 0x81, delta_coded(mg)), acc_g=16)).clipped.sum() == 0
    dps = np.array([[0, 2000, 0], [0, 0, 1900]])
    assert only(decode(frame(GYR, 0x80, delta_coded(dps)), gyr_factor=1.0)).clipped.tolist() == [
        1,
        0,
    ]


def test_settings_are_read_as_published() -> None:
    blob, expected = vector("settings")
    found = read_parameters(blob)
    assert [found[0], found[1], found[2], found[4]] == [
        tuple(expected[name]) for name in ("rate", "resolution", "range", "channels")
    ]
    assert read_parameters(blob[:-1] + b"\x03\x99") == found
    assert 2 not in read_parameters(blob[:12])


def test_requests_are_as_published() -> None:
    assert start_request(ACC, 200, 8, channels=False).hex() == "02020001c8000101100002010800"
    assert start_request(ACC, 52, 8, channels=True).hex() == SENSE_ACC
    assert start_request(GYR, 52, 2000, channels=True).hex() == SENSE_GYR
    assert accepted(bytes.fromhex("f001020000ffffff"), "start", ACC) == b"\xff\xff\xff"
    with pytest.raises(SourceError, match=r"does not start acceleration: .* resolution"):
        accepted(bytes.fromhex("f001060700"), "start", ACC)


@pytest.mark.parametrize(("status", "for_ever"), [(8, True), (2, True), (12, False), (13, False)])
def test_what_it_will_never_offer_is_not_asked_for_again(status: int, *, for_ever: bool) -> None:
    with pytest.raises(SourceError) as refused:
        accepted(bytes([0xF0, START, ACC, status, 0]), "start", ACC)
    assert isinstance(refused.value, UnableError) == for_ever


@pytest.mark.parametrize(("status", "reason"), [*REASONS.items(), (99, "unknown reason 99")])
def test_every_refusal_is_a_sentence(status: int, reason: str) -> None:
    with pytest.raises(
        SourceError, match=f"the Polar sensor does not start angular rate: .*{reason}"
    ):
        accepted(bytes([0xF0, 2, GYR, status, 0]), "start", GYR)


def test_a_verity_sense_is_stopped_set_up_and_started() -> None:
    sensor = VirtualPolarPmd(SENSOR)
    sensor.battery = 0.42
    desk = Desk(driver("polar_pmd"), sensor, rate_hz=52.0)
    read_back = desk.start()
    assert desk.said() == [
        *("0302", "0305", "0309"),
        *("0102", SENSE_ACC),
        *("0105", SENSE_GYR),
    ]
    assert [type(step) for step in desk.steps[:3]] == [Read] * 3, "before anything is subscribed"
    subscribed = [step.channel for step in desk.steps if isinstance(step, Subscribe)]
    assert subscribed == ["control", "motion", "battery"]
    assert read_back == {
        "model": "sense",
        "rate_hz": 52.0,
        "acc_g": 8,
        "gyr_dps": 2000,
        "acc_factor": 8 / 32768,
        "gyr_factor": pytest.approx(0.07),
        "firmware": "1.1.5",
        "battery": 0.42,
    }
    told = [fact.level for _, fact in desk.decoded("battery").facts if isinstance(fact, Battery)]
    assert told == [0.42]
    desk.stop()
    assert desk.said()[-2:] == ["0302", "0305"]


@pytest.mark.parametrize(
    ("model", "rate_hz", "wanted"),
    [
        ("sense", 52.0, {}),
        ("sense", 52.0, {"acc_g": 16, "gyr_dps": 500}),
        ("sense", 208.0, {"acc_g": 4}),
        ("h10", 200.0, {"acc_g": 4}),
        ("h10", 25.0, {}),
        ("oh1", 50.0, {}),
    ],
)
def test_every_model_tells_how_it_moved(model: str, rate_hz: float, wanted: Settings) -> None:
    desk = Desk(
        driver("polar_pmd"), VirtualPolarPmd(SENSOR, model), {"model": model, **wanted}, rate_hz
    )
    assert desk.start()["rate_hz"] == rate_hz == desk.sensor.rate_hz
    felt = movement(rate_hz, seconds=3.0)
    for first in range(0, len(felt.acc), 7):
        part = slice(first, first + 7)
        desk.feel(Movement(felt.device_ns[part], felt.acc[part], felt.gyr[part], felt.quat[part]))
    decoded = desk.decoded()
    assert not decoded.refused
    assert len(decoded.samples) == len(desk.driver.streams(desk.settings, rate_hz))
    for samples in decoded.samples:
        assert len(samples.packet) == len(felt.acc) // 32 * 32
        values, should = (samples.acc, felt.acc) if samples.stream == 0 else (samples.gyr, felt.gyr)
        assert values is not None
        np.testing.assert_allclose(values, should[: len(values)], atol=0.011)
        assert not samples.clipped.any()


def test_what_it_does_not_offer_is_told() -> None:
    """It is another model than it was said to be."""
    desk = Desk(driver("polar_pmd"), VirtualPolarPmd(SENSOR, "oh1"), {"model": "h10"}, 100.0)
    with pytest.raises(SourceError, match=r"offers acceleration with 50 Hz, not 100 Hz"):
        desk.start()
    settings: Settings = {"model": "oh1", "acc_g": 16}
    desk = Desk(driver("polar_pmd"), VirtualPolarPmd(SENSOR, "h10"), settings, 50.0)
    with pytest.raises(SourceError, match=r"offers acceleration with 2, 4, 8 g, not 16 g"):
        desk.start()


@pytest.mark.parametrize("model", ["h10", "oh1"])
def test_a_sensor_without_a_gyroscope_says_so(model: str) -> None:
    desk = Desk(driver("polar_pmd"), VirtualPolarPmd(SENSOR, model), rate_hz=52.0)
    with pytest.raises(SourceError, match=r'no gyroscope.*set model = "h10"'):
        desk.start()
    (stream,) = DRIVER.streams({"model": model}, 50.0)
    assert (stream.acc, stream.gyr) == (True, False)
