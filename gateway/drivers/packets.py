"""Turn blocks of packets into arrays of bytes, and count those that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.messages import BoolArray, IntArray, PacketBlock, message


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
    if len(data) == count * size and _regular(block.ends, size):
        return Stacked(data.reshape(count, size), np.arange(count), {})
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


def saturated(raw: NDArray[np.integer[Any]]) -> BoolArray:
    """Return (N,) whether a value of (N, …) samples is at either end of what its type can hold."""
    ends = np.iinfo(raw.dtype)
    at_end: BoolArray = np.any((raw == ends.min) | (raw == ends.max), axis=-1)
    return at_end


def payloads(block: PacketBlock) -> list[bytes]:
    """Return the packets of a block one by one."""
    ends = block.ends.tolist()
    return [block.payload[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def _regular(ends: IntArray, size: int) -> bool:
    return bool(np.count_nonzero(ends == np.arange(1, len(ends) + 1) * size) == len(ends))
