"""A gateway's sensors in a virtual world, through the real bleak, and what is told of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Protocol

from gateway.link_state import SensorState, read_state
from gateway.messages import LinkState, Place, RawPacket, SensorSpec
from gateway.radio.bleak_link import BleakRadio
from gateway.sources import Emit
from gateway.sources.bluetooth import BluetoothSource
from simulators.radio_world.hosted import Conditions, HostedSensor
from simulators.radio_world.world import RadioWorld, Worn, open_world
from tests.services.wait import until

PLACES = tuple(Place)
STEADY = Conditions(stall_every_s=float("inf"))
"""A link on which nothing happens by chance."""


def dots(count: int) -> tuple[Worn, ...]:
    """So many Movella DOTs."""
    return tuple(
        Worn("movella_dot", place, f"D4:22:CD:00:00:{number:02X}")
        for number, place in enumerate(PLACES[:count], start=1)
    )


class Runs(Protocol):
    """A source, as far as it is needed here."""

    async def run(self, emit: Emit) -> None:
        """Emit packets as they arrive, until cancelled."""


class Session:
    """A source at work, and all it has emitted."""

    def __init__(self, world: RadioWorld, source: Runs, patience_s: float = 20.0) -> None:
        self.world = world
        self._patience_s = patience_s
        self.sensors: list[HostedSensor] = list(world.sensors.values())
        self.packets: list[RawPacket] = []
        self.running = asyncio.create_task(source.run(self.packets.append))

    def of(self, sensor: HostedSensor, channel: str = "motion") -> list[RawPacket]:
        """Return the packets of a sensor's channel."""
        return [p for p in self.packets if (p.sensor, p.channel) == (sensor.address, channel)]

    def states(self, sensor: HostedSensor) -> list[SensorState]:
        """Return the states that a sensor went through."""
        return [read_state(packet.payload) for packet in self.of(sensor, "state")]

    def state(self, sensor: HostedSensor) -> LinkState | None:
        """Return the state that a sensor is in."""
        states = self.states(sensor)
        return states[-1].state if states else None

    async def reach(self, state: LinkState, *sensors: HostedSensor) -> None:
        """Wait until sensors (all of them, if none is named) are in a state."""
        waited = sensors or self.sensors
        await until(
            lambda: all(self.state(sensor) == state for sensor in waited),
            f"all are {state}",
            self._patience_s,
        )

    async def pass_through(self, state: LinkState, sensor: HostedSensor, count: int = 1) -> int:
        """Wait until a sensor has been in a state so often; return when (ns)."""

        def times() -> list[int]:
            told = self.of(sensor, "state")
            return [p.arrival_ns for p in told if read_state(p.payload).state == state]

        await until(
            lambda: len(times()) >= count, f"{state} for the {count}. time", self._patience_s
        )
        return times()[count - 1]

    async def more(self, sensor: HostedSensor, count: int = 30) -> None:
        """Wait for so many more motion packets of a sensor."""
        wanted = len(self.of(sensor)) + count
        await until(
            lambda: len(self.of(sensor)) >= wanted, f"{count} packets more", self._patience_s
        )

    async def end(self) -> None:
        """End the source as the service does."""
        self.running.cancel()
        await asyncio.wait({self.running}, timeout=self._patience_s)
        assert self.running.cancelled(), self.running.exception()


@asynccontextmanager
async def session(
    worn: Sequence[Worn],
    *,
    specs: Sequence[SensorSpec] | None = None,
    conditions: Conditions = STEADY,
    **world: Any,
) -> AsyncIterator[Session]:
    """Open a world, and stream its sensors."""
    async with open_world(worn, conditions=conditions, **world) as opened:
        adapters = tuple(opened.adapters) if len(opened.adapters) > 1 else ()
        wanted = specs or [SensorSpec(w.address, w.place, w.driver, 60.0) for w in worn]
        radio = BleakRadio(adapters, **opened.backend)
        source = BluetoothSource("p", wanted, 100.0, nullcontext(radio))
        going = Session(opened, source)
        try:
            yield going
        finally:
            await going.end()


def ms_since(then_ns: int) -> float:
    """Return milliseconds since a moment of the host's monotonic clock."""
    return (time.monotonic_ns() - then_ns) * 1e-6
