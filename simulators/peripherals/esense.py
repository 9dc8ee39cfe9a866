"""A virtual eSense earphone: checked commands, registers that are read back, counted frames."""

from __future__ import annotations

import numpy as np

from gateway.drivers.esense import (
    ACC_G,
    CHIP,
    CONTROL,
    DATA,
    FRAME,
    GYR_DPS,
    MOTION,
    REGISTERS,
    SAMPLING,
    SERVICE,
    command,
)
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_AS_IT_COMES = command(CHIP, bytes([6, 8, 8, 6]))


class VirtualESense:
    """The earphone; it goes on sampling when a link is lost."""

    name = "esense"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(CONTROL, ("read", "write")),
                Characteristic(DATA, ("read", "notify")),
                Characteristic(REGISTERS, ("read", "write")),
            ),
        ),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("eSense-0001")
        self._registers = _AS_IT_COMES
        self._rate_hz = 0
        self._subscribed = False

    @property
    def rate_hz(self) -> float:
        """Return the rate at which it samples."""
        return float(self._rate_hz)

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether someone listens."""
        del service
        if characteristic == DATA:
            self._subscribed = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Do what a command with the right checksum and possible values asks for."""
        del service
        if len(payload) < 5 or payload != command(payload[0], payload[3:]):
            return []
        if characteristic == REGISTERS and payload[0] == CHIP and len(payload) == 7:
            self._registers = payload
        if characteristic == CONTROL and payload[0] == SAMPLING:
            on, rate_hz = payload[3:5]
            self._rate_hz = rate_hz if on and 1 <= rate_hz <= 100 else 0
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the registers."""
        del service
        return self._registers if characteristic == REGISTERS else b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one frame a sample, counted by the device's time."""
        if not self._subscribed or not self._rate_hz:
            return []
        acc_g = ACC_G[self._registers[5] >> 3 & 3]
        gyr_dps = GYR_DPS[self._registers[4] >> 3 & 3]
        frames = np.zeros(len(movement.device_ns), FRAME)
        frames["head"], frames["length"] = MOTION, 12
        frames["index"] = np.rint(movement.device_ns * 1e-9 * self._rate_hz).astype(int) % 256
        acc = movement.acc / 9.80665 * (16384 * 2 / acc_g)
        gyr = np.degrees(movement.gyr) * (131 * 250 / gyr_dps)
        frames["acc"] = np.rint(acc).clip(-32768, 32767)
        frames["gyr"] = np.rint(gyr).clip(-32768, 32767)
        rows = frames.view(np.uint8).reshape(len(frames), FRAME.itemsize)
        frames["check"] = rows[:, 3:].sum(axis=1, dtype=np.uint8)
        return [Notification(DATA, frame.tobytes(), row) for row, frame in enumerate(frames)]


PERIPHERAL = VirtualESense
