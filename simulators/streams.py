"""Packets on their way: what has been sent and not yet been taken."""

from __future__ import annotations

import numpy as np

from gateway.messages import IntArray, PacketBlock


class Stream:
    """The packets of one sensor and channel, in order of arrival."""

    def __init__(self, sensor: str, channel: str) -> None:
        self.newest_ns = 0
        self._sensor = sensor
        self._channel = channel
        self._payload = b""
        self._ends: IntArray = np.empty(0, np.int64)
        self._arrival_ns: IntArray = np.empty(0, np.int64)
        self._taken = 0

    @property
    def empty(self) -> bool:
        """Whether nothing is on its way."""
        return self._taken == len(self._ends)

    def add(self, payload: bytes, ends: IntArray, arrival_ns: IntArray) -> None:
        """Add packets that arrive after all the others."""
        if not len(ends):
            return
        done = int(self._ends[self._taken - 1]) if self._taken else 0
        left = self._payload[done:]
        self._ends = np.concatenate([self._ends[self._taken :] - done, ends + len(left)])
        self._arrival_ns = np.concatenate([self._arrival_ns[self._taken :], arrival_ns])
        self._payload = left + payload
        self._taken = 0
        self.newest_ns = int(arrival_ns[-1])

    def take(self, until_ns: int) -> PacketBlock | None:
        """Take the packets that arrive before ``until_ns``; None where there are none."""
        first, last = self._taken, int(np.searchsorted(self._arrival_ns, until_ns))
        if last == first:
            return None
        start = int(self._ends[first - 1]) if first else 0
        self._taken = last
        return PacketBlock(
            sensor=self._sensor,
            channel=self._channel,
            arrival_ns=self._arrival_ns[first:last].copy(),
            payload=self._payload[start : int(self._ends[last - 1])],
            ends=self._ends[first:last] - start,
        )
