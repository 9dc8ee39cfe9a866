"""A virtual Arduino with the sketch docs/arduino_imu.ino: four samples a packet."""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

SERVICE = "27ca0001-abf1-4f7a-a037-be9d7101a76d"
DATA = "27ca0002-abf1-4f7a-a037-be9d7101a76d"
_SAMPLES = 4
_PACKET = np.dtype([("seq", "<u2"), ("tick_us", "<u4"), ("motion", "<i2", (_SAMPLES, 6))])
_COUNTS_PER_G = 2048.0
_COUNTS_PER_DEG_S = 16.4


class VirtualArduino:
    """The board; it fills packets while someone listens."""

    name = "layout"
    services: tuple[Service, ...] = (Service(SERVICE, (Characteristic(DATA, ("notify",)),)),)

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("Arduino IMU", (SERVICE,))
        self._subscribed = False
        self._sent = 0
        self._filled: list[tuple[int, FloatArray]] = []

    @property
    def rate_hz(self) -> float:
        """Return the rate of its motion sensor, while someone listens."""
        return 100.0 if self._subscribed else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Start or stop filling packets."""
        del service
        if characteristic == DATA:
            self._subscribed = on
            self._filled = []
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Ignore it: nothing can be set."""
        del characteristic, payload, service
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return nothing: all is notified."""
        del characteristic, service
        return b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self.subscribed(DATA, on=False)

    def stream(self, movement: Movement) -> list[Notification]:
        """Return a notification every fourth sample."""
        if not self._subscribed:
            return []
        acc = movement.acc * (_COUNTS_PER_G / 9.80665)
        counts = np.concatenate([acc, np.degrees(movement.gyr) * _COUNTS_PER_DEG_S], axis=1)
        told = []
        for row, at_ns in enumerate(movement.device_ns.tolist()):
            self._filled.append((at_ns // 1000, counts[row]))
            if len(self._filled) == _SAMPLES:
                told.append(Notification(DATA, self._packet(), row))
        return told

    def _packet(self) -> bytes:
        motion = np.rint([counts for _, counts in self._filled]).clip(-32768, 32767)
        packet = np.zeros(1, _PACKET)
        packet["seq"], packet["tick_us"] = self._sent % 2**16, self._filled[0][0] % 2**32
        packet["motion"][0] = motion
        self._sent, self._filled = self._sent + 1, []
        return packet.tobytes()


PERIPHERAL = VirtualArduino
