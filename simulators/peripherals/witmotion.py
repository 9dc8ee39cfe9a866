"""A virtual WitMotion sensor: registers behind a lock, frames bundled into notifications."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.drivers.talk import names
from gateway.drivers.witmotion import (
    ACC_UNIT,
    BATTERY,
    BATTERY_SHARES,
    GYR_UNIT,
    KEY,
    NOTIFY,
    QUATERNION,
    RATE,
    RATES_HZ,
    READ,
    SERVICE,
    WRITE,
)
from gateway.drivers.witmotion_frames import REPLY, SAMPLE, SIZE
from gateway.messages import FloatArray
from gateway.quaternion import to_euler
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

MISPRINTED_BASE = "0000{}-0000-1000-8000-00805f9a34fb"
SIG_BASE = "0000{}-0000-1000-8000-00805f9b34fb"
_UNLOCK = 0xB588
_BUNDLE_S = 0.04


class VirtualWitMotion:
    """The sensor; it streams from when it is switched on, at 10 Hz, whoever listens.

    ``stuck`` are registers that do not take what is written. ``base`` is that of its UUIDs.
    """

    name = "witmotion"

    def __init__(self, address: str, base: str = MISPRINTED_BASE) -> None:
        self.address = address
        self.battery = 1.0
        self.stuck: set[int] = set()
        self.advertisement = Advertisement("WT901BLE67", (base.format(SERVICE),))
        self._notify = base.format(NOTIFY)
        self.services: tuple[Service, ...] = (
            Service(
                base.format(SERVICE),
                (
                    Characteristic(self._notify, ("notify",)),
                    Characteristic(base.format(WRITE), ("write-without-response",)),
                ),
            ),
        )
        self._registers = np.zeros(256, np.int16)
        self._registers[RATE] = RATES_HZ[10.0]
        self._unlocked = self._asked_battery = self._listened = False
        self._waiting = b""

    @property
    def rate_hz(self) -> float:
        """Return its output rate."""
        known = {code: rate for rate, code in RATES_HZ.items()}
        return known.get(int(self._registers[RATE]), 0.0)

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether somebody listens."""
        del service
        if characteristic == self._notify:
            self._listened = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Unlock the registers, write one, or tell eight of them."""
        del service
        if not names(WRITE, characteristic) or len(payload) != 5 or payload[:2] != b"\xff\xaa":
            return []
        register, value = payload[2], int.from_bytes(payload[3:], "little")
        if register == READ:
            return self._tell(value % 256)
        if register == KEY:
            self._unlocked = value == _UNLOCK
        elif self._unlocked and register not in self.stuck:
            self._registers[register] = value
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return nothing: all is told by notifications."""
        del characteristic, service
        return b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._listened, self._waiting = False, b""

    def stream(self, movement: Movement) -> list[Notification]:
        """Return notifications of as many frames as are due in one go at its rate."""
        if not self._listened or not self.rate_hz:
            return []
        self._registers[QUATERNION : QUATERNION + 4] = _parts(movement.quat[-1], 1 / 32768)
        held = len(self._waiting) // SIZE
        data = self._waiting + _frames(movement)
        size = SIZE * max(1, round(self.rate_hz * _BUNDLE_S))
        ends = range(size, len(data) + 1, size)
        self._waiting = data[len(ends) * size :]
        return [
            Notification(self._notify, data[end - size : end], end // SIZE - 1 - held)
            for end in ends
        ]

    def _tell(self, first: int) -> list[Notification]:
        if first == BATTERY:
            # It does not know its battery yet when it is asked for the first time.
            volts = next(v for v, share in (*BATTERY_SHARES, (300, 0.0)) if self.battery >= share)
            self._registers[BATTERY] = volts if self._asked_battery else 0
            self._asked_battery = True
        told = np.zeros(8, "<i2")
        known = self._registers[first : first + 8]
        told[: len(known)] = known
        reply = bytes([0x55, REPLY, first, 0]) + told.tobytes()
        return [Notification(self._notify, reply)] if self._listened else []


def _frames(movement: Movement) -> bytes:
    motion = [
        _parts(movement.acc, ACC_UNIT),
        _parts(movement.gyr, GYR_UNIT),
        _parts(to_euler(movement.quat), np.pi / 32768),
    ]
    rows = np.empty((len(movement.acc), SIZE), np.uint8)
    rows[:, :2] = 0x55, SAMPLE
    rows[:, 2:] = np.concatenate(motion, axis=1).view(np.uint8)
    return rows.tobytes()


def _parts(values: FloatArray, unit: float) -> NDArray[np.int16]:
    return np.clip(np.rint(values / unit), -32768, 32767).astype("<i2")


PERIPHERAL = VirtualWitMotion
