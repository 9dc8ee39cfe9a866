"""Who is in range: every device that advertises, and which driver knows it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import msgspec

from gateway.drivers import drivers
from gateway.radio.airtime import UNHEARD_DBM
from gateway.radio.link import Radio, Sighting

NOBODY = (
    "no sensor was heard: switch it on, bring it near, and make sure that no phone is connected "
    "to it"
)


class Found(msgspec.Struct, frozen=True):
    """A device in range; ``driver`` and ``maker`` are empty where no driver knows it.

    ``rssi_dbm`` is its strongest signal so far; ``battery`` 0..1, None where it is not advertised.
    """

    name: str
    maker: str
    address: str
    rssi_dbm: int
    battery: float | None
    driver: str
    adapter: str


async def survey(
    radio: Radio, seconds: float, told: Callable[[list[Found]], None] = lambda _: None
) -> list[Found]:
    """Listen with all adapters, one after another, and return who was heard.

    Sensors come before other devices, and the near before the far; ``told`` is given the same
    list whenever it grows or changes. Raises RadioError.
    """
    heard: dict[str, Found] = {}

    def seen(sighting: Sighting) -> None:
        if sighting.rssi > UNHEARD_DBM:
            heard[sighting.address] = _merged(heard.get(sighting.address), sighting)
            told(_in_order(heard))

    for adapter in radio.adapters:
        async with radio.scan(adapter, seen):
            await asyncio.sleep(seconds / len(radio.adapters))
    return _in_order(heard)


def known_as(sighting: Sighting) -> str:
    """Return the name of the driver that knows a device by what it advertises, or nothing."""
    for name, candidate in sorted(drivers().items()):
        signs = candidate.advertising
        if signs and signs.fits(sighting.name, sighting.services, sighting.companies):
            return name
    return ""


def _merged(before: Found | None, sighting: Sighting) -> Found:
    """Return what is known by now: an advertisement may lack what its scan response has."""
    driver = known_as(sighting) or (before.driver if before else "")
    battery = None if math.isnan(sighting.battery) else sighting.battery
    if battery is None and before is not None:
        battery = before.battery
    louder = before is None or sighting.rssi >= before.rssi_dbm
    return Found(
        name=sighting.name or (before.name if before else ""),
        maker=drivers()[driver].about.maker if driver else "",
        address=sighting.address,
        rssi_dbm=sighting.rssi if louder or before is None else before.rssi_dbm,
        battery=battery,
        driver=driver,
        adapter=sighting.adapter if louder or before is None else before.adapter,
    )


def _in_order(heard: dict[str, Found]) -> list[Found]:
    return sorted(heard.values(), key=lambda found: (not found.driver, -found.rssi_dbm))
