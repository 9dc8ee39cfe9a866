"""From packets as they arrive to the pipe, and from the pipe to whoever listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.streams import Streams
from gateway.messages import (
    BodyBlock,
    Cue,
    ImuBlock,
    Message,
    PacketBlock,
    RawPacket,
    Repetition,
    Stride,
    Tick,
)
from gateway.sources import Source
from gateway.stage import Chain

IDLE_S = 0.02
"""At the latest so often is looked at what has arrived."""
SOON_S = 0.001
"""At the earliest after so long is looked again for a hop whose hold-back is over."""
OUT_S = 0.001
"""So long the loop has, after a hop, to send what it led to before anything else is done."""


class Latency(msgspec.Struct, frozen=True):
    """Percentiles of a delay in milliseconds; None where nothing was measured."""

    p50: float | None
    p99: float | None


class Figures(msgspec.Struct, frozen=True):
    """What a run came to; ``latency_ms`` from complete data to feedback handed out."""

    seconds: float
    samples: int
    lost: int
    strides: int
    repetitions: int
    cues: int
    mqtt_messages: int
    latency_ms: Latency


class Counter:
    """Counts what passes, for the summary of a run."""

    def __init__(self) -> None:
        self.samples = self.lost = self.strides = self.repetitions = self.cues = 0
        self.delays_ms: list[float] = []

    def count(self, produced: Sequence[Message]) -> None:
        """Add what the pipe produced."""
        for message in produced:
            match message:
                case ImuBlock():
                    self.samples += len(message.stream)
                    self.lost += int(message.lost.sum())
                case Stride():
                    self.strides += 1
                case Repetition():
                    self.repetitions += 1
                case Cue():
                    self.cues += 1
                case _:
                    pass

    def figures(self, seconds: float, mqtt_messages: int = 0) -> Figures:
        """Return the summary so far."""
        return Figures(
            seconds=round(seconds, 2),
            samples=self.samples,
            lost=self.lost,
            strides=self.strides,
            repetitions=self.repetitions,
            cues=self.cues,
            mqtt_messages=mqtt_messages,
            latency_ms=percentiles(self.delays_ms),
        )


def percentiles(values: Sequence[float]) -> Latency:
    """Return the median and the 99th percentile, rounded to 10 µs."""
    if not values:
        return Latency(None, None)
    p50, p99 = np.percentile(values, [50, 99])
    return Latency(round(float(p50), 2), round(float(p99), 2))


class NextHop:
    """What the next hop waits for: sensors that have not reached its end, and its hold-back.

    ``end_ns`` is the time of its last sample on the arrival clock.
    """

    def __init__(self, source: Source, hop_samples: int, hold_back_s: float) -> None:
        streams = Streams.of(source.sensors)
        self._names = [source.sensors[owner].sensor for owner in streams.sensor]
        self._reached_ns = np.full(len(self._names), -1, np.int64)
        self._origin_ns = source.origin_ns
        self._period_ns = 1e9 / source.grid_rate_hz
        self._hop = hop_samples
        self._hold_back_ns = round(hold_back_s * 1e9)
        self.end_ns = self._time_ns(hop_samples - 1)

    @property
    def due_ns(self) -> int:
        """Arrival time at which the hold-back is over."""
        return self.end_ns + self._hold_back_ns

    def note(self, produced: Sequence[Message]) -> None:
        """See from what the pipe produced how far the sensors and the grid have come."""
        for message in produced:
            if isinstance(message, ImuBlock):
                self._reached_ns[message.stream] = message.host_ns
            elif isinstance(message, BodyBlock):
                last = message.start + len(message.acc) - 1
                self.end_ns = self._time_ns(last + self._hop)

    def awaited(self) -> set[str]:
        """Return the sensors that have not delivered the hop to its end."""
        behind = (self._reached_ns < self.end_ns).tolist()
        return {name for name, waits in zip(self._names, behind, strict=True) if waits}

    def _time_ns(self, index: int) -> int:
        return self._origin_ns + int(index * self._period_ns)


class Pump:
    """Runs the pipe on what a source emits, in the event loop.

    A turn comes once every sensor that the next hop waits for has been heard, or the hold-back is
    over: a turn a packet would cost more than the hops themselves. ``listen`` is called at once
    with the results of every turn; ``record``, with packets and results, once they are out.
    ``ended_ns`` is the arrival clock that the pipe was told last.
    """

    def __init__(
        self,
        source: Source,
        chain: Chain,
        next_hop: NextHop,
        listen: Callable[[Sequence[Message]], None],
        record: Callable[[Sequence[PacketBlock], Sequence[Message]], None],
    ) -> None:
        self.counter = Counter()
        self.ended_ns = source.origin_ns
        self._source = source
        self._chain = chain
        self._listen = listen
        self._record = record
        self._unrecorded: deque[tuple[Sequence[PacketBlock], Sequence[Message]]] = deque()
        self._inbox: list[RawPacket] = []
        self._next_hop = next_hop
        self._awaited = next_hop.awaited()
        self._wake = asyncio.Event()

    def emit(self, packet: RawPacket) -> None:
        """Take a packet as it arrives."""
        self._inbox.append(packet)
        # What arrived before the hop's end was taken before it, so it cannot complete the hop.
        if packet.arrival_ns >= self._next_hop.end_ns:
            self._awaited.discard(packet.sensor)
            if not self._awaited:
                self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = (self._next_hop.due_ns - self._source.now_ns()) * 1e-9
            due = loop.call_later(min(max(due_s, SOON_S), IDLE_S), self._wake.set)
            await self._wake.wait()
            due.cancel()
            self._wake.clear()
            if self._turn():
                await asyncio.sleep(OUT_S)
                self._record_all()

    def finish(self) -> None:
        """Work on the rest once the source has ended, and flush the pipe."""
        self._turn()
        self._tell([], self._chain.flush())
        self._record_all()

    def _turn(self) -> bool:
        """Work on what has arrived; return whether a hop came of it."""
        complete_ns = self._source.complete_ns()
        packets, self._inbox = self._inbox, []
        blocks = gathered(packets)
        produced = [message for block in blocks for message in self._chain.push(block)]
        produced += self._chain.push(Tick(complete_ns))
        self.ended_ns = complete_ns
        self._tell(blocks, produced)
        self._next_hop.note(produced)
        self._awaited = self._next_hop.awaited()
        return any(isinstance(message, BodyBlock) for message in produced)

    def _tell(self, blocks: Sequence[PacketBlock], produced: Sequence[Message]) -> None:
        self._listen(produced)
        self._unrecorded.append((blocks, produced))
        now_ns = self._source.now_ns()
        self.counter.delays_ms += [
            (now_ns - message.ready_ns) * 1e-6
            for message in produced
            if isinstance(message, BodyBlock)
        ]

    def _record_all(self) -> None:
        while self._unrecorded:
            blocks, produced = self._unrecorded.popleft()
            self._record(blocks, produced)
            self.counter.count(produced)
