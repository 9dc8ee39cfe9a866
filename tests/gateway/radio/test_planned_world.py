"""A plan over the virtual radio, in real time: what goes wrong in it, and that it heals."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import numpy as np
import pytest

from gateway.messages import LinkState, Place, SensorSpec
from gateway.radio.bleak_link import BleakRadio
from gateway.sources.bluetooth import BluetoothSource
from simulators.plans import Plan, WornSensor, address
from simulators.radio import Link
from simulators.radio_world.world import open_planned_world
from simulators.sensing.faults import Fault, FaultKind
from tests.gateway.radio.living import Session

BROKEN = (
    FaultKind.DISCONNECT,
    FaultKind.REFUSED,
    FaultKind.ELSEWHERE,
    FaultKind.RESTART,
    FaultKind.OUT_OF_RANGE,
)
STEADY = Link(loss=0.0, stall_every_s=1e9)
AT_S = 6.0


def planned(*kinds: FaultKind) -> Plan:
    """A sensor for each kind, which it befalls from 6 s for a second."""
    places = tuple(Place)[: len(kinds)]
    sensors = tuple(
        WornSensor(address(number), place, "movella_dot", 60.0)
        for number, place in enumerate(places, start=1)
    )
    faults = tuple(Fault(kind, place, AT_S, 1.0) for kind, place in zip(kinds, places, strict=True))
    return Plan("tried", "walk", 1, 60.0, sensors, radio=STEADY, faults=faults)


def source_of(plan: Plan, radio: BleakRadio) -> BluetoothSource:
    specs = [SensorSpec(w.address, w.place, w.driver, w.rate_hz) for w in plan.sensors]
    return BluetoothSource("p", specs, 100.0, nullcontext(radio))


async def test_links_that_break_come_back() -> None:
    plan = planned(*BROKEN)
    async with open_planned_world(plan, adapters=("hci0", "hci1")) as world:
        session = Session(world, source_of(plan, BleakRadio(("hci0", "hci1"), **world.backend)))
        await session.reach(LinkState.STREAMING)
        for sensor in session.sensors:
            await session.pass_through(LinkState.STREAMING, sensor, 2)
        await session.reach(LinkState.STREAMING)
        await asyncio.gather(*(session.more(sensor) for sensor in session.sensors))
        await session.end()


@pytest.mark.parametrize("kind", [FaultKind.DUPLICATED, FaultKind.OUT_OF_ORDER])
async def test_what_comes_twice_or_too_soon(kind: FaultKind) -> None:
    plan = planned(kind)
    async with open_planned_world(plan) as world:
        session = Session(world, source_of(plan, BleakRadio(("hci0",), **world.backend)))
        (sensor,) = session.sensors
        await session.reach(LinkState.STREAMING)
        await asyncio.gather(*(session.more(sensor, 60 * part) for part in range(1, 7)))
        await session.end()
    ticks = [int.from_bytes(packet.payload[:4], "little") for packet in session.of(sensor)]
    steps = np.diff(ticks)
    assert (steps < 0).any() == (kind is FaultKind.OUT_OF_ORDER)
    # On a busy machine some come twice too far apart to be told here; decoding leaves them out.
    assert np.count_nonzero(steps == 0) < 50
