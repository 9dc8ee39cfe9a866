"""A virtual ST board with BlueST firmware: sends at its own rate to whoever listens."""

from __future__ import annotations

import numpy as np

from gateway.drivers.bluest import GYR_STEP, LAYOUT, MILLI_G, MOTION, SERVICE, TICK_NS
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_RATE_HZ = 100.0


class VirtualBlueST:
    """The board."""

    name = "bluest"
    services: tuple[Service, ...] = (Service(SERVICE, (Characteristic(MOTION, ("notify",)),)),)

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("STILE", (SERVICE,))
        self._subscribed = False

    @property
    def rate_hz(self) -> float:
        """Return the firmware's rate, while someone listens."""
        return _RATE_HZ if self._subscribed else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Start or stop sending."""
        del service
        if characteristic == MOTION:
            self._subscribed = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Ignore it: nothing can be set."""
        del characteristic, payload, service
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return nothing: the feature is only notified."""
        del characteristic, service
        return b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one notification a sample."""
        if not self._subscribed:
            return []
        values = np.zeros(len(movement.device_ns), LAYOUT)
        values["tick"] = movement.device_ns // int(TICK_NS) % 2**16
        values["acc_mg"] = np.rint(movement.acc / MILLI_G).clip(-32768, 32767)
        values["gyr"] = np.rint(movement.gyr / GYR_STEP).clip(-32768, 32767)
        return [Notification(MOTION, value.tobytes(), row) for row, value in enumerate(values)]


PERIPHERAL = VirtualBlueST
