"""The WitMotion driver against published frames, frames out of step, and its virtual sensor."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.drivers import Battery, Decoded, driver, settled
from gateway.drivers.talk import Pause, Subscribe
from gateway.drivers.witmotion import (
    ALGORITHMS,
    BANDWIDTHS_HZ,
    DRIVER,
    RATE,
    RATES_HZ,
    battery_level,
    command,
    read_registers,
)
from gateway.errors import SourceError, UsageError
from simulators.peripherals import Movement
from simulators.peripherals.witmotion import SIG_BASE, VirtualWitMotion
from tests.gateway.drivers.desk import SENSOR, Desk, in_pieces, movement
from tests.gateway.drivers.vectors import block_of, vectors

G = 9.80665
FULL = bytes.fromhex("5561000400fe00076606cdfc00000020abeae478")
FRAMES = st.binary(min_size=18, max_size=18).map(lambda rest: b"\x55\x61" + rest)


def decode(*payloads: bytes) -> Decoded:
    """What the driver makes of payloads."""
    return DRIVER.decode("motion", block_of(*payloads), {})


def raw(decoded: Decoded) -> list[list[int]]:
    """The decoded samples as they were on the wire."""
    (samples,) = decoded.samples
    assert samples.acc is not None
    assert samples.gyr is not None
    acc, gyr = samples.acc / G * 2048, np.degrees(samples.gyr) * 16.384
    values: list[list[int]] = np.rint(np.concatenate([acc, gyr], axis=1)).astype(int).tolist()
    return values


def sent(frame: bytes) -> list[int]:
    """What a frame says of the motion."""
    values: list[int] = np.frombuffer(frame[2:14], "<i2").tolist()
    return values


@pytest.mark.parametrize("kind", ["captured", "synthetic"])
def test_published_frames_decode_to_what_was_published(kind: str) -> None:
    found = [v for v in vectors("witmotion", "0x61") if v["kind"] == kind]
    assert len(found) == {"captured": 3, "synthetic": 1}[kind]
    for vector in found:
        # Of the captured frames the last angles were not logged.
        frame = bytes.fromhex(vector["hex"]).ljust(20, b"\0")
        decoded = decode(frame)
        (samples,) = decoded.samples
        assert not decoded.refused
        assert samples.acc is not None
        assert samples.gyr is not None
        np.testing.assert_allclose(samples.acc[0] / G, vector["expected"]["acc_g"], atol=1e-12)
        np.testing.assert_allclose(np.degrees(samples.gyr[0]), vector["expected"]["gyr_dps"])
        assert not samples.clipped[0]


def test_published_answers_are_read() -> None:
    (quaternion,) = vectors("witmotion", "0x71 reg 0x51")
    values = read_registers(bytes.fromhex(quaternion["hex"]))
    assert values is not None
    assert [value / 32768 for value in values[:4]] == quaternion["expected"]["quat_wxyz"]
    (volts,) = vectors("witmotion", "0x71 reg 0x64")
    answer = bytes.fromhex(volts["hex"])
    assert battery_level(answer) == volts["expected"]["percent"] / 100
    assert read_registers(bytes.fromhex("55714000e609" + "00" * 14)) == (2534, *[0] * 7)
    field = read_registers(bytes.fromhex("55713a00680169007a00" + "00" * 10))
    assert field is not None
    assert field[:3] == (360, 105, 122)


@pytest.mark.parametrize(
    ("volts", "share"),
    [
        (4.2, 1),
        (3.96, 1),
        (3.95, 0.9),
        (3.87, 0.75),
        (3.8, 0.5),
        (3.68, 0.15),
        (3.4, 0.05),
        (3.3, 0),
    ],
)
def test_the_battery_is_told_by_its_voltage(volts: float, share: float) -> None:
    answer = b"\x55\x71\x64\x00" + round(100 * volts).to_bytes(2, "little") + bytes(14)
    decoded = decode(FULL, answer, FULL)
    facts = [(at, fact.level) for at, fact in decoded.facts if isinstance(fact, Battery)]
    assert facts == [(1, share)]
    assert decoded.samples[0].packet.tolist() == [0, 2]


def test_a_battery_that_is_not_known_yet_is_not_told() -> None:
    assert decode(b"\x55\x71\x64\x00" + bytes(16)).facts == ()


def test_published_commands_are_what_is_written() -> None:
    assert command(0x69, 0xB588).hex() == "ffaa6988b5"
    assert command(RATE, RATES_HZ[100.0]).hex() == "ffaa030900"
    assert command(0x24, ALGORITHMS.index("six-axis")).hex() == "ffaa240100"
    assert command(0x27, 0x64).hex() == "ffaa276400"
    assert command(0x27, 0x51).hex() == "ffaa275100"


def test_it_is_silenced_set_up_and_started_and_nothing_is_saved() -> None:
    desk = Desk(driver("witmotion"), VirtualWitMotion(SENSOR), {"bandwidth_hz": 98}, 100.0)
    read_back = desk.start()
    unlock = "ffaa6988b5"
    assert desk.said() == [
        *(unlock, "ffaa030d00", unlock, "ffaa1f0200", unlock, "ffaa240100"),
        *("ffaa271f00", "ffaa276400", unlock, "ffaa030900", "ffaa270300"),
    ]
    assert read_back == {"rate_hz": 100.0, "bandwidth_hz": 98, "algorithm": "six-axis"}
    pauses = [step.seconds for step in desk.steps if isinstance(step, Pause)]
    assert pauses == [0.1] * 8
    desk.stop()
    assert desk.said()[-2:] == [unlock, "ffaa030d00"]


def test_the_battery_is_asked_for_every_minute() -> None:
    sensor = VirtualWitMotion(SENSOR)
    sensor.battery = 0.5
    desk = Desk(driver("witmotion"), sensor, rate_hz=100.0)
    assert "battery" not in desk.start(), "it does not know at once"
    (repeat,) = desk.repeated
    assert (repeat.every_s, repeat.payload.hex()) == (60.0, "ffaa276400")
    desk.repeat()
    facts = [fact.level for _, fact in desk.decoded().facts if isinstance(fact, Battery)]
    assert facts == [0.5]
    assert desk.start()["battery"] == 0.5


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_every_rate_is_set_and_read_back(rate_hz: float) -> None:
    desk = Desk(driver("witmotion"), VirtualWitMotion(SENSOR), rate_hz=rate_hz)
    assert desk.start()["rate_hz"] == rate_hz == desk.sensor.rate_hz


@pytest.mark.parametrize("bandwidth", BANDWIDTHS_HZ)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_setting_is_read_back(bandwidth: int, algorithm: str) -> None:
    settings: dict[str, int | float | str] = {"bandwidth_hz": bandwidth, "algorithm": algorithm}
    read_back = Desk(driver("witmotion"), VirtualWitMotion(SENSOR), settings, 100.0).start()
    assert settings.items() <= read_back.items()


@pytest.mark.parametrize(
    ("register", "what"), [(0x1F, "bandwidth"), (0x24, "algorithm"), (0x03, "rate in Hz")]
)
def test_a_setting_that_it_does_not_take_is_told_of(register: int, what: str) -> None:
    sensor = VirtualWitMotion(SENSOR)
    sensor.stuck.add(register)
    desk = Desk(driver("witmotion"), sensor, rate_hz=100.0)
    with pytest.raises(SourceError, match=f"as its {what}, where .* was asked for"):
        desk.start()


def test_rates_that_it_does_not_offer_are_refused() -> None:
    with pytest.raises(UsageError, match="100, 200 Hz, not at 60 Hz"):
        settled("witmotion", {}, 60.0)


def test_units_with_the_base_of_the_sig_are_known_too() -> None:
    desk = Desk(driver("witmotion"), VirtualWitMotion(SENSOR, SIG_BASE), rate_hz=50.0)
    desk.start()
    desk.feel(movement(50.0))
    assert len(desk.decoded().samples[0].packet) == 100
    assert [s.characteristic for s in desk.steps if isinstance(s, Subscribe)] == ["ffe4"]
    for base in (SIG_BASE, "0000{}-0000-1000-8000-00805f9a34fb"):
        assert DRIVER.advertising is not None
        assert DRIVER.advertising.fits("", (base.format("ffe5"),), ())


def test_a_channel_at_its_full_scale_is_told() -> None:
    index = np.arange(6)
    strong = np.zeros((6, 3))
    strong[1, 2], strong[3, 0] = 16 * G, -17 * G
    fast = np.zeros((6, 3))
    fast[4, 1] = np.radians(2000)
    upright = np.tile([1.0, 0, 0, 0], (6, 1))
    desk = Desk(driver("witmotion"), VirtualWitMotion(SENSOR), rate_hz=10.0)
    desk.start()
    desk.feel(Movement(index * 10**8, strong, fast, upright))
    assert np.flatnonzero(desk.decoded().samples[0].clipped).tolist() == [1, 3, 4]


def test_a_stray_byte_before_two_frames_is_passed_over() -> None:
    decoded = decode(b"\x55" + FULL + FULL)
    assert raw(decoded) == [sent(FULL)] * 2


@given(st.lists(FRAMES, min_size=1, max_size=12), st.data())
def test_frames_are_found_however_they_are_bundled(
    frames: list[bytes], data: st.DataObject
) -> None:
    joined = b"".join(frames)
    cuts = data.draw(st.lists(st.sampled_from(range(0, len(joined), 20)), max_size=6).map(sorted))
    bounds = [0, *cuts, len(joined)]
    decoded = decode(*(joined[a:b] for a, b in itertools.pairwise(bounds)))
    assert not decoded.refused
    assert raw(decoded) == [sent(frame) for frame in frames]


def test_frames_cut_between_notifications_are_joined() -> None:
    """Each notification begins in the middle of a frame, and the blocks are cut anywhere."""
    frames = [b"\x55\x61" + bytes([n]) * 18 for n in range(1, 9)]
    joined = b"".join(frames)
    payloads = [joined[:10], *(joined[at : at + 20] for at in range(10, len(joined), 20))]
    block = block_of(*payloads)
    whole = DRIVER.decode("motion", block, {})
    assert raw(whole) == [sent(frame) for frame in frames]
    assert whole.samples[0].packet.tolist() == list(range(1, 9))
    assert not whole.refused
    for cuts in (range(1, 9), (1, 4), (3, 5, 6)):
        pieces = in_pieces(driver("witmotion"), "motion", block, {}, list(cuts))
        assert [row for _, piece in pieces for row in raw(piece)] == raw(whole)
        assert all(piece.kept <= 1 for _, piece in pieces)
        assert not any(piece.refused for _, piece in pieces)


def test_a_frame_whose_end_is_lost_is_given_up() -> None:
    decoded = decode(FULL, FULL[:16], FULL, FULL)
    assert raw(decoded) == [sent(FULL)] * 3
    assert decoded.refused == {"out of step": 1}
    assert decode(FULL, FULL[:16]).kept == 1


def test_longer_frames_of_vibration_sensors_are_refused() -> None:
    decoded = decode(*[FULL + bytes(8)] * 3)
    assert raw(decoded) == []
    assert decoded.refused == {"out of step": 3}


@given(st.lists(FRAMES | st.binary(max_size=45), max_size=10))
def test_what_is_found_was_sent_in_one_piece(payloads: list[bytes]) -> None:
    decoded = decode(*payloads) if payloads else Decoded()
    joined = b"".join(payloads)
    for samples in decoded.samples:
        assert (samples.packet < len(payloads)).all()
        for row in raw(decoded):
            assert b"\x55\x61" + np.array(row, "<i2").tobytes() in joined
