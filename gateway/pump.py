"""From packets as they arrive to the pipe, and from the pipe to whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

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
from gateway.packet_blocks import gathered
from gateway.sources import Source
from gateway.stage import Chain

GATHER_S = 0.002
"""After a packet, others that come with it are waited for so long: one turn serves them all."""
IDLE_S = 0.02
"""Without any packet, so often is looked for grid samples whose hold-back is over."""


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
                    self.samples += len(message.sensor)
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


class Pump:
    """Runs the pipe on what a source emits, in the event loop, a few milliseconds at a time.

    ``listen`` is called with the packets and results of every turn.
    """

    def __init__(
        self,
        source: Source,
        chain: Chain,
        listen: Callable[[Sequence[PacketBlock], Sequence[Message]], None],
    ) -> None:
        self.counter = Counter()
        self._source = source
        self._chain = chain
        self._listen = listen
        self._inbox: list[RawPacket] = []
        self._wake = asyncio.Event()

    def emit(self, packet: RawPacket) -> None:
        """Take a packet as it arrives."""
        self._inbox.append(packet)
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._packets_or_idle()
            self.turn()

    def turn(self) -> None:
        """Work on what has arrived."""
        complete_ns = self._source.complete_ns()
        packets, self._inbox = self._inbox, []
        self._wake.clear()
        blocks = gathered(packets)
        produced = [message for block in blocks for message in self._chain.push(block)]
        produced += self._chain.push(Tick(complete_ns))
        self._tell(blocks, produced)

    def finish(self) -> None:
        """Work on the rest once the source has ended, and flush the pipe."""
        self.turn()
        self._tell([], self._chain.flush())

    def _tell(self, blocks: Sequence[PacketBlock], produced: Sequence[Message]) -> None:
        self._listen(blocks, produced)
        self.counter.count(produced)
        now_ns = self._source.now_ns()
        self.counter.delays_ms += [
            (now_ns - message.ready_ns) * 1e-6
            for message in produced
            if isinstance(message, BodyBlock)
        ]

    async def _packets_or_idle(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_S)
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)
