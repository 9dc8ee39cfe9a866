"""Virtual sensors: one module a maker, what its hardware does, from advertising to packets.

No radio and no clock: a peripheral is told what is written to it and how it moves, and says what
it notifies. The virtual radio, or a test, carries that. A module here that holds a ``PERIPHERAL``
(a class) is found by the ``name`` of the driver that it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from gateway.discovery import discover
from gateway.drivers import Settings
from gateway.messages import FloatArray, IntArray, message

EARTH_UT = np.array([0.0, 20.0, -44.0])
"""The field of the earth in Europe, in east, north and up."""
Property = Literal["read", "write", "write-without-response", "notify", "indicate"]


@message
class Characteristic:
    """A characteristic of a virtual sensor, by its UUID in lower case."""

    uuid: str
    properties: tuple[Property, ...]


@message
class Service:
    """A service of a virtual sensor."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


@message
class Advertisement:
    """What a virtual sensor advertises; ``manufacturer`` is (company, data), if any."""

    name: str
    services: tuple[str, ...] = ()
    manufacturer: tuple[int, bytes] | None = None


@message
class Notification:
    """A notification of a characteristic.

    ``row`` is that of the newest sample in it, among the samples handed in; ``service`` is given
    only where the characteristic occurs in several.
    """

    characteristic: str
    payload: bytes
    row: int = 0
    service: str = ""


@message
class Movement:
    """What a sensor feels at N of its own sampling instants, errors of the sensor included.

    ``device_ns`` (N,) time on its own clock since it was switched on; ``acc`` (N, 3) m/s² and
    ``gyr`` (N, 3) rad/s in the sensor's frame; ``quat`` (N, 4) sensor → earth (ENU). The samples
    lie ``1 / rate_hz`` apart on that clock; where some are missing, the sensor lost them.
    """

    device_ns: IntArray
    acc: FloatArray
    gyr: FloatArray
    quat: FloatArray


class Peripheral(Protocol):
    """One virtual sensor, switched on and not yet connected.

    Built with its ``address`` (six bytes as ``AA:BB:CC:DD:EE:FF``). ``rate_hz`` is at what rate it
    samples now: what it was set to by what was written to it. ``battery`` (0..1) may be set.
    """

    name: str
    address: str
    battery: float
    advertisement: Advertisement
    services: tuple[Service, ...]

    @property
    def rate_hz(self) -> float:
        """Return samples a second, 0 while it does not stream."""

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Take notice that notifications were switched on or off."""

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Do what was written and return the answers; what it does not know it ignores."""

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the value of a characteristic."""

    def disconnected(self) -> None:
        """Take notice that the link is gone; subscriptions end with it."""

    def stream(self, movement: Movement) -> list[Notification]:
        """Return what it notifies of its next samples; nothing of what is not subscribed to."""


@runtime_checkable
class Agreeing(Protocol):
    """A sensor that can take over another's clock: that of ``root``, an address; empty: its own."""

    root: str


class MakePeripheral(Protocol):
    """What a module holds as ``PERIPHERAL``: makes a sensor with an address."""

    name: str

    def __call__(self, address: str) -> Peripheral:
        """Return a sensor that has just been switched on."""


@runtime_checkable
class OfModels(Protocol):
    """What makes sensors of several models: the settings of their driver name which."""

    def of(self, settings: Settings) -> Callable[[str], Peripheral]:
        """Return what makes a sensor with an address, of the model that is named."""


def peripherals() -> dict[str, MakePeripheral]:
    """Return what makes virtual sensors, by the name of the driver that each is for."""
    found: dict[str, MakePeripheral] = discover("simulators.peripherals", "PERIPHERAL")
    return found


def maker(driver: str, settings: Settings) -> Callable[[str], Peripheral]:
    """Return what makes a virtual sensor with an address, as it is for a driver so set."""
    known = peripherals()[driver]
    return known.of(settings) if isinstance(known, OfModels) else known


def characteristics(services: Sequence[Service]) -> dict[str, Characteristic]:
    """Return all characteristics by UUID."""
    return {c.uuid: c for service in services for c in service.characteristics}
