"""The radio's side of ``gaitwire pair``: finds sensors, streams them, and feels which is shaken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace

from gateway.app.virtual_radio import virtual_world
from gateway.config.settings import Config
from gateway.drivers import driver, nearest_rate_hz
from gateway.errors import SourceError
from gateway.messages import Place, SensorSpec
from gateway.radio.bleak_link import BleakRadio
from gateway.radio.link import Radio
from gateway.radio.moments import Moments
from gateway.radio.shaken import Verdict, judge
from gateway.radio.survey import NOBODY, Found, survey
from gateway.sources.bluetooth import BluetoothSource
from gateway.tasks import one_error

MOMENT_S = 3.0
STREAMING_S = 25.0
"""So long all sensors that were found may take until they stream."""

Shake = Callable[[Place], None]


@dataclass(frozen=True)
class Pairing:
    """Sensors that stream; ``sensors`` by address, as they were started, wherever they are."""

    sensors: dict[str, SensorSpec]
    moments: Moments
    shake: Shake

    async def judge(self, asked: Place) -> Verdict:
        """Feel for a moment which sensor is shaken; a virtual one is shaken now."""
        self.shake(asked)
        return judge(await self.moments.moment(MOMENT_S))

    def spec(self, sensor: str, place: Place) -> SensorSpec:
        """Return how a sensor was started, and where it is."""
        return replace(self.sensors[sensor], place=place)


@asynccontextmanager
async def streaming(
    config: Config, seconds: float, rate_hz: float, *, virtual: bool, say: Callable[[str], None]
) -> AsyncIterator[Pairing]:
    """Look for sensors for so long, and stream those that drivers know.

    Raises SourceError where there are none, or where none streams.
    """
    async with _radio(config, virtual) as (radio, shake):
        sensors = await sensors_in_range(radio, config, seconds, rate_hz, say)
        moments = Moments(list(sensors.values()))
        source = BluetoothSource(
            config.person.id, list(sensors.values()), 100.0, nullcontext(radio)
        )
        with one_error():
            async with asyncio.TaskGroup() as group:
                going = group.create_task(source.run(moments.emit))
                try:
                    await _until_they_stream(moments, sensors, say)
                    yield Pairing(sensors, moments, shake)
                finally:
                    going.cancel()


@asynccontextmanager
async def _radio(config: Config, virtual: bool) -> AsyncIterator[tuple[Radio, Shake]]:
    if not virtual:
        yield BleakRadio(config.source.adapters), lambda _: None
        return
    # Whoever squats jolts no sensor, as whoever walks would.
    slow = config.source.model_copy(update={"scenario": "squat"})
    async with virtual_world(config.model_copy(update={"source": slow})) as (radio, world):

        def shake(place: Place) -> None:
            for sensor in world.sensors.values():
                if sensor.place == place:
                    sensor.shake(MOMENT_S)

        yield radio, shake


async def sensors_in_range(
    radio: Radio, config: Config, seconds: float, rate_hz: float, say: Callable[[str], None]
) -> dict[str, SensorSpec]:
    """Return the sensors that feel motion: as they are configured, or else at about a rate.

    Of others it is said that they need no place. Raises SourceError where nobody is there.
    """
    known = {spec.sensor.upper(): spec for spec in config.sensor_specs()}
    heard = [device for device in await survey(radio, seconds) if device.driver]
    found = [device for device in heard if driver(device.driver).about.motion]
    for device in heard:
        if device not in found and device.address not in known:
            say(_needs_no_place(device))
    if not found:
        raise SourceError(f"{NOBODY}; `gaitwire scan --all` shows everything that is heard")
    specs = (
        known.get(device.address)
        or SensorSpec(
            device.address,
            None,
            device.driver,
            nearest_rate_hz(device.driver, {}, rate_hz),
        )
        for device in found
    )
    return {spec.sensor: spec for spec in specs}


def _needs_no_place(device: Found) -> str:
    rate_hz = nearest_rate_hz(device.driver, {}, 1.0)
    return (
        f"{device.address} ({device.name}) measures no motion and needs no place; to use it, write "
        f'[[sensors]] with sensor = "{device.address}", driver = "{device.driver}" and '
        f"rate_hz = {rate_hz:g} into the file"
    )


async def _until_they_stream(
    moments: Moments, sensors: dict[str, SensorSpec], say: Callable[[str], None]
) -> None:
    """Wait for all that were found; go on without those that do not stream."""
    try:
        async with asyncio.timeout(STREAMING_S):
            await moments.all_stream()
    except TimeoutError:
        streaming_now = moments.streaming()
        for name in sensors:
            if name not in streaming_now:
                why = moments.states[name].why if name in moments.states else ""
                say(f"{name} does not stream{': ' if why else ''}{why}")
        if not streaming_now:
            raise SourceError(
                "none of the sensors that were found streams; switch them off and on, and try again"
            ) from None
    say(f"{len(moments.streaming())} sensors stream; keep all of them still but the one asked for")
