"""Messages to bytes and back, for the journal: MessagePack maps, arrays as raw little-endian bytes.

An array is stored as ``[dtype, shape, bytes]``. Angles and estimates are stored as float32,
whose rounding (1e-7 of the value) is far below what any sensor can tell; everything else keeps
every bit. Decoding is strict: what does not fit its message is a JournalError.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.errors import JournalError
from gateway.messages import (
    JOINTS,
    BatteryLevel,
    BodyAngleBlock,
    Calibration,
    Cue,
    EstimateBlock,
    Figure,
    GaitEvent,
    JointAngleBlock,
    LinkState,
    Marker,
    PacketBlock,
    Repetition,
    SensorStatus,
    Stride,
)

Recorded = (
    PacketBlock
    | BatteryLevel
    | SensorStatus
    | Calibration
    | JointAngleBlock
    | BodyAngleBlock
    | EstimateBlock
    | GaitEvent
    | Stride
    | Repetition
    | Figure
    | Cue
    | Marker
)

KINDS: Mapping[str, type[Recorded]] = MappingProxyType(
    {
        "packets": PacketBlock,
        "battery": BatteryLevel,
        "sensor_status": SensorStatus,
        "calibration": Calibration,
        "joint_angles": JointAngleBlock,
        "body_angles": BodyAngleBlock,
        "estimates": EstimateBlock,
        "gait_event": GaitEvent,
        "stride": Stride,
        "repetition": Repetition,
        "figure": Figure,
        "cue": Cue,
        "marker": Marker,
    }
)
"""What is recorded, by the name of its kind."""

RECORDED: tuple[type[Recorded], ...] = tuple(KINDS.values())

_COMPACT = (JointAngleBlock, BodyAngleBlock, EstimateBlock)

# Letters are dimensions that must agree with one another within a message.
_SHAPES: Mapping[type, Mapping[str, tuple[str | int, ...]]] = MappingProxyType(
    {
        Calibration: {"places": ("S",), "quat": ("S", 4), "known": ("S",), "front": ("S",)},
        JointAngleBlock: dict.fromkeys(("angle_rad", "valid", "real"), ("T", len(JOINTS))),
        BodyAngleBlock: {
            "names": ("K",),
            **dict.fromkeys(("angle_rad", "sd_rad", "valid", "real"), ("T", "K")),
        },
        EstimateBlock: dict.fromkeys(("mean", "sd"), ("T", "K")),
    }
)


def encode(message: Recorded) -> tuple[str, bytes]:
    """Return the kind and the body of ``message``; raises JournalError for what is not recorded."""
    try:
        kind, encoder = _ENCODERS[type(message)]
    except KeyError:
        raise JournalError(f"{type(message).__name__} is not a message that is recorded") from None
    return kind, encoder.encode(message)


def decode(kind: str, body: bytes) -> Recorded:
    """Return the message that ``encode`` gave as ``kind`` and ``body``; raises JournalError."""
    if kind not in _DECODERS:
        raise JournalError(f"of unknown kind {kind!r}: written by a newer version?")
    try:
        message: Recorded = _DECODERS[kind].decode(body)
        if isinstance(message, PacketBlock):
            _check_packets(message)
        elif isinstance(message, SensorStatus) and message.link is None:
            return _with_link(message, body)
        else:
            _check_shapes(message)
    except (msgspec.MsgspecError, ValueError) as error:
        raise JournalError(f"damaged, kind {kind!r}: {error}") from error
    return message


def _check_shapes(message: Recorded) -> None:
    sizes: dict[str | int, int] = {}
    for name, dimensions in _SHAPES.get(type(message), {}).items():
        shape: tuple[int, ...] = np.shape(getattr(message, name))
        expected = [
            sizes.setdefault(dimension, dimension if isinstance(dimension, int) else size)
            for size, dimension in zip(shape, dimensions, strict=False)
        ]
        if len(shape) != len(dimensions) or list(shape) != expected:
            raise ValueError(f"{name} has shape {shape}")


def _check_packets(block: PacketBlock) -> None:
    ends = block.ends
    if ends.ndim != 1 or block.arrival_ns.shape != ends.shape:
        raise ValueError(f"ends has shape {ends.shape}")
    covered = (
        int(ends[-1]) == len(block.payload) and ends[0] >= 0 if len(ends) else not block.payload
    )
    if not covered or (ends[1:] < ends[:-1]).any():
        raise ValueError("the packets do not cover their payload")


class _LinkInOneText(msgspec.Struct):
    """What older files have in place of ``link`` and ``why``: both, with a colon between."""

    state: str = ""


def _with_link(status: SensorStatus, body: bytes) -> SensorStatus:
    word, _, why = msgspec.msgpack.decode(body, type=_LinkInOneText).state.partition(": ")
    return dataclasses.replace(status, link=LinkState(word), why=why) if word else status


_FLOAT64, _FLOAT32, _INT64, _BOOL = "<f8", "<f4", "<i8", "|b1"
_STORED_AS = {"f": _FLOAT64, "i": _INT64, "b": _BOOL}
# By the scalar of what a field is declared as: how it may be stored, and what it becomes.
_READ_AS: Mapping[type, tuple[Mapping[str, np.dtype[Any]], np.dtype[Any]]] = MappingProxyType(
    {
        scalar: ({name: np.dtype(name) for name in stored}, np.dtype(scalar))
        for scalar, stored in (
            (np.float64, (_FLOAT64, _FLOAT32)),
            (np.int64, (_INT64,)),
            (np.bool_, (_BOOL,)),
        )
    }
)


def _exact(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    return _stored(array, _STORED_AS[array.dtype.kind])


def _compact(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    return _stored(array, _FLOAT32 if array.dtype.kind == "f" else _STORED_AS[array.dtype.kind])


def _stored(array: NDArray[Any], dtype: str) -> tuple[str, tuple[int, ...], bytes]:
    return dtype, array.shape, array.astype(dtype, copy=False).tobytes()


def _read_array(declared: Any, stored: Any) -> NDArray[Any]:
    name, shape, raw = msgspec.convert(stored, tuple[str, tuple[int, ...], bytes])
    allowed, target = _READ_AS[_scalar(declared)]
    dtype = allowed.get(name)
    if dtype is None or any(size < 0 for size in shape):
        raise ValueError(f"an array of type {name} and shape {shape} where none such belongs")
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"an array of shape {shape} in {len(raw)} bytes")
    return np.frombuffer(raw, dtype).reshape(shape).astype(target, copy=False)


def _scalar(declared: Any) -> type:
    """Return the scalar of ``NDArray[scalar]``, whatever numpy makes of that by its version."""
    while arguments := get_args(declared):
        declared = arguments[-1]
    assert isinstance(declared, type)
    return declared


def _encoder(hook: Callable[[Any], Any]) -> msgspec.msgpack.Encoder:
    return msgspec.msgpack.Encoder(enc_hook=hook)


_EXACT_ENCODER, _COMPACT_ENCODER = _encoder(_exact), _encoder(_compact)
_ENCODERS = {
    type_: (kind, _COMPACT_ENCODER if type_ in _COMPACT else _EXACT_ENCODER)
    for kind, type_ in KINDS.items()
}
_DECODERS: Mapping[str, msgspec.msgpack.Decoder[Any]] = MappingProxyType(
    {kind: msgspec.msgpack.Decoder(type_, dec_hook=_read_array) for kind, type_ in KINDS.items()}
)
