"""Turn blocks of packets into arrays of bytes, and count those that do not fit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock

NEAR_FULL = 0.999
"""A channel that reads so much of its full scale is taken to be clipped."""


_ENDS = {
    (kind, size): (np.iinfo(f"{kind}{size}").min, np.iinfo(f"{kind}{size}").max)
    for kind in "iu"
    for size in (1, 2, 4, 8)
}


class Stacked(NamedTuple):
    """Packets of one length as rows: ``rows`` (N, size), ``packet`` (N,) their index."""

    rows: NDArray[np.uint8]
    packet: IntArray
    refused: Mapping[str, int]


def stack_equal(block: PacketBlock, size: int, longest: int) -> Stacked:
    """Return the first ``size`` bytes of every packet of ``size`` to ``longest`` bytes.

    Shorter and longer packets are left out and counted.
    """
    count = len(block.ends)
    data = np.frombuffer(block.payload, np.uint8)
    length = len(data) // count if count else size
    if size <= length <= longest and len(data) == count * length and _regular(block.ends, length):
        return Stacked(data.reshape(count, length)[:, :size], np.arange(count), {})
    starts, lengths = bounds(block)
    fits = (lengths >= size) & (lengths <= longest)
    rows = data[starts[fits, None] + np.arange(size)] if fits.any() else data[:0].reshape(0, size)
    counts = {
        "too short": int(np.count_nonzero(lengths < size)),
        "too long": int(np.count_nonzero(lengths > longest)),
    }
    refused = {reason: number for reason, number in counts.items() if number}
    return Stacked(rows, np.flatnonzero(fits), refused)


def records(stacked: Stacked, layout: np.dtype[Any]) -> NDArray[Any]:
    """Return the rows, of the size of ``layout``, as its records (N,)."""
    return np.ascontiguousarray(stacked.rows).view(layout)[:, 0]


def saturated(*raw: NDArray[np.integer[Any]]) -> BoolArray:
    """Return (N,) whether a value of any (N, M) is at either end of what its type can hold."""
    found = np.zeros(len(raw[0]), np.bool_)
    # Columns side by side are six times as quick as any() along each short row.
    for values in raw:
        low, high = _ENDS[values.dtype.kind, values.dtype.itemsize]
        for column in ((values == low) | (values == high)).T:
            found |= column
    return found


def near_full_scale(values: FloatArray, full_scale: float) -> BoolArray:
    """Return (N,) whether a value of (N, 3) is nearly at the full scale, or beyond."""
    x, y, z = (np.abs(values) >= NEAR_FULL * full_scale).T
    near: BoolArray = x | y | z
    return near


def finite(*values: FloatArray) -> BoolArray:
    """Return (N,) whether everything in all of (N, K) is a finite number."""
    # Summing spreads NaN and infinity at a third of the price of looking at each value.
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.zeros(len(values[0]))
        for column in itertools.chain.from_iterable(value.T for value in values):
            total += column
    found: BoolArray = np.isfinite(total)
    return found


def bounds(block: PacketBlock) -> tuple[IntArray, IntArray]:
    """Return where every packet starts in the payload, and how long it is."""
    starts = np.zeros(len(block.ends), np.int64)
    starts[1:] = block.ends[:-1]
    return starts, block.ends - starts


def heads(block: PacketBlock) -> IntArray:
    """Return the first two bytes of every packet as one number, the first higher; -1 if shorter."""
    starts, lengths = bounds(block)
    data = np.frombuffer(block.payload + bytes(2), np.uint8)
    pairs = data[starts].astype(np.int64) * 256 + data[starts + 1]
    return np.where(lengths >= 2, pairs, -1)


def payloads(block: PacketBlock) -> list[bytes]:
    """Return the packets of a block one by one."""
    ends = block.ends.tolist()
    return [block.payload[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def _regular(ends: IntArray, size: int) -> bool:
    count = len(ends)
    return bool(np.count_nonzero(ends == np.arange(size, (count + 1) * size, size)) == count)
