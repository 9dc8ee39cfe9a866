"""Packets and blocks in pieces of one second, the same however they were handed in."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gateway.decoding.packet_blocks import between, joined
from gateway.messages import BodyAngleBlock, EstimateBlock, IntArray, JointAngleBlock, PacketBlock

SECOND_NS = 1_000_000_000


class PacketRecorder:
    """Collects packets and gives them back in blocks of one second by arrival.

    A second closes for all sensors together, once a packet of a later one has come, so the blocks
    and their order do not depend on how the packets were handed in.
    """

    def __init__(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns
        self._open_second = -math.inf
        self._held: dict[tuple[str, str], list[PacketBlock]] = {}

    def push(self, blocks: Iterable[PacketBlock]) -> list[PacketBlock]:
        """Take the packets that have arrived and return the seconds they close."""
        newest = self._open_second
        for block in blocks:
            if len(block.arrival_ns):
                self._held.setdefault((block.sensor, block.channel), []).append(block)
                newest = max(newest, (int(block.arrival_ns[-1]) - self._origin_ns) // SECOND_NS)
        if newest == self._open_second:
            return []
        self._open_second = newest
        return self._close(self._origin_ns + int(newest) * SECOND_NS)

    def flush(self) -> list[PacketBlock]:
        """Return what is still held."""
        return self._close(None)

    def _close(self, end_ns: int | None) -> list[PacketBlock]:
        closed: list[PacketBlock] = []
        still_open: dict[tuple[str, str], list[PacketBlock]] = {}
        for stream in sorted(self._held):
            block = joined(self._held[stream])
            last = len(block.ends) if end_ns is None else _before(block.arrival_ns, end_ns)
            closed += self._seconds(between(block, 0, last))
            if last < len(block.ends):
                still_open[stream] = [between(block, last, len(block.ends))]
        self._held = still_open
        return sorted(closed, key=self._second_of)

    def _seconds(self, block: PacketBlock) -> list[PacketBlock]:
        if not len(block.ends):
            return []
        second = (block.arrival_ns - self._origin_ns) // SECOND_NS
        edges = [0, *(np.flatnonzero(np.diff(second)) + 1).tolist(), len(second)]
        return [between(block, *edge) for edge in itertools.pairwise(edges)]

    def _second_of(self, block: PacketBlock) -> int:
        return (int(block.arrival_ns[0]) - self._origin_ns) // SECOND_NS


def _before(arrival_ns: IntArray, end_ns: int) -> int:
    return int(np.searchsorted(arrival_ns, end_ns))


GridBlock = JointAngleBlock | BodyAngleBlock | EstimateBlock

_SAMPLED: dict[type[GridBlock], tuple[str, ...]] = {
    JointAngleBlock: ("angle_rad", "valid", "real"),
    BodyAngleBlock: ("angle_rad", "sd_rad", "valid", "real"),
    EstimateBlock: ("mean", "sd"),
}
"""The arrays with a row a sample, by kind of block."""


class BlockRecorder:
    """Joins the hops of one kind of block on the grid to blocks of one second by grid index.

    ``ready_ns`` is that of the hop that completed the second.
    """

    def __init__(self) -> None:
        self._held: list[GridBlock] = []
        self._next_index = 0
        self._next_edge = 0

    def push(self, block: GridBlock) -> list[GridBlock]:
        """Take a block and return the seconds it completes."""
        count = _length(block)
        if not count:
            return []
        done = [] if block.start == self._next_index else self.flush()
        if not self._held:
            self._next_edge = _edge_after(block.start, block.rate_hz)
        self._held.append(block)
        self._next_index = block.start + count
        return [*done, *self._complete()] if self._next_index >= self._next_edge else done

    def flush(self) -> list[GridBlock]:
        """Return what is still held."""
        held, self._held = self._held, []
        return [_join(held)] if held else []

    def _complete(self) -> list[GridBlock]:
        block = _join(self._held)
        edges = [block.start]
        while self._next_edge <= self._next_index:
            edges.append(self._next_edge)
            self._next_edge = _edge_after(self._next_edge, block.rate_hz)
        done = _pieces(block, edges)
        rest = [edges[-1], self._next_index]
        self._held = _pieces(block, rest) if rest[0] < rest[1] else []
        return done


def _edge_after(index: int, rate_hz: float) -> int:
    """Return the first grid index of the second after the one that ``index`` lies in."""
    second = math.floor(index / rate_hz)
    edge = math.ceil((second + 1) * rate_hz)
    return edge if edge > index else math.ceil((second + 2) * rate_hz)


def _length(block: GridBlock) -> int:
    return len(getattr(block, _SAMPLED[type(block)][0]))


def _join(blocks: Sequence[GridBlock]) -> GridBlock:
    if len(blocks) == 1:
        return blocks[0]
    first = blocks[0]
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in _SAMPLED[type(first)]
    }
    return dataclasses.replace(first, ready_ns=blocks[-1].ready_ns, **arrays)


def _pieces(block: GridBlock, edges: Sequence[int]) -> list[GridBlock]:
    """Return what lies between each two neighbours of ``edges`` on the grid."""
    make, sampled = type(block), _SAMPLED[type(block)]
    same = {field.name: getattr(block, field.name) for field in dataclasses.fields(block)}
    pieces: list[GridBlock] = []
    for first, last in itertools.pairwise(edges):
        span = slice(first - block.start, last - block.start)
        arrays = {name: same[name][span] for name in sampled}
        pieces.append(make(**{**same, "start": first, **arrays}))
    return pieces
