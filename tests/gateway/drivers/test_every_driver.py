"""What holds for every driver: against its virtual sensor, cut anyhow, and fed with anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gateway.drivers import Samples, driver, drivers
from gateway.messages import FloatArray
from simulators.peripherals import peripherals
from tests.gateway.drivers.desk import SENSOR, Desk, in_pieces, movement
from tests.gateway.drivers.sound import block_of, check_sound

VIRTUAL = sorted(peripherals())
RADIO = sorted(name for name, known in drivers().items() if known.advertising is not None)

ACC_RESOLUTION = 0.03
"""m/s²: a step of the coarsest sensor (1/1024 g), and rounding."""
GYR_RESOLUTION = 0.02
"""rad/s: a step of the coarsest sensor (1/16 °/s), and rounding."""
TIME_RESOLUTION_S = 0.002
"""Most counters tick once a millisecond or two, or once a sample."""
COARSE_TIME_S = {"bluest": 0.008}


def streaming(name: str) -> Desk:
    """A started sensor that has moved for two seconds."""
    desk = Desk(driver(name), peripherals()[name](SENSOR))
    desk.start()
    desk.feel(movement(desk.sensor.rate_hz))
    return desk


def test_every_radio_driver_has_a_virtual_sensor() -> None:
    assert VIRTUAL == RADIO


@pytest.mark.parametrize("name", RADIO)
def test_it_says_what_it_is(name: str) -> None:
    about = driver(name).about
    assert about.maker
    assert about.models
    assert about.clock
    assert about.loss
    assert about.tested_on
    assert "hardware" not in about.tested_on, "nobody has tried it yet"
    for setting in about.settings:
        assert not setting.choices or setting.default in setting.choices


@pytest.mark.parametrize("name", VIRTUAL)
def test_what_the_sensor_felt_is_decoded(name: str) -> None:
    desk = streaming(name)
    felt = movement(desk.sensor.rate_hz)
    streams = desk.driver.streams(desk.settings, desk.rate_hz)
    seen = [False] * len(streams)
    for channel in desk.channels():
        decoded = desk.decoded(channel)
        assert not decoded.refused
        for samples in decoded.samples:
            stream = streams[samples.stream]
            seen[samples.stream] |= len(samples.packet) > 0
            count = len(samples.packet)
            # A sensor may hold back an unfinished packet at the end.
            assert len(felt.acc) - 40 <= count <= len(felt.acc)
            assert (samples.acc is not None) == stream.acc
            assert (samples.gyr is not None or samples.quat is not None) == stream.gyr
            assert not samples.clipped.any()
            compare(samples.acc, felt.acc[:count], ACC_RESOLUTION)
            compare(samples.gyr, felt.gyr[:count], GYR_RESOLUTION)
            compare_turn(samples.quat, felt.quat[:count])
            compare_times(desk, samples)
    assert all(seen)


def compare(found: FloatArray | None, expected: FloatArray, resolution: float) -> None:
    """Compare (N, 3)."""
    if found is not None:
        np.testing.assert_allclose(found, expected, atol=resolution)


def compare_turn(found: FloatArray | None, expected: FloatArray) -> None:
    """Compare orientations (N, 4), which may have a heading of their own, step by step."""
    if found is not None:
        turned = np.abs(np.einsum("ni,ni->n", found[1:], found[:-1]))
        should = np.abs(np.einsum("ni,ni->n", expected[1:], expected[:-1]))
        np.testing.assert_allclose(turned, should, atol=1e-4)


def compare_times(desk: Desk, samples: Samples) -> None:
    """Compare steps of device time with those at which the sensor was sampled."""
    stream = desk.driver.streams(desk.settings, desk.rate_hz)[samples.stream]
    clock = stream.clock
    assert (clock is None) == (samples.ticks is None)
    if clock is None or samples.ticks is None:
        return
    # Counters of 64 bits do not wrap.
    wrap = 2 ** min(clock.bits, 62)
    ticks = np.cumsum(np.diff(samples.ticks, prepend=samples.ticks[:1]) % wrap)
    at_s = ticks * clock.tick_ns * 1e-9
    if samples.after is not None:
        at_s = at_s + (samples.after - samples.after[0]) / stream.rate_hz
    felt_s = (movement(desk.sensor.rate_hz).device_ns * 1e-9)[: len(at_s)]
    resolution_s = COARSE_TIME_S.get(desk.driver.name, TIME_RESOLUTION_S)
    np.testing.assert_allclose(at_s, felt_s - felt_s[0], atol=resolution_s)


@pytest.mark.parametrize("name", VIRTUAL)
def test_cutting_the_packets_anywhere_gives_the_same(name: str) -> None:
    desk = streaming(name)
    for channel in desk.channels():
        block, whole = desk.block(channel), desk.decoded(channel)
        cuts = range(1, len(block.ends))
        pieces = in_pieces(desk.driver, channel, block, desk.settings, cuts)
        for samples in whole.samples:
            for field in ("acc", "gyr", "quat", "ticks", "after", "clipped"):
                expected = getattr(samples, field)
                if expected is not None:
                    parts = [
                        getattr(own, field)
                        for _, piece in pieces
                        for own in piece.samples
                        if own.stream == samples.stream
                    ]
                    np.testing.assert_array_equal(np.concatenate(parts), expected)
            packets = [
                own.packet + first
                for first, piece in pieces
                for own in piece.samples
                if own.stream == samples.stream
            ]
            np.testing.assert_array_equal(np.concatenate(packets), samples.packet)
        facts = [(first + at, fact) for first, piece in pieces for at, fact in piece.facts]
        assert [at for at, _ in facts] == [at for at, _ in whole.facts]


@pytest.mark.parametrize("name", VIRTUAL)
def test_it_stops_and_starts_again_after_a_lost_link(name: str) -> None:
    desk = streaming(name)
    desk.sensor.disconnected()
    before = len(desk.packets)
    desk.feel(movement(60.0))
    assert len(desk.packets) == before, "nobody listens any more"
    desk.start()
    desk.feel(movement(desk.sensor.rate_hz))
    assert len(desk.packets) > before
    desk.stop()
    assert desk.sensor.rate_hz == 0.0
    after = len(desk.packets)
    desk.feel(movement(60.0))
    assert len(desk.packets) == after


@pytest.mark.parametrize("name", VIRTUAL)
def test_what_was_read_back_is_what_the_sensor_does(name: str) -> None:
    desk = Desk(driver(name), peripherals()[name](SENSOR))
    read_back = desk.start()
    assert read_back.get("rate_hz", desk.rate_hz) == desk.sensor.rate_hz


@pytest.mark.parametrize("name", VIRTUAL)
@settings(max_examples=150, deadline=None)
@given(payloads=st.lists(st.binary(max_size=80), min_size=1, max_size=12), data=st.data())
def test_any_bytes_are_read_or_refused(
    name: str, payloads: list[bytes], data: st.DataObject
) -> None:
    chosen = driver(name)
    desk = Desk(chosen, peripherals()[name](SENSOR))
    channel = data.draw(st.sampled_from(["motion", "acc", "gyr", "battery", "control"]))
    decoded = chosen.decode(channel, block_of(payloads), desk.settings)
    check_sound(decoded, len(payloads), chosen.streams(desk.settings, desk.rate_hz))


@pytest.mark.parametrize("name", VIRTUAL)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_packets_do_no_harm(name: str, data: st.DataObject) -> None:
    desk = Desk(driver(name), peripherals()[name](SENSOR))
    desk.start()
    desk.feel(movement(desk.sensor.rate_hz, seconds=max(0.5, 3 / desk.sensor.rate_hz)))
    channel = data.draw(st.sampled_from(desk.channels()))
    sent = [packet.payload for packet in desk.packets if packet.channel == channel][:20]
    payloads = [data.draw(damaged(payload)) for payload in sent]
    decoded = desk.driver.decode(channel, block_of(payloads), desk.settings)
    check_sound(decoded, len(payloads), desk.driver.streams(desk.settings, desk.rate_hz))


def damaged(payload: bytes) -> st.SearchStrategy[bytes]:
    """Give ``payload`` with bytes changed, cut off, or added."""
    places = st.integers(0, max(0, len(payload) - 1))
    return st.one_of(
        st.just(payload),
        places.map(lambda cut: payload[:cut]),
        st.binary(max_size=30).map(lambda more: payload + more),
        st.tuples(places, st.binary(min_size=1, max_size=6)).map(
            lambda hit: payload[: hit[0]] + hit[1] + payload[hit[0] + len(hit[1]) :]
        ),
    )
