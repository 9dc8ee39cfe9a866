"""A virtual Movesense: resources by path, references, and packets that come in two parts."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

import numpy as np

from gateway.drivers.movesense import (
    GET,
    HELLO,
    NOTIFY,
    REPLY,
    SERVICE,
    SUBSCRIBE,
    UNSUBSCRIBE,
    WRITE,
)
from gateway.drivers.movesense_packets import DATA, SECOND_PART
from gateway.drivers.talk import sig_uuid
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_LONGEST = 155
"""Bytes of a notification, its header included."""
_MOTION = re.compile(r"/Meas/(IMU6|IMU9|Acc)/(13|26|52|104|208)")
_VITALS = {"/Meas/HR": b"\x4d\xbe\x84\x42\x88\x03", "/Meas/Temp": b"\x33\x73\x99\x43\x2f\x8c\x03\0"}
"""What it tells of the heart and of its temperature, once a second, as a real one did."""
_FIELD_UT = (20.0, 0.0, -44.0)


class VirtualMovesense:
    """The sensor; what was subscribed to ends with the link."""

    name = "movesense"
    services: tuple[Service, ...] = (
        Service(SERVICE, (Characteristic(WRITE, ("write",)), Characteristic(NOTIFY, ("notify",)))),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        serial = address.replace(":", "")
        self.advertisement = Advertisement(
            f"Movesense {serial}", services=(sig_uuid(0xFDF3),), manufacturer=(0x009F, b"")
        )
        self.resources: dict[str, Callable[[], bytes]] = {
            "/Meas/Acc/Config": lambda: b"\x08",
            "/Meas/Gyro/Config": lambda: (2000).to_bytes(2, "little"),
            "/System/Energy/Level": lambda: bytes([round(100 * self.battery)]),
        }
        hello = (b"\x01" + serial.encode(), b"Sensor", address.encode(), b"Default", b"2.3.1", b"")
        self._hello = b"\0".join(hello)
        self._subscribed: dict[int, str] = {}
        self._waiting: list[tuple[int, np.ndarray]] = []
        self._heard = False

    @property
    def rate_hz(self) -> float:
        """Return the rate of the motion that is subscribed to."""
        known = (_MOTION.fullmatch(path) for path in self._subscribed.values())
        return next((float(motion[2]) for motion in known if motion), 0.0)

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether somebody listens."""
        del service
        if characteristic == NOTIFY:
            self._heard = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Carry out a request and answer it with its reference."""
        del service
        if characteristic != WRITE or len(payload) < 2 or not self._heard:
            return []
        command, reference, path = payload[0], payload[1], payload[2:].rstrip(b"\0")
        if command == HELLO:
            answer = self._hello
        else:
            status, value = self._status(command, reference, path.decode())
            answer = status.to_bytes(2, "little") + value
        return [Notification(NOTIFY, bytes([REPLY, reference]) + answer)]

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return nothing: it is asked by requests."""
        del characteristic, service
        return b""

    def disconnected(self) -> None:
        """End all subscriptions."""
        self._heard = False
        self._subscribed.clear()
        self._waiting.clear()

    def stream(self, movement: Movement) -> list[Notification]:
        """Return full packets of motion, in two parts where they are long, and vital signs."""
        told: list[Notification] = []
        for reference, path in self._subscribed.items():
            if motion := _MOTION.fullmatch(path):
                told += self._motion(reference, motion[1], int(motion[2]), movement)
            elif len(movement.device_ns):
                told.append(Notification(NOTIFY, bytes([DATA, reference]) + _VITALS[path]))
        return sorted(told, key=lambda notification: notification.row)

    def _status(self, command: int, reference: int, path: str) -> tuple[int, bytes]:
        """Return the status of a request and the value that it brings."""
        if command == GET and path in self.resources:
            return 200, self.resources[path]()
        if command == SUBSCRIBE and (_MOTION.fullmatch(path) or path in _VITALS):
            self._subscribed[reference] = path
            return 200, b""
        if command == UNSUBSCRIBE and reference in self._subscribed:
            del self._subscribed[reference]
            self._waiting.clear()
            return 200, b""
        return 404, b""

    def _motion(
        self, reference: int, kind: str, rate_hz: int, movement: Movement
    ) -> list[Notification]:
        field = np.broadcast_to(_FIELD_UT, movement.acc.shape)
        vectors = {"Acc": 1, "IMU6": 2, "IMU9": 3}[kind]
        values = np.stack([movement.acc, np.degrees(movement.gyr), field], axis=1)[:, :vectors]
        held = len(self._waiting)
        self._waiting += zip((movement.device_ns // 10**6).tolist(), values, strict=True)
        size = min(8, rate_hz // 13)
        told = []
        for first in range(0, len(self._waiting) - size + 1, size):
            (ms, _), *_ = samples = self._waiting[first : first + size]
            blocks = np.stack([sample for _, sample in samples], axis=1).astype("<f4")
            row = first + size - 1 - held
            told += _parts(reference, struct.pack("<I", ms % 2**32) + blocks.tobytes(), row)
        del self._waiting[: len(self._waiting) // size * size]
        return told


def _parts(reference: int, measurement: bytes, row: int) -> list[Notification]:
    """Return a measurement as one notification, or as two."""
    most = _LONGEST - 2
    parts = [(DATA, measurement[:most])]
    if len(measurement) > most:
        parts.append((SECOND_PART, measurement[most:]))
    return [Notification(NOTIFY, bytes([kind, reference]) + part, row) for kind, part in parts]


PERIPHERAL = VirtualMovesense
