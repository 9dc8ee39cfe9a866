"""A virtual Adafruit board: a service a sensor, each with its own period under one UUID."""

from __future__ import annotations

import struct

import numpy as np

from gateway.drivers.adafruit import DATA, OFF, PERIOD, SERVICES
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)
from simulators.peripherals.standard import INTRODUCTION, read_introduction

_INITIAL = struct.pack("<i", 1000)


class VirtualAdafruit:
    """The board; its periods outlast a link."""

    name = "adafruit"
    services: tuple[Service, ...] = (
        *(
            Service(
                SERVICES[part],
                (
                    Characteristic(DATA[part], ("read", "notify")),
                    Characteristic(PERIOD, ("read", "write")),
                ),
            )
            for part in DATA
        ),
        *INTRODUCTION,
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("CLUE", manufacturer=(0x0822, b""))
        self._periods = dict.fromkeys(SERVICES.values(), _INITIAL)
        self._subscribed: set[str] = set()

    @property
    def rate_hz(self) -> float:
        """Return the rate of the acceleration, the only one if the driver has set them."""
        (period_ms,) = struct.unpack("<i", self._periods[SERVICES["acc"]])
        return 1000 / period_ms if period_ms > 0 else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Set the period of a service."""
        if characteristic == PERIOD and len(payload) == 4:
            assert service in self._periods, "the period occurs in every service: name it"
            self._periods[service] = payload
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return a period, the battery or the firmware."""
        if characteristic == PERIOD:
            return self._periods[service]
        return read_introduction(characteristic, self.battery)

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed.clear()

    def stream(self, movement: Movement) -> list[Notification]:
        """Return a notification a sample and service."""
        values = {"acc": movement.acc, "gyr": movement.gyr, "quat": movement.quat}
        sent = [
            part
            for part in DATA
            if DATA[part] in self._subscribed and self._periods[SERVICES[part]] != OFF
        ]
        return [
            Notification(DATA[part], values[part][row].astype(np.dtype("<f4")).tobytes(), row)
            for row in range(len(movement.device_ns))
            for part in sent
        ]


PERIPHERAL = VirtualAdafruit
