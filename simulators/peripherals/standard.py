"""A virtual sensor with standard services only: a strap with a pulse, that also counts steps."""

from __future__ import annotations

from gateway.drivers.standard import (
    BATTERY_LEVEL,
    FIRMWARE,
    HEART_RATE,
    HEART_RATE_SERVICE,
    RUNNING,
    RUNNING_SERVICE,
)
from gateway.drivers.talk import sig_uuid
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_BEATS_PER_MIN, _RR = 72, 853
_SPEED, _CADENCE, _STRIDE_CM = 320, 110, 136

INTRODUCTION = (
    Service(sig_uuid(0x180F), (Characteristic(BATTERY_LEVEL, ("read", "notify")),)),
    Service(sig_uuid(0x180A), (Characteristic(FIRMWARE, ("read",)),)),
)
"""Battery and device information, for any virtual sensor that has them."""


def read_introduction(characteristic: str, battery: float) -> bytes:
    """Return what is read from a characteristic of ``INTRODUCTION``."""
    values = {BATTERY_LEVEL: bytes([round(100 * battery)]), FIRMWARE: b"1.0.0\0"}
    return values.get(characteristic, b"")


class VirtualStandard:
    """The sensor; it tells its figures once a second to whoever listens."""

    name = "standard"
    services: tuple[Service, ...] = (
        Service(HEART_RATE_SERVICE, (Characteristic(HEART_RATE, ("notify",)),)),
        Service(RUNNING_SERVICE, (Characteristic(RUNNING, ("notify",)),)),
        *INTRODUCTION,
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("Strap", (HEART_RATE_SERVICE, RUNNING_SERVICE))
        self._subscribed: set[str] = set()

    @property
    def rate_hz(self) -> float:
        """Return once a second, while someone listens."""
        return 1.0 if self._subscribed & {HEART_RATE, RUNNING} else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Ignore it: nothing can be set."""
        del characteristic, payload, service
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return battery or firmware."""
        del service
        return read_introduction(characteristic, self.battery)

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed.clear()

    def stream(self, movement: Movement) -> list[Notification]:
        """Return the same figures again and again."""
        figures = {
            HEART_RATE: bytes([0x16, _BEATS_PER_MIN]) + _RR.to_bytes(2, "little"),
            RUNNING: b"\1"
            + _SPEED.to_bytes(2, "little")
            + bytes([_CADENCE])
            + _STRIDE_CM.to_bytes(2, "little"),
        }
        return [
            Notification(characteristic, payload, row)
            for row in range(len(movement.device_ns))
            for characteristic, payload in figures.items()
            if characteristic in self._subscribed
        ]


PERIPHERAL = VirtualStandard
