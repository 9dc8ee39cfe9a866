"""Messages survive the journal's bytes, and damaged bytes are told apart from messages."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from gateway.errors import JournalError
from gateway.messages import (
    BatteryLevel,
    BodyAngleBlock,
    Calibration,
    Cue,
    CueKind,
    EstimateBlock,
    Figure,
    GaitEvent,
    GaitEventKind,
    JointAngleBlock,
    LinkState,
    Marker,
    PacketBlock,
    Place,
    Quality,
    Repetition,
    SensorStatus,
    Side,
    Stride,
    Tick,
)
from gateway.wire import KINDS, Recorded, decode, encode

TEXT = st.text(max_size=12)
FLOAT = st.floats(width=64)
TIME_NS = st.integers(-(2**62), 2**62)
COUNT = st.integers(0, 2**31)
QUALITY = st.builds(Quality, FLOAT, TEXT)
SIDE = st.sampled_from(Side)
PLACE = st.sampled_from(Place)
LINK = st.none() | st.sampled_from(LinkState)


def bools(*shape: int) -> st.SearchStrategy[Any]:
    return arrays(np.bool_, shape)


def floats(*shape: int, width: int = 64) -> st.SearchStrategy[Any]:
    values = st.floats(width=32 if width == 32 else 64)
    return arrays(np.float64, shape, elements=values)


@st.composite
def packet_blocks(draw: st.DrawFn) -> PacketBlock:
    payloads = draw(st.lists(st.binary(max_size=20), max_size=6))
    ends = np.cumsum([len(payload) for payload in payloads], dtype=np.int64)
    arrival = arrays(np.int64, len(payloads), elements=TIME_NS)
    return PacketBlock(draw(TEXT), draw(TEXT), draw(arrival), b"".join(payloads), ends)


@st.composite
def angle_blocks(draw: st.DrawFn) -> JointAngleBlock:
    n = draw(st.integers(0, 5))
    head = (draw(TEXT), draw(TIME_NS), draw(FLOAT), draw(TIME_NS))
    return JointAngleBlock(
        *head, draw(floats(n, 6, width=32)), draw(bools(n, 6)), draw(bools(n, 6))
    )


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    places = tuple(draw(st.lists(PLACE, unique=True)))
    count = len(places)
    quat, known = draw(floats(count, 4)), draw(bools(count))
    front = draw(bools(count))
    return Calibration(draw(TEXT), draw(FLOAT), quat, known, draw(TEXT), places, front)


@st.composite
def estimates(draw: st.DrawFn) -> EstimateBlock:
    n, k = draw(st.integers(0, 5)), draw(st.integers(0, 3))
    names = tuple(draw(st.lists(TEXT, min_size=k, max_size=k)))
    values = floats(n, k, width=32)
    head = (draw(TEXT), draw(COUNT), draw(FLOAT), draw(TIME_NS))
    return EstimateBlock(*head, names, names, draw(values), draw(values), draw(FLOAT), draw(TEXT))


@st.composite
def body_angle_blocks(draw: st.DrawFn) -> BodyAngleBlock:
    n, k = draw(st.integers(0, 5)), draw(st.integers(0, 3))
    names = tuple(draw(st.lists(TEXT, min_size=k, max_size=k)))
    head = (draw(TEXT), draw(COUNT), draw(FLOAT), draw(TIME_NS))
    values, flags = floats(n, k, width=32), bools(n, k)
    return BodyAngleBlock(*head, names, draw(values), draw(values), draw(flags), draw(flags))


MESSAGES: dict[type[Recorded], st.SearchStrategy[Any]] = {
    PacketBlock: packet_blocks(),
    BatteryLevel: st.builds(BatteryLevel, TEXT, TIME_NS, FLOAT, st.booleans()),
    SensorStatus: st.builds(
        SensorStatus,
        TEXT,
        FLOAT,
        TEXT,
        PLACE,
        FLOAT,
        FLOAT,
        COUNT,
        COUNT,
        COUNT,
        COUNT,
        FLOAT,
        FLOAT,
        LINK,
        TEXT,
        TEXT,
    ),
    Calibration: calibrations(),
    JointAngleBlock: angle_blocks(),
    BodyAngleBlock: body_angle_blocks(),
    EstimateBlock: estimates(),
    GaitEvent: st.builds(
        GaitEvent, TEXT, FLOAT, FLOAT, SIDE, st.sampled_from(GaitEventKind), QUALITY
    ),
    Stride: st.builds(Stride, TEXT, SIDE, FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, QUALITY),
    Repetition: st.builds(
        Repetition,
        TEXT,
        TEXT,
        st.none() | SIDE,
        COUNT,
        *[FLOAT] * 5,
        st.booleans(),
        QUALITY,
    ),
    Figure: st.builds(Figure, TEXT, FLOAT, TEXT, st.none() | SIDE, FLOAT, TEXT, QUALITY),
    Cue: st.builds(Cue, TEXT, FLOAT, st.sampled_from(CueKind), TEXT, TEXT, QUALITY),
    Marker: st.builds(Marker, TEXT, FLOAT, TEXT, TEXT),
}
ANY_MESSAGE = st.one_of(*MESSAGES.values())


def same(left: Any, right: Any) -> bool:
    """Tell whether two messages are equal to the bit, NaN included."""
    if dataclasses.is_dataclass(left):
        names = [field.name for field in dataclasses.fields(left)]
        both = ((getattr(left, name), getattr(right, name)) for name in names)
        return type(left) is type(right) and all(same(*pair) for pair in both)
    if isinstance(left, np.ndarray):
        kept = left.dtype == right.dtype and left.shape == right.shape
        return kept and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    if isinstance(left, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)


def test_every_kind_is_tried() -> None:
    assert set(MESSAGES) == set(KINDS.values())


@settings(deadline=None)
@given(ANY_MESSAGE)
def test_a_message_comes_back_as_it_was(message: Recorded) -> None:
    kind, body = encode(message)
    assert same(decode(kind, body), message)


@settings(deadline=None)
@given(ANY_MESSAGE)
def test_arrays_come_back_read_only(message: Recorded) -> None:
    read = decode(*encode(message))
    values = (getattr(read, field.name) for field in dataclasses.fields(read))
    assert not any(v.flags.writeable for v in values if isinstance(v, np.ndarray))


def test_angles_are_rounded_to_float32_and_no_further() -> None:
    angle = np.linspace(-2, 2, 60).reshape(10, 6)
    real = np.ones((10, 6), np.bool_)
    read = decode(*encode(JointAngleBlock("p", 0, 100.0, 1, angle, real, real)))
    assert isinstance(read, JointAngleBlock)
    assert np.array_equal(read.angle_rad, angle.astype(np.float32))


@settings(deadline=None)
@given(ANY_MESSAGE, st.data())
def test_a_truncated_body_is_refused(message: Recorded, data: st.DataObject) -> None:
    kind, body = encode(message)
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(JournalError, match="damaged, kind"):
        decode(kind, body[:cut])


@settings(deadline=None)
@given(ANY_MESSAGE, st.data())
def test_an_altered_body_is_a_message_or_refused(message: Recorded, data: st.DataObject) -> None:
    kind, body = encode(message)
    at = data.draw(st.integers(0, len(body) - 1))
    altered = body[:at] + bytes([data.draw(st.integers(0, 255))]) + body[at + 1 :]
    try:
        read = decode(kind, altered)
    except JournalError:
        return
    assert isinstance(read, KINDS[kind])


@settings(deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=80))
def test_noise_is_a_message_or_refused(kind: str, noise: bytes) -> None:
    with pytest.raises(JournalError, match="damaged, kind"):
        decode(kind, noise)


@pytest.mark.parametrize(
    ("ends", "payload"),
    [([2, 1], b"abc"), ([1, 2], b"abc"), ([], b"abc"), ([-1, 3], b"abc"), ([1, 4], b"abc")],
)
def test_packets_that_do_not_cover_their_payload_are_refused(
    ends: list[int], payload: bytes
) -> None:
    block = PacketBlock("s", "motion", np.zeros(len(ends), np.int64), payload, np.array(ends, int))
    with pytest.raises(JournalError, match="do not cover their payload"):
        decode(*encode(block))


def test_arrays_of_different_lengths_are_refused() -> None:
    block = PacketBlock("s", "motion", np.zeros(3, np.int64), b"ab", np.array([1, 2]))
    with pytest.raises(JournalError, match="shape"):
        decode(*encode(block))


@pytest.mark.parametrize(
    ("state", "link", "why"),
    [
        ("", None, ""),
        ("streaming", LinkState.STREAMING, ""),
        ("lost: refused: 133", LinkState.LOST, "refused: 133"),
    ],
)
def test_a_status_of_an_older_file_says_how_the_link_was(
    state: str, link: LinkState | None, why: str
) -> None:
    now = SensorStatus("p", 1.0, "s", Place.PELVIS, 60.0, 0.0, 0, 0, 0, 0, 1e-3, 0.5, link, why)
    fields = msgspec.msgpack.decode(encode(now)[1])
    older = {name: fields[name] for name in fields if name not in ("link", "why")}
    read = decode("sensor_status", msgspec.msgpack.encode({**older, "state": state}))
    assert dataclasses.asdict(read) == dataclasses.asdict(now)


def test_a_link_that_is_in_no_known_state_is_damage() -> None:
    body = encode(SensorStatus("p", 1.0, "s", Place.PELVIS, 60.0, 0.0, 0, 0, 0, 0, 1e-3, 0.5))[1]
    fields = msgspec.msgpack.decode(body)
    with pytest.raises(JournalError, match="damaged"):
        decode("sensor_status", msgspec.msgpack.encode({**fields, "state": "asleep"}))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(JournalError, match="unknown kind 'dance'"):
        decode("dance", b"")


def test_what_is_not_recorded_is_refused() -> None:
    with pytest.raises(JournalError, match="Tick is not a message that is recorded"):
        encode(Tick(1))  # type: ignore[arg-type]  # on purpose
