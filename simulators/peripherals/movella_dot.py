"""A virtual Movella DOT: measurement control, payloads padded to their characteristic, battery."""

from __future__ import annotations

import numpy as np

from gateway.drivers.movella_dot import BATTERY, CONTROL, LONG, MEDIUM, SHORT, encode_block
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_SIZES = {LONG: 63, MEDIUM: 40, SHORT: 20}


class VirtualMovellaDot:
    """The sensor; it keeps measuring when a link is lost, as the real one does."""

    name = "movella_dot"
    services = (
        Service(
            "15172000-4947-11e9-8646-d663bd873d93",
            (
                Characteristic(CONTROL, ("read", "write")),
                *(Characteristic(uuid, ("notify",)) for uuid in _SIZES),
            ),
        ),
        Service(
            "15173000-4947-11e9-8646-d663bd873d93",
            (Characteristic(BATTERY, ("read", "notify")),),
        ),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("Movella DOT", manufacturer=(0x0886, b""))
        self._control = bytes([1, 0, 4])
        self._subscribed: set[str] = set()

    @property
    def rate_hz(self) -> float:
        """Return its output rate while it measures."""
        return 60.0 if self._control[1] else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what; the battery is told at once."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        if on and characteristic == BATTERY:
            return [Notification(BATTERY, self.read(BATTERY))]
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Start or stop."""
        del service
        if characteristic == CONTROL and len(payload) == 3:
            self._control = payload
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the control's state, or the battery."""
        del service
        if characteristic == BATTERY:
            return bytes([round(100 * self.battery), 0])
        return self._control if characteristic == CONTROL else b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed.clear()

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one notification a sample."""
        if not self._control[1] or LONG not in self._subscribed:
            return []
        ticks = movement.device_ns // 1000
        mode = self._control[2]
        payload, ends = encode_block(mode, ticks, movement.acc, movement.gyr, movement.quat)
        starts = np.concatenate([[0], ends[:-1]])
        return [
            Notification(LONG, payload[start:end].ljust(_SIZES[LONG], b"\0"), row)
            for row, (start, end) in enumerate(zip(starts, ends, strict=True))
        ]


PERIPHERAL = VirtualMovellaDot
