"""A world of virtual sensors and adapters around a simulated person, in one process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.messages import Place
from gateway.tasks import one_error
from simulators.movement.motion import Habits
from simulators.peripherals import maker, peripherals
from simulators.places import PLACES
from simulators.plans import Plan
from simulators.radio_world.adapter import Adapter
from simulators.radio_world.air import Air
from simulators.radio_world.bleak_backend import VirtualClient, VirtualScanner
from simulators.radio_world.fate import befall
from simulators.radio_world.hosted import Conditions, HostedSensor
from simulators.radio_world.performance import Performance
from simulators.sensing.clocks import Clock
from simulators.sensing.sensor import SensorGrade

_DRIFT_PPM = 50.0
_ON_FOR_S = 600.0


@dataclass(frozen=True)
class Worn:
    """A sensor that the person wears: for which driver, where (None: anywhere), its address."""

    driver: str
    place: Place | None
    address: str


def eight(driver: str = "movella_dot") -> tuple[Worn, ...]:
    """Return a sensor of one kind at every place."""
    return tuple(
        Worn(driver, place, f"D4:22:CD:00:00:{number:02X}")
        for number, place in enumerate(PLACES, start=1)
    )


@dataclass(frozen=True)
class RadioWorld:
    """The world while it is open.

    ``scanner`` and ``client`` are backends of bleak, to be given ``arguments``. The person began
    to move at ``began_ns`` of the host's monotonic clock.
    """

    sensors: Mapping[str, HostedSensor]
    adapters: Mapping[str, Adapter]
    air: Air
    began_ns: int

    @property
    def backend(self) -> dict[str, Any]:
        """Return what makes bleak use this world: scanner, client and their arguments."""
        return {
            "scanner": VirtualScanner,
            "client": VirtualClient,
            "arguments": {"adapters": self.adapters},
        }


@asynccontextmanager
async def open_world(
    worn: Sequence[Worn],
    *,
    adapters: Sequence[str] = ("hci0",),
    scenario: str = "walk",
    seed: int = 1,
    conditions: Conditions | None = None,
    grade: SensorGrade | None = None,
) -> AsyncIterator[RadioWorld]:
    """Let the person move and the sensors advertise, until it is left.

    Clocks are drawn from ``seed``: any time since power-on, and up to 50 ppm off.
    """
    performance = Performance(scenario, seed, grade or SensorGrade())
    rng = np.random.default_rng([seed, 4])
    known = peripherals()
    sensors = [
        HostedSensor(
            known[one.driver],
            one.address,
            one.place,
            Clock(-rng.uniform(0, _ON_FOR_S), rng.uniform(-_DRIFT_PPM, _DRIFT_PPM)),
            conditions or Conditions(),
            performance,
            np.random.default_rng([seed, 5, number]),
        )
        for number, one in enumerate(worn)
    ]
    async with _opened(sensors, performance, adapters) as world:
        yield world


@asynccontextmanager
async def open_planned_world(
    plan: Plan, *, adapters: Sequence[str] = ("hci0",)
) -> AsyncIterator[RadioWorld]:
    """Let a plan take place, in real time, until it is left; what goes wrong goes wrong in it."""
    habits = Habits(speed_mps=plan.speed_mps)
    performance = Performance(plan.scenario, plan.seed, SensorGrade(), habits, plan.faults)
    radio = plan.radio
    conditions = Conditions(
        interval_s=radio.interval_s,
        stall_every_s=radio.stall_every_s,
        stall_s=radio.stall_s,
        loss=radio.loss,
    )
    sensors = [
        HostedSensor(
            maker(one.driver, one.settings),
            one.address,
            one.place,
            Clock(-one.clock_s / (1 + one.drift_ppm * 1e-6), one.drift_ppm),
            conditions,
            performance,
            np.random.default_rng([plan.seed, 5, number]),
        )
        for number, one in enumerate(plan.sensors)
    ]
    async with _opened(sensors, performance, adapters) as world:
        for one in plan.sensors:
            world.sensors[one.address].rssi_dbm = one.rssi_dbm
        fate = asyncio.create_task(befall(plan.faults, world.sensors, world.adapters, performance))
        try:
            yield world
        finally:
            fate.cancel()
            await asyncio.wait([fate])


@asynccontextmanager
async def _opened(
    sensors: Sequence[HostedSensor], performance: Performance, adapters: Sequence[str]
) -> AsyncIterator[RadioWorld]:
    # What is under way when a link ends is lost, here as on the air; bumble warns of every packet.
    logging.getLogger("bumble").setLevel(logging.ERROR)
    air = Air()
    for sensor in sensors:
        sensor.others = {other.address: other for other in sensors}
    await performance.begin()
    world = RadioWorld(
        {sensor.address: sensor for sensor in sensors},
        {n: Adapter(n, k, air) for k, n in enumerate(adapters)},
        air,
        performance.began_ns,
    )
    for adapter in world.adapters.values():
        await adapter.come_up()
    for sensor in sensors:
        await sensor.switch_on(air)
    with one_error():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(sensor.run()) for sensor in sensors]
            tasks.append(group.create_task(performance.run()))
            try:
                yield world
            finally:
                for task in tasks:
                    task.cancel()
                for sensor in sensors:
                    await sensor.switch_off()
