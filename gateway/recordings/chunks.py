"""Recorded packets in chunks by arrival, as they once came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gateway.decoding.packet_blocks import between, joined
from gateway.journal.seconds import SECOND_NS
from gateway.messages import PacketBlock

_Held = dict[tuple[str, str], list[PacketBlock]]


def chunks(
    blocks: Iterable[PacketBlock], origin_ns: int, seconds: float
) -> Iterator[list[PacketBlock]]:
    """Yield the packets of consecutive ``seconds``, one block a sensor and channel.

    ``blocks`` lie each within one second since ``origin_ns`` and come in the order of their
    seconds. Chunks without a packet are empty lists; the last one holds the last packet.
    """
    held: _Held = {}
    index = 0
    for block in blocks:
        second = (int(block.arrival_ns[0]) - origin_ns) // SECOND_NS
        while _edge(index + 1, seconds) <= second * SECOND_NS:
            index += 1
            yield _taken(held, origin_ns + _edge(index, seconds))
        held.setdefault((block.sensor, block.channel), []).append(block)
    while held:
        index += 1
        yield _taken(held, origin_ns + _edge(index, seconds))


def _edge(index: int, seconds: float) -> int:
    return round(index * seconds * SECOND_NS)


def _taken(held: _Held, end_ns: int) -> list[PacketBlock]:
    """Take the packets that arrived before ``end_ns`` out of ``held``."""
    taken: list[PacketBlock] = []
    for stream, blocks in list(held.items()):
        block = joined(blocks)
        count = int(np.searchsorted(block.arrival_ns, end_ns))
        if count:
            taken.append(between(block, 0, count))
        if count < len(block.ends):
            held[stream] = [between(block, count, len(block.ends))]
        else:
            del held[stream]
    return taken
