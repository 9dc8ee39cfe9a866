"""The frames of recordings: exact, and picky about what is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gateway.drivers import driver
from gateway.drivers.sample_frame import DRIVER, FRAME, frames
from gateway.errors import UsageError
from gateway.messages import PacketBlock

NUMBERS = st.floats(-1e9, 1e9)


def vectors(count: int) -> st.SearchStrategy[Any]:
    return arrays(np.float64, (count, 3), elements=NUMBERS)


def block(payload: bytes, ends: Any) -> PacketBlock:
    ends = np.asarray(ends, np.int64)
    return PacketBlock("s", "motion", np.arange(len(ends)), payload, ends)


def regular(count: int, payload: bytes) -> PacketBlock:
    return block(payload, np.arange(1, count + 1) * FRAME.itemsize)


@settings(deadline=None)
@given(st.integers(0, 6).flatmap(lambda n: st.tuples(st.just(n), vectors(n), vectors(n))))
def test_samples_come_back_to_the_bit(made: tuple[int, Any, Any]) -> None:
    count, acc, gyr = made
    ticks = np.arange(count) * 7 + 2**40
    samples = DRIVER.decode(regular(count, frames(ticks, acc, gyr)), {"tick_ns": 1000})
    assert samples.ticks is not None
    assert np.array_equal(samples.ticks, ticks)
    assert np.array_equal(samples.acc, acc)
    assert np.array_equal(samples.gyr, gyr)
    assert np.array_equal(samples.packet, np.arange(count))
    assert not samples.clipped.any()
    assert samples.refused == {}


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60) | st.binary(min_size=56, max_size=56), max_size=8))
def test_any_bytes_are_samples_or_counted(payloads: list[bytes]) -> None:
    ends = np.cumsum([len(payload) for payload in payloads], dtype=np.int64)
    samples = DRIVER.decode(block(b"".join(payloads), ends), {"tick_ns": 1})
    assert len(samples.packet) + sum(samples.refused.values()) == len(payloads)
    assert np.isfinite(samples.acc).all()
    assert np.isfinite(samples.gyr).all()
    assert len(samples.acc) == len(samples.gyr) == len(samples.clipped) == len(samples.packet)


def test_frames_of_another_length_are_counted_by_reason() -> None:
    one = frames(np.array([5]), np.ones((1, 3)), np.ones((1, 3)))
    payload = one + one[:-1] + one + one + b"x"
    samples = DRIVER.decode(block(payload, [56, 111, 167, 224]), {})
    assert samples.refused == {"too short": 1, "too long": 1}
    assert samples.packet.tolist() == [0, 2]
    assert samples.ticks is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(wrong: float) -> None:
    acc = np.ones((3, 3))
    acc[1, 2] = wrong
    samples = DRIVER.decode(regular(3, frames(np.arange(3), acc, np.ones((3, 3)))), {"tick_ns": 1})
    assert samples.refused == {"not a number": 1}
    assert samples.packet.tolist() == [0, 2]
    assert samples.ticks is not None
    assert samples.ticks.tolist() == [0, 2]


def test_the_clock_is_as_the_settings_say() -> None:
    clock = DRIVER.clock({"tick_ns": 1e7, "bits": 16}, 100.0)
    assert clock is not None
    assert (clock.bits, clock.tick_ns) == (16, 1e7)
    assert DRIVER.clock({"tick_ns": 0}, 100.0) is None
    assert DRIVER.clock({}, 100.0) is None


@pytest.mark.parametrize("settings_", [{"tick_ns": "fast"}, {"tick_ns": -1}, {"bits": 12}])
def test_settings_that_cannot_be_are_refused(settings_: dict[str, float | str]) -> None:
    with pytest.raises(UsageError, match="sample_frame: "):
        DRIVER.clock(settings_, 100.0)


def test_it_is_found_by_its_name_and_has_no_radio() -> None:
    assert driver("sample_frame") is DRIVER
    assert DRIVER.gatt({}, 100.0) is None
    assert DRIVER.battery(b"\x01") is None
