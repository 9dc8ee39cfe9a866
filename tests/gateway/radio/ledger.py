"""What a virtual sensor has notified, before its radio loses any of it."""

from __future__ import annotations

from typing import NamedTuple

from simulators.peripherals import Advertisement, Movement, Notification, Peripheral, Service


class Told(NamedTuple):
    """A notification; as a plain tuple, of which the garbage collector keeps no account."""

    characteristic: str
    service: str
    payload: bytes


class Ledger:
    """A peripheral that keeps what it notifies, connection by connection."""

    def __init__(self, peripheral: Peripheral) -> None:
        self.connections: list[list[Told]] = [[]]
        self._own = peripheral
        self.name = peripheral.name
        self.address = peripheral.address
        self.battery = peripheral.battery
        self.advertisement: Advertisement = peripheral.advertisement
        self.services: tuple[Service, ...] = peripheral.services

    @property
    def rate_hz(self) -> float:
        return self._own.rate_hz

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        return self._kept(self._own.subscribed(characteristic, on, service))

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        return self._kept(self._own.written(characteristic, payload, service))

    def read(self, characteristic: str, service: str = "") -> bytes:
        return self._own.read(characteristic, service)

    def disconnected(self) -> None:
        self._own.disconnected()
        self.connections.append([])

    def stream(self, movement: Movement) -> list[Notification]:
        return self._kept(self._own.stream(movement))

    def _kept(self, told: list[Notification]) -> list[Notification]:
        self.connections[-1] += [Told(t.characteristic, t.service, t.payload) for t in told]
        return told
