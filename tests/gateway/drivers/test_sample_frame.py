"""The frames of recordings: exact, and picky about what is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from gateway.drivers import Decoded, Samples, Settings, driver
from gateway.drivers.sample_frame import DRIVER, FRAME, MAG_FRAME, frames
from gateway.errors import UsageError
from gateway.messages import PacketBlock

NUMBERS = st.floats(-1e9, 1e9)


def vectors(count: int) -> st.SearchStrategy[Any]:
    return arrays(np.float64, (count, 3), elements=NUMBERS)


def block(payload: bytes, ends: Any) -> PacketBlock:
    ends = np.asarray(ends, np.int64)
    return PacketBlock("s", "motion", np.arange(len(ends)), payload, ends)


def decoded(packets: PacketBlock, settings_: Settings) -> tuple[Decoded, Samples]:
    made = DRIVER.decode("motion", packets, settings_)
    (samples,) = made.samples
    return made, samples


def regular(count: int, payload: bytes) -> PacketBlock:
    return block(payload, np.arange(1, count + 1) * FRAME.itemsize)


@settings(deadline=None)
@given(st.integers(0, 6).flatmap(lambda n: st.tuples(st.just(n), vectors(n), vectors(n))))
def test_samples_come_back_to_the_bit(drawn: tuple[int, Any, Any]) -> None:
    count, acc, gyr = drawn
    ticks = np.arange(count) * 7 + 2**40
    made, samples = decoded(regular(count, frames(ticks, acc, gyr)), {"tick_ns": 1000})
    assert samples.ticks is not None
    assert np.array_equal(samples.ticks, ticks)
    assert samples.acc is not None
    assert samples.gyr is not None
    assert np.array_equal(samples.acc, acc)
    assert np.array_equal(samples.gyr, gyr)
    assert np.array_equal(samples.packet, np.arange(count))
    assert not samples.clipped.any()
    assert made.refused == {}


@settings(deadline=None)
@given(st.integers(0, 6).flatmap(lambda n: st.tuples(vectors(n), vectors(n))))
def test_a_magnetic_field_comes_back_to_the_bit(drawn: tuple[Any, Any]) -> None:
    motion, mag = drawn
    count = len(mag)
    payload = frames(np.arange(count), motion, motion, mag)
    ends = np.arange(1, count + 1) * MAG_FRAME.itemsize
    made, samples = decoded(block(payload, ends), {"tick_ns": 1000, "mag": 1})
    assert samples.mag is not None
    assert np.array_equal(samples.mag, mag)
    assert made.refused == {}


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60) | st.binary(min_size=56, max_size=56), max_size=8))
def test_any_bytes_are_samples_or_counted(payloads: list[bytes]) -> None:
    ends = np.cumsum([len(payload) for payload in payloads], dtype=np.int64)
    made, samples = decoded(block(b"".join(payloads), ends), {"tick_ns": 1})
    assert len(samples.packet) + sum(made.refused.values()) == len(payloads)
    for values in (samples.acc, samples.gyr):
        assert values is not None
        assert np.isfinite(values).all()
        assert len(values) == len(samples.clipped) == len(samples.packet)


def test_frames_of_another_length_are_counted_by_reason() -> None:
    one = frames(np.array([5]), np.ones((1, 3)), np.ones((1, 3)))
    payload = one + one[:-1] + one + one + b"x"
    made, samples = decoded(block(payload, [56, 111, 167, 224]), {})
    assert made.refused == {"too short": 1, "too long": 1}
    assert samples.packet.tolist() == [0, 2]
    assert samples.ticks is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(wrong: float) -> None:
    acc = np.ones((3, 3))
    acc[1, 2] = wrong
    made, samples = decoded(regular(3, frames(np.arange(3), acc, np.ones((3, 3)))), {"tick_ns": 1})
    assert made.refused == {"not a number": 1}
    assert samples.packet.tolist() == [0, 2]
    assert samples.ticks is not None
    assert samples.ticks.tolist() == [0, 2]


def test_the_clock_is_as_the_settings_say() -> None:
    (stream,) = DRIVER.streams({"tick_ns": 1e7, "bits": 16}, 100.0)
    assert stream.clock is not None
    assert (stream.rate_hz, stream.clock.bits, stream.clock.tick_ns) == (100.0, 16, 1e7)
    assert DRIVER.streams({"tick_ns": 0}, 100.0)[0].clock is None
    assert DRIVER.streams({}, 100.0)[0].clock is None


@pytest.mark.parametrize("settings_", [{"tick_ns": "fast"}, {"tick_ns": -1}, {"bits": 12}])
def test_settings_that_cannot_be_are_refused(settings_: dict[str, float | str]) -> None:
    with pytest.raises(UsageError, match="sample_frame: "):
        DRIVER.streams(settings_, 100.0)


def test_it_is_found_by_its_name_and_has_no_radio() -> None:
    assert driver("sample_frame").name == DRIVER.name
    assert DRIVER.advertising is None
    assert list(DRIVER.start({}, 100.0)) == list(DRIVER.stop({}, 100.0)) == []
