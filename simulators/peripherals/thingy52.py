"""A virtual Thingy:52: settings that it keeps, and raw motion while somebody listens."""

from __future__ import annotations

import numpy as np

from gateway.drivers.talk import sig_uuid
from gateway.drivers.thingy52 import (
    ACC_FULL,
    ACC_SCALE,
    BATTERY,
    CONFIG,
    CONFIGURATION,
    CONNECTION,
    FIRMWARE,
    GYR_FULL,
    GYR_SCALE,
    LAYOUTS,
    MOTION,
    RAW,
)
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)


class VirtualThingy52:
    """The sensor; it is silent when a link is lost, and remembers its settings."""

    name = "thingy52"
    services: tuple[Service, ...] = (
        Service(
            CONFIGURATION,
            (Characteristic(CONNECTION, ("read", "write")), Characteristic(FIRMWARE, ("read",))),
        ),
        Service(
            MOTION, (Characteristic(CONFIG, ("read", "write")), Characteristic(RAW, ("notify",)))
        ),
        Service(sig_uuid(0x180F), (Characteristic(BATTERY, ("read", "notify")),)),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("Thingy", services=(CONFIGURATION,))
        self._kept = {
            CONFIG: bytes.fromhex("e803f401f4010a0001"),
            CONNECTION: bytes.fromhex("0c00180000004001"),
            FIRMWARE: bytes([2, 2, 0]),
        }
        self._subscribed: set[str] = set()

    @property
    def rate_hz(self) -> float:
        """Return its motion frequency while somebody listens."""
        (config,) = np.frombuffer(self._kept[CONFIG], LAYOUTS["config"])
        return float(config["rate_hz"]) if RAW in self._subscribed else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what; the battery is told at once."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        if on and characteristic == BATTERY:
            return [Notification(BATTERY, self.read(BATTERY))]
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Keep settings of the right length that are possible."""
        del service
        if characteristic == CONNECTION and len(payload) == 8:
            self._kept[CONNECTION] = payload
        if characteristic == CONFIG and len(payload) == LAYOUTS["config"].itemsize:
            (config,) = np.frombuffer(payload, LAYOUTS["config"])
            if 5 <= config["rate_hz"] <= 200:
                self._kept[CONFIG] = payload
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return what it keeps, or its battery."""
        del service
        if characteristic == BATTERY:
            return bytes([round(100 * self.battery)])
        return self._kept.get(characteristic, b"")

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed.clear()

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one notification a sample."""
        if RAW not in self._subscribed:
            return []
        rows = np.zeros(len(movement.acc), LAYOUTS["raw"])
        rows["acc"] = np.clip(np.rint(movement.acc / ACC_SCALE), -ACC_FULL, ACC_FULL)
        rows["gyr"] = np.clip(np.rint(movement.gyr / GYR_SCALE), -GYR_FULL - 32, GYR_FULL)
        return [Notification(RAW, row.tobytes(), index) for index, row in enumerate(rows)]


PERIPHERAL = VirtualThingy52
