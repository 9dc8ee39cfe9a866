"""A virtual Arduino Nicla Sense ME: a frame a packet, of every virtual sensor that has a rate."""

from __future__ import annotations

import struct

import numpy as np

from gateway.drivers.nicla import (
    ACC_ID,
    ACC_STEP,
    CONFIG,
    DATA,
    GYR_ID,
    GYR_STEP,
    PACKET_SIZE,
    SERVICE,
)
from gateway.messages import FloatArray
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_FRAME_SIZE = 7


class VirtualNicla:
    """The board; its rates outlast a link."""

    name = "nicla"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(DATA, ("read", "notify")),
                Characteristic(CONFIG, ("write",)),
            ),
        ),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("NICLA")
        self._rates: dict[int, float] = {}
        self._subscribed = False

    @property
    def rate_hz(self) -> float:
        """Return the rate of the accelerometer."""
        return self._rates.get(ACC_ID, 0.0)

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether someone listens."""
        del service
        if characteristic == DATA:
            self._subscribed = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Set the rate of a virtual sensor."""
        del service
        if characteristic == CONFIG and len(payload) == 9:
            sensor_id, rate_hz, _ = struct.unpack("<BfI", payload)
            self._rates[sensor_id] = rate_hz
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return nothing: it has only just been switched on."""
        del characteristic, service
        return b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return a notification a sample and virtual sensor."""
        if not self._subscribed:
            return []
        felt = {ACC_ID: movement.acc / ACC_STEP, GYR_ID: movement.gyr / GYR_STEP}
        return [
            Notification(DATA, _packet(sensor_id, felt[sensor_id][row]), row)
            for row in range(len(movement.device_ns))
            for sensor_id in felt
            if self._rates.get(sensor_id)
        ]


def _packet(sensor_id: int, values: FloatArray) -> bytes:
    raw = np.rint(values).clip(-32768, 32767).astype(np.dtype("<i2"))
    return (bytes([sensor_id, _FRAME_SIZE]) + raw.tobytes()).ljust(PACKET_SIZE, b"\0")


PERIPHERAL = VirtualNicla
