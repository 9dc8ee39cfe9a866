"""What the gateway needs of a radio: sightings of sensors, and links to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, Protocol

from gateway.errors import SourceError
from gateway.messages import message

Heard = Callable[[int, bytes], None]
"""Takes the arrival of a notification (monotonic, ns) and a copy of its bytes."""


class Why(StrEnum):
    """Why there is no Bluetooth, as far as the system tells."""

    NO_SERVICE = "no service"
    NO_ADAPTER = "no adapter"
    OFF = "off"
    DENIED = "denied"
    NO_ANSWER = "no answer"
    OTHER = "other"


class RadioError(SourceError):
    """Bluetooth as such is not there: no service, no adapter, or it is switched off."""

    def __init__(self, text: str, why: Why = Why.OTHER) -> None:
        super().__init__(text)
        self.why = why


@message
class Sighting:
    """An advertisement as an adapter heard it.

    ``companies`` are the identifiers of its manufacturer data; ``battery`` 0..1, NaN where it is
    not advertised; ``device`` is what the radio needs to connect to it, good for a short while.
    """

    address: str
    name: str
    services: tuple[str, ...]
    companies: tuple[int, ...]
    rssi: int
    adapter: str
    battery: float = float("nan")
    device: Any = dataclasses.field(default=None)


class Link(Protocol):
    """A connection to one sensor. Everything but ``has`` raises SourceError."""

    def has(self, characteristic: str, service: str = "") -> bool:
        """Say whether the sensor has a characteristic."""

    async def subscribe(self, characteristic: str, heard: Heard, service: str = "") -> None:
        """Hand every notification of a characteristic to ``heard``."""

    async def write(
        self, characteristic: str, payload: bytes, *, response: bool, service: str = ""
    ) -> None:
        """Write to a characteristic."""

    async def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the value of a characteristic."""

    async def disconnect(self) -> None:
        """End all subscriptions and the connection."""


class Radio(Protocol):
    """The adapters of this machine; ``adapters`` are their names ("" for the system's choice)."""

    adapters: tuple[str, ...]

    def scan(
        self, adapter: str, seen: Callable[[Sighting], None]
    ) -> AbstractAsyncContextManager[None]:
        """Hand what an adapter hears to ``seen``, as long as the context lasts.

        Raises RadioError where there is no Bluetooth.
        """

    async def connect(self, sighting: Sighting, lost: Callable[[], None]) -> Link:
        """Connect to a sensor; ``lost`` is called once the link is gone. Raises SourceError."""

    async def forget(self, sighting: Sighting) -> None:
        """Make the system forget a sensor whose link was lost, with what it left behind."""
