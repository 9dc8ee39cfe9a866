"""A sensor that cannot be had as it was asked for is told in a sentence, and the rest streams."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.cli.pairing import sensors_in_range
from gateway.config.settings import Config
from gateway.errors import SourceError
from gateway.messages import LinkState, Place, SensorSpec
from gateway.radio import sensor_life
from gateway.radio.bleak_link import BleakRadio
from simulators.peripherals import Notification
from simulators.peripherals.microbit import VirtualMicrobit
from simulators.peripherals.movella_dot import VirtualMovellaDot
from simulators.peripherals.polar_pmd import VirtualPolarPmd
from simulators.radio_world.world import Worn, open_world
from tests.gateway.radio.living import dots, session
from tests.gateway.radio.scripted import ScriptedRadio
from tests.services.wait import until

STREAMING, SEARCHING, LOST = LinkState.STREAMING, LinkState.SEARCHING, LinkState.LOST


class KeepsItsPeriod(VirtualMicrobit):
    """Its program measures every 20 ms, whatever it is told."""

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        del characteristic, payload, service
        return []


class OldDot(VirtualMovellaDot):
    """Its firmware is older than mode 26."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.firmware = (1, 0, 0)
        self.modes = (4, 5)


def warnings(logs: Sequence[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    return [log for log in logs if log["log_level"] == "warning"]


async def test_an_address_that_nobody_has_is_told_and_the_rest_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sensor_life, "UNHEARD_S", 2.0)
    worn = dots(1)
    wrong = SensorSpec("D4:22:CD:00:00:77", Place.STERNUM, "movella_dot", 60.0)
    specs = [SensorSpec(worn[0].address, Place.PELVIS, "movella_dot", 60.0), wrong]
    with capture_logs() as logs:
        async with session(worn, specs=specs) as going:
            await going.reach(STREAMING)
            await until(lambda: bool(warnings(logs)), "it is told")
            await going.more(going.sensors[0])
    assert not [told for told in going.states(going.sensors[0]) if told.why]
    (told,) = warnings(logs)
    assert told["sensor"] == wrong.sensor
    assert "not heard for 2 s; switch it on, bring it near" in told["event"]
    assert "`gaitwire scan`" in told["event"]


async def test_a_search_that_finds_nothing_says_what_may_be_the_matter() -> None:
    radio = ScriptedRadio({"": {"A KEYBOARD": -50}})
    with pytest.raises(SourceError, match="switch it on, bring it near, and make sure that no ph"):
        await sensors_in_range(radio, Config(), 0.1, 60.0, print)


async def test_what_has_no_sense_of_motion_gets_no_place() -> None:
    others = enumerate(("standard", "layout"), start=2)
    worn = [*dots(1), *(Worn(kind, Place.STERNUM, f"D4:22:CD:00:00:0{n}") for n, kind in others)]
    said: list[str] = []
    async with open_world(worn) as world:
        radio = BleakRadio((), **world.backend)
        found = await sensors_in_range(radio, Config(), 1.0, 50.0, said.append)
    (told,) = said
    assert told.startswith("D4:22:CD:00:00:02 (Strap) measures no motion and needs no place")
    rates = {spec.driver: spec.rate_hz for spec in found.values()}
    assert rates == {"movella_dot": 60.0, "layout": 100.0}


async def test_what_a_sensor_cannot_do_is_told_once_and_not_tried_again() -> None:
    worn = [
        *dots(2),
        Worn("polar_pmd", Place.STERNUM, "D4:22:CD:00:00:03"),
    ]
    rates = [60.0, 60.0, 52.0]
    specs = [SensorSpec(w.address, w.place, w.driver, r) for w, r in zip(worn, rates, strict=True)]
    with capture_logs() as logs:
        async with session(worn, specs=specs) as going:
            old, good, polar = going.sensors
            old.peripheral = OldDot(old.address)
            polar.peripheral = VirtualPolarPmd(polar.address, "h10")
            await going.reach(STREAMING, good)
            await going.reach(LOST, old, polar)
            await going.more(good, 90)
            await until(lambda: not (old.connected or polar.connected), "both were left")
            states = [[told.state for told in going.states(sensor)] for sensor in (old, polar)]
            assert states == [[SEARCHING, LinkState.CONNECTING, LOST]] * 2
            assert "its firmware is 1.0.0: update it" in going.states(old)[-1].why
            assert "has no gyroscope, as a Verity Sense would" in going.states(polar)[-1].why
    given_up = {log["sensor"] for log in logs if log["event"].startswith("given up")}
    assert given_up == {old.address, polar.address}


async def test_a_rate_that_is_not_what_was_asked_for_is_told() -> None:
    worn = [Worn("microbit", Place.PELVIS, "D4:22:CD:00:00:01")]
    specs = [SensorSpec(worn[0].address, Place.PELVIS, "microbit", 100.0)]
    with capture_logs() as logs:
        async with session(worn, specs=specs) as going:
            going.sensors[0].peripheral = KeepsItsPeriod(worn[0].address)
            await going.reach(STREAMING)
    (told,) = warnings(logs)
    assert told["event"].startswith("it streams at 50 Hz, not at the 100 Hz it was asked for")
