"""Cut and join blocks of packets; every byte and every arrival stays as it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.messages import PacketBlock


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
    """Return the packets of ``blocks``, which are of one sensor and channel, as one block."""
    if len(blocks) == 1:
        return blocks[0]
    lengths = [len(block.payload) for block in blocks]
    offsets = np.cumsum([0, *lengths[:-1]])
    return PacketBlock(
        blocks[0].sensor,
        blocks[0].channel,
        np.concatenate([block.arrival_ns for block in blocks]),
        b"".join(block.payload for block in blocks),
        np.concatenate([b.ends + offset for b, offset in zip(blocks, offsets, strict=True)]),
    )
