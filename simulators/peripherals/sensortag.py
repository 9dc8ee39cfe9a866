"""A virtual TI SensorTag CC2650: settings that are read back, one packet a sample."""

from __future__ import annotations

import numpy as np

from gateway.drivers.sensortag import (
    ACC_AXES,
    CONFIG,
    DATA,
    GYR_AXES,
    GYR_STEP,
    LAYOUT,
    OFF,
    PERIOD,
    PERIOD_UNIT_MS,
    RANGE_AT,
    RANGES_G,
    SERVICE,
)
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)
from simulators.peripherals.standard import INTRODUCTION, read_introduction

_SHORTEST, _INITIAL = 10, 100


class VirtualSensorTag:
    """The sensor; it has no period below 100 ms."""

    name = "sensortag"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(DATA, ("read", "notify")),
                Characteristic(CONFIG, ("read", "write")),
                Characteristic(PERIOD, ("read", "write")),
            ),
        ),
        *INTRODUCTION,
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("CC2650 SensorTag")
        self._config = OFF
        self._period = _INITIAL
        self._subscribed = False

    @property
    def rate_hz(self) -> float:
        """Return the rate, while both sensors are on."""
        on = int.from_bytes(self._config, "little") & (GYR_AXES | ACC_AXES)
        return 1000 / (self._period * PERIOD_UNIT_MS) if on else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether someone listens."""
        del service
        if characteristic == DATA:
            self._subscribed = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Take configuration or period; a shorter period becomes the shortest."""
        del service
        if characteristic == CONFIG and len(payload) == 2:
            self._config = payload
        if characteristic == PERIOD and len(payload) == 1:
            self._period = max(_SHORTEST, payload[0])
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return configuration, period, battery or firmware."""
        del service
        own = {CONFIG: self._config, PERIOD: bytes([self._period])}
        return own.get(characteristic) or read_introduction(characteristic, self.battery)

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one notification a sample."""
        if not self._subscribed or not self.rate_hz:
            return []
        acc_g = RANGES_G[int.from_bytes(self._config, "little") >> RANGE_AT & 3]
        values = np.zeros(len(movement.device_ns), LAYOUT)
        acc = movement.acc / (9.80665 / 32768 * acc_g)
        values["acc"] = np.rint(acc).clip(-32768, 32767)
        values["gyr"] = np.rint(movement.gyr / GYR_STEP).clip(-32768, 32767)
        return [Notification(DATA, value.tobytes(), row) for row, value in enumerate(values)]


PERIPHERAL = VirtualSensorTag
