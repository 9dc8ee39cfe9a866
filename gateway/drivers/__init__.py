"""Sensor drivers: one module a sensor, bytes to samples and settings to bytes, no I/O.

A module here that holds a ``DRIVER`` is found by its name; nothing else needs registering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gateway.discovery import discover
from gateway.errors import UsageError
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock, message


@message
class TickClock:
    """A device's own time: a counter of ``bits`` bits that rises ``1 / tick_ns`` a nanosecond."""

    bits: int
    tick_ns: float


@message
class Samples:
    """Decoded samples of a block, in order of arrival.

    ``ticks`` (N,) raw counter values, or None where the device sends no time; ``packet`` (N,)
    index of the packet each sample came in; ``acc`` (N, 3) m/s², ``gyr`` (N, 3) rad/s;
    ``clipped`` (N,). ``refused`` says why packets were not read: reason → count.
    """

    ticks: IntArray | None
    packet: IntArray
    acc: FloatArray
    gyr: FloatArray
    clipped: BoolArray
    refused: Mapping[str, int]


@message
class Gatt:
    """What a Bluetooth client needs: how to find the sensor and how to make it stream.

    ``names`` prefixes of the advertised name; ``services`` advertised service UUIDs;
    ``notify`` characteristic UUID → channel; ``start`` and ``stop`` are (characteristic UUID,
    bytes) to write, in order.
    """

    names: tuple[str, ...]
    services: tuple[str, ...]
    notify: Mapping[str, str]
    start: tuple[tuple[str, bytes], ...]
    stop: tuple[tuple[str, bytes], ...]


Settings = Mapping[str, int | float | str]


class Driver(Protocol):
    """One kind of sensor."""

    name: str

    def clock(self, settings: Settings, rate_hz: float) -> TickClock | None:
        """Return the device's clock, or None where samples carry no time."""

    def decode(self, block: PacketBlock, settings: Settings) -> Samples:
        """Decode a block of the ``motion`` channel; packets that do not fit are counted."""

    def battery(self, payload: bytes) -> tuple[float, bool] | None:
        """Decode a packet of the ``battery`` channel to (level 0..1, charging)."""

    def gatt(self, settings: Settings, rate_hz: float) -> Gatt | None:
        """Return how to stream over Bluetooth, or None for a driver of recordings only."""


def drivers() -> dict[str, Driver]:
    """Return every driver by its name."""
    found: dict[str, Driver] = discover("gateway.drivers", "DRIVER")
    return found


def driver(name: str) -> Driver:
    """Return the driver called ``name``; raises UsageError with the known names."""
    known = drivers()
    if name not in known:
        raise UsageError(f"there is no sensor driver {name!r}; known are {', '.join(known)}")
    return known[name]
