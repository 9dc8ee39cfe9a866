"""Play a recording, real or simulated, as if its sensors sent now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from gateway.decoding.packet_blocks import single_packets
from gateway.messages import PacketBlock, RawPacket, SensorSpec
from gateway.recordings import Recording
from gateway.sources import Emit, Truth

CHUNK_S = 0.5


class Playback:
    """Emits each packet when its arrival comes round, at ``speed`` times real time.

    Arrivals keep the recording's clock, so what the pipe makes of them does not depend on how
    promptly they are played.
    """

    def __init__(
        self,
        recording: Recording,
        speed: float = 1.0,
        label: str = "recording",
        truth: Truth | None = None,
    ) -> None:
        self.label = label
        self.truth = truth
        self.person = recording.person
        self.sensors: Sequence[SensorSpec] = recording.sensors
        self.origin_ns = recording.origin_ns
        self.wall_origin_ns = time.time_ns()
        self.grid_rate_hz = recording.grid_rate_hz
        self.size = recording.size
        self._recording = recording
        self._speed = speed
        self._started_ns: int | None = None
        self._next_ns = recording.origin_ns

    def now_ns(self) -> int:
        """Return the recording's clock; it stands still until the play begins."""
        if self._started_ns is None:
            return self.origin_ns
        return self.origin_ns + round((time.monotonic_ns() - self._started_ns) * self._speed)

    def complete_ns(self) -> int:
        """Return the time up to which every packet has been emitted."""
        return min(self.now_ns(), self._next_ns)

    def host_ns(self, clock_ns: int) -> int:
        """Return the host's monotonic time at which the recording's clock shows ``clock_ns``."""
        started_ns = time.monotonic_ns() if self._started_ns is None else self._started_ns
        return started_ns + round((clock_ns - self.origin_ns) / self._speed)

    async def run(self, emit: Emit) -> None:
        """Play to the end."""
        chunks = self._recording.chunks(CHUNK_S)
        # A simulator may take a while over a chunk: it works in a thread, one chunk ahead.
        upcoming = asyncio.create_task(asyncio.to_thread(_next_packets, chunks))
        packets = await upcoming
        self._started_ns = time.monotonic_ns()
        while packets is not None:
            upcoming = asyncio.create_task(asyncio.to_thread(_next_packets, chunks))
            for packet in packets:
                await self._until(packet.arrival_ns)
                emit(packet)
            packets = await upcoming
        self._next_ns = self.now_ns()

    async def _until(self, arrival_ns: int) -> None:
        self._next_ns = arrival_ns - 1
        ahead_s = (arrival_ns - self.now_ns()) * 1e-9 / self._speed
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)


def _next_packets(chunks: Iterator[list[PacketBlock]]) -> list[RawPacket] | None:
    """Return the packets of the next chunk in order of arrival, None at the end."""
    blocks = next(chunks, None)
    if blocks is None:
        return None
    packets = [packet for block in blocks for packet in single_packets(block)]
    return sorted(packets, key=lambda packet: packet.arrival_ns)
