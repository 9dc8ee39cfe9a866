"""Cut and join blocks of packets; every byte and every arrival stays as it was."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from gateway.messages import PacketBlock, RawPacket


def between(block: PacketBlock, first: int, last: int) -> PacketBlock:
    """Return packets ``first`` to ``last`` (excluded) of ``block``."""
    if first == 0 and last == len(block.ends):
        return block
    begin = int(block.ends[first - 1]) if first else 0
    end = int(block.ends[last - 1]) if last > first else begin
    return PacketBlock(
        block.sensor,
        block.channel,
        block.arrival_ns[first:last],
        block.payload[begin:end],
        block.ends[first:last] - begin,
    )


def joined(blocks: Sequence[PacketBlock]) -> PacketBlock:
    """Return the packets of ``blocks`` as one block; the first names its sensor and channel."""
    if len(blocks) == 1:
        return blocks[0]
    payload = b"".join([block.payload for block in blocks])
    ends = np.concatenate([block.ends for block in blocks])
    starts = itertools.accumulate([len(block.payload) for block in blocks[:-1]], initial=0)
    ends += np.array(list(starts)).repeat(np.array([len(block.ends) for block in blocks]))
    arrival_ns = np.concatenate([block.arrival_ns for block in blocks])
    return PacketBlock(blocks[0].sensor, blocks[0].channel, arrival_ns, payload, ends)


def before_and_after(block: PacketBlock, at_ns: int) -> tuple[PacketBlock, PacketBlock]:
    """Return the packets that arrived before ``at_ns``, and those from then on."""
    first = int(np.searchsorted(block.arrival_ns, at_ns))
    return between(block, 0, first), between(block, first, len(block.ends))


def gathered(packets: Sequence[RawPacket]) -> list[PacketBlock]:
    """Return packets, each sensor's in order of arrival, as a block a sensor and channel."""
    sorted_out: dict[tuple[str, str], list[RawPacket]] = {}
    for packet in packets:
        sorted_out.setdefault((packet.sensor, packet.channel), []).append(packet)
    return [_block(own) for own in sorted_out.values()]


def single_packets(block: PacketBlock) -> list[RawPacket]:
    """Return the packets of a block one by one."""
    ends = block.ends.tolist()
    return [
        RawPacket(block.sensor, arrival, block.payload[begin:end], block.channel)
        for arrival, begin, end in zip(
            block.arrival_ns.tolist(), [0, *ends[:-1]], ends, strict=True
        )
    ]


def _block(packets: Sequence[RawPacket]) -> PacketBlock:
    payloads = [packet.payload for packet in packets]
    return PacketBlock(
        packets[0].sensor,
        packets[0].channel,
        np.array([packet.arrival_ns for packet in packets], np.int64),
        b"".join(payloads),
        np.array([*itertools.accumulate(map(len, payloads))], np.int64),
    )
