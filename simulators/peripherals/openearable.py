"""A virtual OpenEarable 2: motion records of four samples, and of fewer at a gap or the end."""

from __future__ import annotations

import numpy as np

from gateway.drivers.openearable import (
    CONFIG,
    DATA,
    HEADER,
    IMU,
    RATES_HZ,
    SAMPLE,
    SERVICE,
    STREAM,
)
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)
from simulators.peripherals.standard import INTRODUCTION, read_introduction

_BATCH = 4


class VirtualOpenEarable:
    """The earphone; what it was told to stream outlasts a link."""

    name = "openearable"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (Characteristic(DATA, ("notify",)), Characteristic(CONFIG, ("write",))),
        ),
        *INTRODUCTION,
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("OpenEarable-0001")
        self._rate_hz = 0.0
        self._subscribed = False

    @property
    def rate_hz(self) -> float:
        """Return the rate at which it streams."""
        return self._rate_hz

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether someone listens."""
        del service
        if characteristic == DATA:
            self._subscribed = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Set rate and streaming of the motion sensor; an index it does not have is ignored."""
        del service
        if characteristic == CONFIG and len(payload) == 3 and payload[0] == IMU:
            _, index, flags = payload
            if index < len(RATES_HZ):
                self._rate_hz = RATES_HZ[index] if flags & STREAM else 0.0
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return battery or firmware."""
        del service
        return read_introduction(characteristic, self.battery)

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return records; where a sample is missing a new one begins."""
        if not self._subscribed or not self._rate_hz:
            return []
        at_us = movement.device_ns // 1000
        period_us = round(1e6 / self._rate_hz)
        values = np.zeros(len(at_us), SAMPLE)
        values["acc"], values["gyr_dps"] = movement.acc, np.degrees(movement.gyr)
        even = np.abs(np.diff(at_us) - period_us) <= 1
        told, first = [], 0
        while first < len(at_us):
            last = first + 1
            while last < min(first + _BATCH, len(at_us)) and even[last - 1]:
                last += 1
            payload = _record(int(at_us[first]), values[first:last].tobytes(), period_us)
            told.append(Notification(DATA, payload, last - 1))
            first = last
        return told


def _record(at_us: int, samples: bytes, period_us: int) -> bytes:
    body = samples
    if len(samples) > SAMPLE.itemsize:
        body += period_us.to_bytes(2, "little")
    return np.array([(IMU, len(body), at_us)], HEADER).tobytes() + body


PERIPHERAL = VirtualOpenEarable
