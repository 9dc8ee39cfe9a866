"""Does every sample that sensors made come, or is it declared lost?

    python -m tests.gateway.radio.accounting --minutes 10
    python -m tests.gateway.radio.accounting --minutes 1 --loss 0.02 --drop-every 20 --still 10

Eight virtual sensors of eight makers stream through the real bleak and the pipe's first stages.
Then the books are balanced, sensor by sensor: notifications that went on the air against those
that came, or that a broken-off start told to be of no use; and samples that the driver reads in
all that the sensor made, from the first notification that came over a connection to the last,
against those that left ``Decode`` and those that it declared lost. Where a counter may have begun
again unseen, that is not known, and told so. Beside that stands what the processor did meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext

import numpy as np

from gateway.decoding.packet_blocks import single_packets
from gateway.decoding.stage import Decode
from gateway.decoding.streams import Streams
from gateway.grid.stage import Align
from gateway.messages import (
    ImuBlock,
    LinkNews,
    LinkState,
    Message,
    PacketBlock,
    SensorSpec,
)
from gateway.pump import NextHop, Pump
from gateway.radio.bleak_link import BleakRadio
from gateway.sources.bluetooth import BluetoothSource
from gateway.stage import Chain
from simulators.places import PLACES
from simulators.radio_world.hosted import Conditions, HostedSensor
from simulators.radio_world.world import Worn, open_world
from tests.gateway.radio.books import Books, Came, balance
from tests.gateway.radio.ledger import Ledger
from tests.gateway.radio.processor import watched_processor
from tests.services.wait import until

KINDS = {
    "movella_dot": 60.0,
    "metamotion": 100.0,
    "movesense": 104.0,
    "polar_pmd": 104.0,
    "esense": 100.0,
    "openearable": 200.0,
    "layout": 100.0,
    "muse": 52.0,
}
"""One of each maker whose packets carry a clock or a counter; together 820 samples a second."""
HOP, HOLD_BACK_S = 2, 0.06
Keep = Callable[[Sequence[PacketBlock], Sequence[Message]], None]


class Pipe:
    """The first stages of the pipe, driven as the service drives them; ``keep`` has what is in."""

    def __init__(self, source: BluetoothSource, keep: Keep) -> None:
        self._names = [spec.sensor for spec in source.sensors]
        self._owner = Streams.of(source.sensors).sensor
        self.received, self.declared = np.zeros((2, len(source.sensors)), np.int64)
        self.segments: set[tuple[int, int]] = set()
        self._links: dict[str, LinkState | None] = dict.fromkeys(self._names)
        align = Align(
            "p",
            source.sensors,
            source.origin_ns,
            100.0,
            hold_back_s=HOLD_BACK_S,
            bridge_s=0.1,
            hop_samples=HOP,
        )
        chain = Chain([Decode(source.sensors), align])
        next_hop = NextHop(source, HOP, HOLD_BACK_S)
        self.pump = Pump(source, chain, next_hop, self._count, keep)

    def all_stream(self) -> bool:
        """Say whether every sensor streams now."""
        return set(self._links.values()) == {LinkState.STREAMING}

    def _count(self, produced: Sequence[Message]) -> None:
        for told in produced:
            if isinstance(told, ImuBlock):
                owner, size = self._owner[told.stream], len(self._names)
                self.received += np.bincount(owner, minlength=size)
                np.add.at(self.declared, owner, told.lost)
                self.segments |= set(zip(owner.tolist(), told.segment.tolist(), strict=True))
            elif isinstance(told, LinkNews):
                self._links[told.sensor] = told.link


async def keep_books(
    seconds: float,
    conditions: Conditions,
    *,
    drop_every_s: float = float("inf"),
    still_s: float = 0.0,
    seed: int = 1,
) -> list[Books]:
    """Let all stream for so long, one of them dropping its link now and then; balance the books.

    Halfway the whole process stands still for ``still_s``.
    """
    worn = _one_of_each_kind()
    specs = [SensorSpec(one.address, one.place, one.driver, KINDS[one.driver]) for one in worn]
    adapters = ("hci0", "hci1")
    async with open_world(worn, adapters=adapters, conditions=conditions, seed=seed) as world:
        radio = BleakRadio(adapters, **world.backend)
        source = BluetoothSource("p", specs, 100.0, nullcontext(radio))
        packets: dict[str, list[Came]] = defaultdict(list)

        def keep(blocks: Sequence[PacketBlock], _: Sequence[Message]) -> None:
            for block in blocks:
                packets[block.sensor] += [
                    (p.channel, p.payload, p.arrival_ns) for p in single_packets(block)
                ]

        pipe, sensors = Pipe(source, keep), list(world.sensors.values())
        ledgers = [Ledger(sensor.peripheral) for sensor in sensors]
        for sensor, ledger in zip(sensors, ledgers, strict=True):
            sensor.peripheral = ledger
        async with _running(source, pipe, sensors):
            asyncio.get_running_loop().call_later(seconds / 2, time.sleep, still_s)
            await _let_them_stream(seconds, sensors, drop_every_s)
        pipe.pump.finish()
    return [
        balance(
            spec,
            ledger.connections,
            packets[spec.sensor],
            sent=sensor.account.sent,
            received=int(received),
            declared=int(declared),
            segments=sum(owner == number for owner, _ in pipe.segments),
        )
        for number, (spec, sensor, ledger, received, declared) in enumerate(
            zip(specs, sensors, ledgers, pipe.received, pipe.declared, strict=True)
        )
    ]


@asynccontextmanager
async def _running(
    source: BluetoothSource, pipe: Pipe, sensors: Sequence[HostedSensor]
) -> AsyncIterator[None]:
    """Run the source into the pipe: all stream as the context begins, and are left at its end."""
    pumping = asyncio.create_task(pipe.pump.run())
    running = asyncio.create_task(source.run(pipe.pump.emit))
    await until(pipe.all_stream, "all stream", 60)
    yield
    await until(pipe.all_stream, "all stream again", 60)
    before = pipe.received.copy()
    await until(lambda: bool((pipe.received > before).all()), "all are received", 60)
    await _cancelled(running)
    # Who left in haste may still be heard for a moment.
    await until(lambda: not any(sensor.connected for sensor in sensors), "all are left", 60)
    await _cancelled(pumping)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=20)
    assert task.cancelled(), task.exception()


def _one_of_each_kind() -> list[Worn]:
    return [
        Worn(kind, place, f"D4:22:CD:00:00:{number:02X}")
        for number, (kind, place) in enumerate(zip(KINDS, PLACES, strict=True), start=1)
    ]


async def _let_them_stream(
    seconds: float, sensors: Sequence[HostedSensor], drop_every_s: float
) -> None:
    end_s, drops = time.monotonic() + seconds, 0
    while (left_s := end_s - time.monotonic()) > drop_every_s:
        await asyncio.sleep(drop_every_s)
        await sensors[drops % len(sensors)].drop()
        drops += 1
    await asyncio.sleep(left_s)


def _table(books: Sequence[Books]) -> str:
    """Return the books as a table."""
    columns = ("connections", "sent", "came", "unused", "made", "received", "declared")
    rows: list[tuple[str, ...]] = [("sensor", *columns, "balanced")]
    rows += [(b.kind, *(str(getattr(b, c)) for c in columns), _word(b)) for b in books]
    return "".join("  ".join(cell.rjust(11) for cell in row) + "\n" for row in rows)


def _word(books: Books) -> str:
    if not books.balanced:
        return "NO"
    return "yes" if books.exact else "unknown"


def main() -> int:
    """Keep the books for so long; return 1 if they do not balance."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateway.radio.accounting")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--loss", type=float, default=0.0, help="share of notifications lost")
    parser.add_argument("--drop-every", type=float, default=float("inf"), metavar="SECONDS")
    parser.add_argument(
        "--still", type=float, default=0.0, metavar="SECONDS", help="stand still once, for so long"
    )
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    conditions = Conditions(loss=asked.loss)
    with watched_processor() as processor:
        books = asyncio.run(
            keep_books(
                asked.minutes * 60,
                conditions,
                drop_every_s=asked.drop_every,
                still_s=asked.still,
                seed=asked.seed,
            )
        )
    made_hz = sum(one.made for one in books) / (60 * asked.minutes)
    sys.stdout.write(f"{_table(books)}\n{made_hz:8.0f}  samples a second\n{processor.told()}")
    return 0 if all(one.balanced for one in books) else 1


if __name__ == "__main__":
    sys.exit(main())
