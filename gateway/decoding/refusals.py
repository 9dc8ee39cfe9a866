"""Which packets and samples could not be read, and between which samples they lay."""

from __future__ import annotations

import numpy as np

from gateway.decoding.packet_blocks import between
from gateway.decoding.readings import Packets
from gateway.drivers import Driver, Settings
from gateway.messages import IntArray, PacketBlock
from gateway.runs import Runs


def refused_by_packet(
    driver: Driver, channel: str, block: PacketBlock, settings: Settings, total: int
) -> IntArray:
    """Return how many refusals each packet (P,) of a block is to blame for; ``total`` in all.

    A driver says how many, not where. Refusals are rare, so the block is halved until it is clear;
    what a driver that joins packets refuses is told of its last packet.
    """
    counts = np.zeros(len(block.ends), np.int64)
    if total == 0:
        return counts
    if len(counts) == 1 or not driver.independent:
        counts[-1:] = total
        return counts
    middle = len(counts) // 2
    for part in (slice(0, middle), slice(middle, len(counts))):
        half = between(block, part.start, part.stop)
        own = sum(driver.decode(channel, half, settings).refused.values())
        counts[part] = refused_by_packet(driver, channel, half, settings, own)
    return counts


def refused_before(
    packets: Packets, packet: IntArray, kept: IntArray, carried: IntArray
) -> IntArray:
    """Return how many refusals lie just before each kept row (N,).

    ``packet`` (M,) is the packet of every row that was read, and ``kept`` (N,) are those among
    them that could be used. ``carried``, a value a stream, holds what no row has followed yet, and
    is updated.
    """
    owner, bad_packet = packets.stream, packets.refused
    if len(kept) == len(packet) and not np.count_nonzero(bad_packet):
        refused = np.zeros(len(kept), np.int64)
        if np.count_nonzero(carried) and len(kept):
            rows = Runs(owner[packet])
            refused[rows.start], carried[rows.sensors] = carried[rows.sensors], 0
        return refused
    bad_row = np.ones(len(packet), np.int64)
    bad_row[kept] = 0
    so_far = (bad_packet.cumsum()[packet] + bad_row.cumsum())[kept]
    refused = np.zeros(len(kept), np.int64)
    earlier = 0
    for who in Runs(owner).sensors.tolist():
        own = owner[packet][kept] == who
        total = int(bad_packet[owner == who].sum() + bad_row[owner[packet] == who].sum())
        steps = np.concatenate([[0], so_far[own] - earlier + carried[who]])
        refused[own] = np.diff(steps)
        carried[who] += total - int(steps[-1])
        earlier += total
    return refused
