"""The gateway's radio through bleak's own backend: the real BlueZ on the real Linux kernel.

They run in a virtual machine (``tests.services.bluez``), whose Bluetooth controller is on the air
of a virtual world. What is delivered counts here, not how soon: the machine is emulated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio

from gateway.messages import LinkState, SensorSpec
from simulators.radio_world.hosted import HostedSensor
from simulators.radio_world.world import open_world
from tests.gateway.radio.living import STEADY, Session, dots
from tests.services.bluez.build import BuildError, ensure
from tests.services.bluez.kernel_radio import KernelRadio
from tests.services.bluez.machine import Machine, RemoteSource, machine
from tests.services.wait import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
STREAMING, LOST = LinkState.STREAMING, LinkState.LOST
RATE_HZ = 12.0
"""Slow enough for an emulated processor on a busy machine."""
CALM = replace(STEADY, advertise_every_s=0.3)
PATIENCE_S = 150.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bluez(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machine]:
    """A machine that has booted."""
    try:
        ensure()
    except BuildError as error:
        pytest.skip(str(error))
    async with machine(tmp_path_factory.mktemp("bluez")) as booted:
        yield booted


@asynccontextmanager
async def session(bluez: Machine, sensors: int) -> AsyncIterator[Session]:
    """Open a world on whose air the machine's controller is, and stream its sensors."""
    worn = dots(sensors)
    async with open_world(worn, adapters=(), conditions=CALM) as world:
        KernelRadio(world.air, bluez)
        specs = [SensorSpec(one.address, one.place, one.driver, RATE_HZ) for one in worn]
        going = Session(world, RemoteSource(bluez, specs), PATIENCE_S)
        try:
            yield going
            await going.end()
        finally:
            going.running.cancel()


def check_whole(going: Session, sensor: HostedSensor, connections: int = 1) -> None:
    """Nothing came twice, and over no connection anything is missing in between."""
    ticks = [int.from_bytes(p.payload[:4], "little") for p in going.of(sensor)]
    periods = np.diff(ticks) % 2**32 * RATE_HZ * 1e-6
    assert (np.rint(periods) > 0).all()
    assert np.count_nonzero(np.rint(periods) > 1) <= connections - 1
    assert len(going.of(sensor, "settings")) == connections


async def test_a_scan_tells_who_is_there(bluez: Machine) -> None:
    worn = dots(3)
    async with open_world(worn, adapters=(), conditions=CALM) as world:
        KernelRadio(world.air, bluez)
        heard = await bluez.order("scan", seconds=3.0)
    assert sorted(heard) == [[one.address, "Movella DOT", "movella_dot"] for one in worn]


async def test_three_sensors_stream_and_everything_comes(bluez: Machine) -> None:
    async with session(bluez, 3) as going:
        await going.reach(STREAMING)
        for sensor in going.sensors:
            await going.more(sensor, 100)
        await going.end()
        for sensor in going.sensors:
            check_whole(going, sensor)
            channels = ("motion", "battery")
            came = sum(len(going.of(sensor, channel)) for channel in channels)
            assert came == sensor.account.sent
            assert sensor.peripheral.rate_hz == 0.0


async def test_a_sensor_that_drops_its_link_is_heard_once_however_often(bluez: Machine) -> None:
    async with session(bluez, 2) as going:
        await going.reach(STREAMING)
        sensor, other = going.sensors
        for time_round in range(2, 5):
            await going.more(sensor)
            await sensor.drop()
            await going.pass_through(STREAMING, sensor, time_round)
        await going.more(sensor)
        check_whole(going, sensor, connections=4)
        check_whole(going, other)


async def test_a_sensor_that_bluez_has_forgotten_is_found_again(bluez: Machine) -> None:
    async with session(bluez, 1) as going:
        (sensor,) = going.sensors
        await going.reach(STREAMING)
        sensor.carry_away()
        await going.pass_through(LOST, sensor)
        await until(
            lambda: any("not heard for" in told.why for told in going.states(sensor)),
            "it is missed for longer than BlueZ remembers it",
            PATIENCE_S,
        )
        sensor.bring_back()
        await going.pass_through(STREAMING, sensor, 2)
        await going.more(sensor)


async def test_the_adapter_is_switched_off_and_on(bluez: Machine) -> None:
    async with session(bluez, 2) as going:
        await going.reach(STREAMING)
        await bluez.order("switch off")
        for sensor in going.sensors:
            await going.pass_through(LOST, sensor)
        await bluez.order("switch on")
        for sensor in going.sensors:
            await going.pass_through(STREAMING, sensor, 2)
            await going.more(sensor)


async def test_bluetoothd_is_killed_and_started_again(bluez: Machine) -> None:
    async with session(bluez, 2) as going:
        await going.reach(STREAMING)
        await bluez.order("kill the daemon")
        for sensor in going.sensors:
            await going.pass_through(LOST, sensor)
        await bluez.order("start the daemon")
        for sensor in going.sensors:
            await going.pass_through(STREAMING, sensor, 2)
            await going.more(sensor)
