"""When a sensor is held to be silent, and what becomes of a link that it left."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext

from gateway.drivers.movella_dot import CONTROL, LONG
from gateway.link_state import read_state
from gateway.messages import LinkState, Place, RawPacket, SensorSpec
from gateway.sources.bluetooth import BluetoothSource
from simulators.peripherals.movella_dot import VirtualMovellaDot
from tests.gateway.radio.scripted import ScriptedLink, ScriptedRadio
from tests.services.wait import until

SLOW_S = 0.6
"""Between packets: three of these are well above the second that is allowed to a fast sensor."""


class LinkToDot(ScriptedLink):
    """A link to a virtual Movella DOT that streams only what the test notifies."""

    def __init__(self) -> None:
        super().__init__()
        self._dot = VirtualMovellaDot("D4:22:CD:00:00:01")

    async def write(
        self, characteristic: str, payload: bytes, *, response: bool, service: str = ""
    ) -> None:
        await super().write(characteristic, payload, response=response, service=service)
        self._dot.written(characteristic, payload, service)

    async def read(self, characteristic: str, service: str = "") -> bytes:
        return self._dot.read(characteristic, service)


class OneSensor:
    """A source with one sensor, on a radio that does what it is told."""

    def __init__(self) -> None:
        self.radio = ScriptedRadio({"": {"A": -50}}, LinkToDot)
        self.packets: list[RawPacket] = []
        spec = SensorSpec("a", Place.PELVIS, "movella_dot", 60.0)
        source = BluetoothSource("p", [spec], 100.0, nullcontext(self.radio))
        self.running = asyncio.create_task(source.run(self.packets.append))

    async def link(self, number: int = 1) -> ScriptedLink:
        """Return the first link, or another, once the sensor was started over it."""
        links = self.radio.links
        await until(lambda: len(links) == number and len(links[-1].written) == 2, "started")
        return links[-1]

    def states(self) -> list[LinkState]:
        return [read_state(p.payload).state for p in self.packets if p.channel == "state"]

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.wait({self.running}, timeout=10)
        assert self.running.cancelled(), self.running.exception()


async def test_a_slow_sensor_may_be_silent_for_three_of_its_periods() -> None:
    going = OneSensor()
    link = await going.link()
    for number in range(6):
        link.notify(bytes([number]), LONG)
        await asyncio.sleep(SLOW_S)
    last_ns = going.packets[-1].arrival_ns
    assert going.states()[-1] == LinkState.STREAMING
    await until(lambda: LinkState.STALLED in going.states(), "its silence is noticed")
    noticed_s = (time.monotonic_ns() - last_ns) * 1e-9
    assert 2.5 * SLOW_S < noticed_s < 3.5 * SLOW_S
    link.notify(b"again", LONG)
    await until(lambda: going.states()[-1] == LinkState.STREAMING, "it streams again")
    await going.end()
    assert link.written[-1] == (CONTROL, bytes([1, 0, 26]), True), "it was stopped"


async def test_after_a_lost_link_the_system_forgets_the_sensor_and_it_is_not_told_to_stop() -> None:
    going = OneSensor()
    link = await going.link()
    link.notify(b"1", LONG)
    await until(lambda: LinkState.STREAMING in going.states(), "it streams")
    going.radio.lost()
    await going.link(2)
    assert going.radio.forgotten == ["A"]
    assert len(link.written) == 2
    await going.end()


async def test_a_sensor_that_was_started_and_sends_nothing_is_started_again() -> None:
    going = OneSensor()
    await going.link()
    await going.link(2)
    assert going.states().count(LinkState.LOST) == 1
    assert LinkState.STREAMING not in going.states()
    await going.end()


async def test_an_end_that_comes_with_a_loss_is_an_end() -> None:
    going = OneSensor()
    link = await going.link()
    link.notify(b"1", LONG)
    await until(lambda: LinkState.STREAMING in going.states(), "it streams")
    going.radio.lost()
    await going.end()
