"""Turn blocks of packets into arrays of bytes, and count those that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.messages import IntArray, PacketBlock, RawPacket, message


@message
class Stacked:
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
    starts = np.concatenate([[0], block.ends[:-1]]).astype(np.int64)
    lengths = block.ends - starts
    fits = (lengths >= size) & (lengths <= longest)
    rows = data[starts[fits, None] + np.arange(size)] if fits.any() else data[:0].reshape(0, size)
    counts = {
        "too short": int(np.count_nonzero(lengths < size)),
        "too long": int(np.count_nonzero(lengths > longest)),
    }
    refused = {reason: number for reason, number in counts.items() if number}
    return Stacked(rows, np.flatnonzero(fits), refused)


def join_packets(packets: Sequence[RawPacket]) -> PacketBlock:
    """Return packets of one sensor and channel, in order of arrival, as a block."""
    first = packets[0]
    return PacketBlock(
        sensor=first.sensor,
        channel=first.channel,
        arrival_ns=np.array([packet.arrival_ns for packet in packets], np.int64),
        payload=b"".join([packet.payload for packet in packets]),
        ends=np.cumsum([len(packet.payload) for packet in packets], dtype=np.int64),
    )


def concatenate(blocks: Sequence[PacketBlock]) -> PacketBlock:
    """Return blocks, of one sensor or several, as one block; the first names it."""
    if len(blocks) == 1:
        return blocks[0]
    offsets = np.cumsum([0, *[len(block.payload) for block in blocks]])
    return PacketBlock(
        sensor=blocks[0].sensor if blocks else "",
        channel=blocks[0].channel if blocks else "",
        arrival_ns=np.concatenate([np.empty(0, np.int64), *[b.arrival_ns for b in blocks]]),
        payload=b"".join([block.payload for block in blocks]),
        ends=np.concatenate(
            [np.empty(0, np.int64), *[b.ends + o for b, o in zip(blocks, offsets, strict=False)]]
        ),
    )


def split_packets(block: PacketBlock) -> list[RawPacket]:
    """Return the packets of a block one by one."""
    starts = [0, *block.ends[:-1].tolist()]
    return [
        RawPacket(block.sensor, arrival, block.payload[start:end], block.channel)
        for arrival, start, end in zip(
            block.arrival_ns.tolist(), starts, block.ends.tolist(), strict=True
        )
    ]


def _regular(ends: IntArray, size: int) -> bool:
    return len(ends) < 2 or bool((np.diff(ends) == size).all()) and int(ends[0]) == size
