"""One search for all, one connection at a time, and sensors spread over adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from gateway.radio.airtime import MOST_SENSORS, Airtime
from gateway.radio.link import RadioError, Sighting
from tests.gateway.radio.scripted import ScriptedRadio
from tests.services.wait import until

NAMES = [f"S{number}" for number in range(6)]


class Connecting:
    """Keeps sensors connected, each in a task of its own."""

    def __init__(self, airtime: Airtime) -> None:
        self.on: dict[str, str] = {}
        self._airtime = airtime
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, *names: str) -> None:
        for name in names:
            self._tasks[name] = asyncio.create_task(self._hold(name))

    async def end(self, *names: str) -> None:
        for name in names or list(self._tasks):
            task = self._tasks.pop(name)
            task.cancel()
            await asyncio.wait({task})

    async def _hold(self, name: str) -> None:
        def found(sighting: Sighting) -> None:
            assert sighting.address == name

        async with self._airtime.link(name, found, lambda: None) as (_, sighting):
            self.on[name] = sighting.adapter
            try:
                await asyncio.Event().wait()
            finally:
                del self.on[name]


@asynccontextmanager
async def sharing(radio: ScriptedRadio) -> AsyncIterator[Connecting]:
    airtime = Airtime(radio)
    running = asyncio.create_task(airtime.run())
    connecting = Connecting(airtime)
    try:
        yield connecting
    finally:
        await connecting.end()
        running.cancel()
        await asyncio.wait({running}, timeout=10)
        # Says what went wrong in the task, if anything did.
        assert running.cancelled(), running.exception()


async def test_one_search_finds_all_and_they_are_connected_one_by_one() -> None:
    radio = ScriptedRadio({"": dict.fromkeys(NAMES, -50)})
    async with sharing(radio) as sensors:
        sensors.begin(*NAMES)
        await until(lambda: len(sensors.on) == len(NAMES), "all are connected")
        assert radio.events == ["scan ", *(f"connect {name}" for name in NAMES)]


async def test_a_missing_sensor_keeps_nobody_waiting_and_is_found_when_it_comes() -> None:
    radio = ScriptedRadio({"": {"S0": -50}})
    async with sharing(radio) as sensors:
        sensors.begin("S0", "S1")
        await until(lambda: "S0" in sensors.on, "the one that is there is connected")
        radio.hears[""]["S1"] = -70
        await until(lambda: "S1" in sensors.on, "the other is connected")


async def test_sensors_go_to_the_adapter_with_the_fewest_and_to_the_louder_of_two() -> None:
    radio = ScriptedRadio({"hci0": dict.fromkeys(NAMES, -50), "hci1": dict.fromkeys(NAMES, -60)})
    async with sharing(radio) as sensors:
        sensors.begin(*NAMES)
        await until(lambda: len(sensors.on) == len(NAMES), "all are connected")
        assert [sensors.on[name] for name in NAMES] == ["hci0", "hci1"] * 3
        await sensors.end("S0", "S2")
        sensors.begin("S0", "S2")
        await until(lambda: len(sensors.on) == len(NAMES), "all are connected again")
        assert list(sensors.on.values()).count("hci0") == 3


async def test_a_sensor_that_one_adapter_hears_goes_there_however_full_it_is() -> None:
    radio = ScriptedRadio({"hci0": dict.fromkeys(NAMES, -50), "hci1": {}})
    async with sharing(radio) as sensors:
        with capture_logs() as logs:
            sensors.begin(*NAMES)
            await until(lambda: len(sensors.on) == len(NAMES), "all are connected")
    assert set(radio.events[2:]) == {f"connect {name}" for name in NAMES}
    warnings = [log["event"] for log in logs if log["log_level"] == "warning"]
    assert len(warnings) == 1, "it is told once"
    assert f"more than {MOST_SENSORS} sensors on one Bluetooth adapter" in warnings[0]


async def test_an_adapter_that_fails_is_told_once_and_the_others_do_its_work() -> None:
    radio = ScriptedRadio({"hci0": {"S0": -50, "S1": -50}, "hci1": {"S0": -60, "S1": -60}})
    radio.failing.add("hci0")
    async with sharing(radio) as sensors:
        with capture_logs() as logs:
            sensors.begin("S0")
            await until(lambda: "S0" in sensors.on, "it is connected")
            sensors.begin("S1")
            await until(lambda: "S1" in sensors.on, "the other one too")
    assert [log["event"] for log in logs] == ["hci0 is off"]
    assert set(radio.events) == {"scan hci1", "connect S0", "connect S1"}


async def test_bluetooth_may_go_and_come_back() -> None:
    radio = ScriptedRadio({"": {"S0": -50}})
    radio.failing.add("")
    async with sharing(radio) as sensors:
        with capture_logs() as logs:
            sensors.begin("S0")
            await until(lambda: len(logs) >= 2, "it was tried twice")
            assert {log["event"] for log in logs} == {" is off"}
            radio.failing.clear()
            await until(lambda: "S0" in sensors.on, "it is connected")


async def test_no_bluetooth_at_all_is_found_out_before_anything_else() -> None:
    radio = ScriptedRadio({"": {}})
    radio.failing.add("")
    with pytest.raises(RadioError, match="is off"):
        await Airtime(radio).check()
    radio.failing.clear()
    await Airtime(radio).check()
