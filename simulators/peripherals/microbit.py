"""A virtual BBC micro:bit: acceleration to whoever listens, at the nearest period it can do."""

from __future__ import annotations

import numpy as np

from gateway.drivers.microbit import DATA, MILLI_G, PERIOD, PERIODS_MS, SERVICE
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)


class VirtualMicrobit:
    """The board."""

    name = "microbit"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(DATA, ("read", "notify")),
                Characteristic(PERIOD, ("read", "write")),
            ),
        ),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("BBC micro:bit [gozav]")
        self._period_ms = 20
        self._subscribed = False

    @property
    def rate_hz(self) -> float:
        """Return the rate that was set, while someone listens."""
        return 1000 / self._period_ms if self._subscribed else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Start or stop sending."""
        del service
        if characteristic == DATA:
            self._subscribed = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Take the period that is nearest to what was asked for."""
        del service
        if characteristic == PERIOD and len(payload) == 2:
            asked = int.from_bytes(payload, "little")
            self._period_ms = min(PERIODS_MS, key=lambda period: abs(period - asked))
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the period."""
        del service
        return self._period_ms.to_bytes(2, "little") if characteristic == PERIOD else b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one notification a sample."""
        if not self._subscribed:
            return []
        raw = np.rint(movement.acc / MILLI_G).clip(-32768, 32767).astype(np.dtype("<i2"))
        return [Notification(DATA, values.tobytes(), row) for row, values in enumerate(raw)]


PERIPHERAL = VirtualMicrobit
