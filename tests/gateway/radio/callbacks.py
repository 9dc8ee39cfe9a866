"""Is anything lost between bleak's callbacks and the pipe?

    python -m tests.gateway.radio.callbacks --minutes 60

Eight sensors notify a sample each 10 ms, at connection events of their own every 15 ms, through
the real bleak, the gateway's radio and queue, and the pipe's first stages; no radio is between
them. Time is simulated, so an hour takes minutes. As on a machine that is busy, the process
stands still now and then, and what came meanwhile comes at once. Counted are the calls of bleak's
callbacks, the packets in the blocks that went into the pipe, and the samples that left ``Decode``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from gateway.link_state import SETTINGS_CHANNEL, STATE_CHANNEL
from gateway.messages import IntArray, Message, PacketBlock, SensorSpec, message
from gateway.radio.bleak_link import BleakRadio
from gateway.sources.bluetooth import BluetoothSource
from simulators.peripherals import Movement
from simulators.peripherals.esense import VirtualESense
from simulators.places import PLACES
from tests.gateway.radio.accounting import Pipe
from tests.gateway.radio.direct import DirectClient, DirectScanner, DirectSensor
from tests.gateway.radio.simulated_time import SimulatedTime
from tests.services.wait import until

RATE_HZ, INTERVAL_S = 100.0, 0.015
PERIOD_NS = round(1e9 / RATE_HZ)
STILL_EVERY_S, STILL_S, STILL_AT_MOST_S = 5.0, 0.05, 0.5
"""The process stands still about so often, for so long on average; longer would be a stall."""
_OF_THE_GATEWAY = (STATE_CHANNEL, SETTINGS_CHANNEL)


@message
class Passed:
    """How many of a sensor's notifications came how far; its counter misses ``lost``."""

    sensor: str
    stamped: int
    in_blocks: int
    samples: int
    lost: int

    @property
    def whole(self) -> bool:
        """Whether every notification came into the pipe, and its sample out of its first stage."""
        return self.stamped == self.in_blocks == self.samples and not self.lost


def count(seconds: float, seed: int = 1) -> list[Passed]:
    """Let eight sensors notify for so long, of simulated time."""
    clock = SimulatedTime()
    return clock.run(_count(seconds, clock, np.random.default_rng(seed)))


async def _count(seconds: float, clock: SimulatedTime, rng: np.random.Generator) -> list[Passed]:
    names = [f"D4:22:CD:00:00:{number:02X}" for number in range(1, len(PLACES) + 1)]
    sensors = {name: DirectSensor(VirtualESense(name)) for name in names}
    specs = [
        SensorSpec(name, place, VirtualESense.name, RATE_HZ)
        for name, place in zip(names, PLACES, strict=True)
    ]
    adapters = ("hci0", "hci1")
    radio = BleakRadio(adapters, DirectScanner, DirectClient, {"sensors": sensors})
    source = BluetoothSource("p", specs, RATE_HZ, nullcontext(radio))
    in_blocks = Counter[str]()

    def keep(blocks: Sequence[PacketBlock], _: Sequence[Message]) -> None:
        for block in blocks:
            if block.channel not in _OF_THE_GATEWAY:
                in_blocks[block.sensor] += len(block.ends)

    pipe = Pipe(source, keep)
    pumping = asyncio.create_task(pipe.pump.run())
    running = asyncio.create_task(source.run(pipe.pump.emit))
    await until(lambda: all(sensor.callbacks for sensor in sensors.values()), "all are connected")
    sending = [
        asyncio.create_task(_send(s, clock, rng.uniform(0, INTERVAL_S))) for s in sensors.values()
    ]
    standing = asyncio.create_task(_stand_still(clock, rng))
    await asyncio.sleep(seconds)
    for task in (*sending, standing, running, pumping):
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled(), task.exception()
    pipe.pump.finish()
    return [
        Passed(name, sensor.called, in_blocks[name], int(received), int(declared))
        for (name, sensor), received, declared in zip(
            sensors.items(), pipe.received, pipe.declared, strict=True
        )
    ]


async def _send(sensor: DirectSensor, clock: SimulatedTime, phase_s: float) -> None:
    """Let a sensor notify what it has felt, connection event by connection event."""
    loop = asyncio.get_running_loop()
    began_ns, event_s, taken = clock.now_ns(), loop.time() + phase_s, 0
    while True:
        await asyncio.sleep(event_s - loop.time())
        event_s += INTERVAL_S
        due = (clock.now_ns() - began_ns) // PERIOD_NS
        sensor.feel(_lying(np.arange(taken, due)))
        taken = due


def _lying(index: IntArray) -> Movement:
    """Return the samples (N,) of a sensor that lies still."""
    acc, gyr, quat = (np.zeros((len(index), width)) for width in (3, 3, 4))
    acc[:, 2], quat[:, 0] = 9.81, 1.0
    return Movement(index * PERIOD_NS, acc, gyr, quat)


async def _stand_still(clock: SimulatedTime, rng: np.random.Generator) -> None:
    while True:
        await asyncio.sleep(rng.exponential(STILL_EVERY_S))
        clock.stand_still(min(rng.exponential(STILL_S), STILL_AT_MOST_S))


def _table(passed: Sequence[Passed]) -> str:
    columns = ("sensor", "stamped", "in_blocks", "samples", "lost")
    rows = [columns, *(tuple(str(getattr(one, name)) for name in columns) for one in passed)]
    lost = sum(one.stamped - one.in_blocks for one in passed)
    table = "".join("  ".join(cell.rjust(17) for cell in row) + "\n" for row in rows)
    return f"{table}\nlost between callback and pipe: {lost}\n"


def main() -> int:
    """Count for so long; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateway.radio.callbacks")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    passed = count(asked.minutes * 60, asked.seed)
    sys.stdout.write(_table(passed))
    return 0 if all(one.whole for one in passed) else 1


if __name__ == "__main__":
    sys.exit(main())
