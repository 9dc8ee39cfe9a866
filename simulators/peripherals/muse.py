"""A virtual Muse headband: commands of one letter, three samples a packet, telemetry."""

from __future__ import annotations

import numpy as np

from gateway.drivers.muse import (
    ACC,
    ACC_STEP,
    BATTERY_STEP,
    CONTROL,
    GYR,
    GYR_STEP,
    HALT,
    LAYOUT,
    PER_PACKET,
    RATE_HZ,
    SERVICE,
    START,
    TELEMETRY,
    command,
)
from gateway.messages import FloatArray, IntArray
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)


class VirtualMuse:
    """The headband; it keeps up to two samples until a packet is full."""

    name = "muse"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(CONTROL, ("write-without-response", "notify")),
                *(Characteristic(uuid, ("notify",)) for uuid in (GYR, ACC, TELEMETRY)),
            ),
        ),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("Muse-0001", (SERVICE,))
        self._on = False
        self._subscribed: set[str] = set()
        self._kept = np.zeros((0, 7))

    @property
    def rate_hz(self) -> float:
        """Return its only rate, while it is started."""
        return RATE_HZ if self._on else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what; telemetry is told at once."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        if on and characteristic == TELEMETRY:
            level = round(self.battery / BATTERY_STEP).to_bytes(2, "big")
            return [Notification(TELEMETRY, b"\0\0" + level + bytes(6))]
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Start or halt."""
        del service
        if characteristic == CONTROL and payload in (command(START), command(HALT)):
            self._on = payload == command(START)
            self._kept = self._kept[:0]
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return nothing: all is notified."""
        del characteristic, service
        return b""

    def disconnected(self) -> None:
        """Forget who listened."""
        self._subscribed.clear()

    def stream(self, movement: Movement) -> list[Notification]:
        """Return a notification of each kind every third sample, counted by the device's time."""
        if not self._on:
            return []
        before = len(self._kept)
        now = np.column_stack([movement.device_ns * 1e-9, movement.acc, movement.gyr])
        felt = np.concatenate([self._kept, now])
        whole = len(felt) // PER_PACKET * PER_PACKET
        self._kept = felt[whole:]
        packets = felt[:whole].reshape(-1, PER_PACKET, 7)
        index = np.rint(packets[:, 0, 0] * (RATE_HZ / PER_PACKET)).astype(int) % 2**16
        acc = _packets(index, packets[:, :, 1:4] / ACC_STEP)
        gyr = _packets(index, packets[:, :, 4:7] / GYR_STEP)
        return [
            Notification(uuid, told[number], (number + 1) * PER_PACKET - 1 - before)
            for number in range(len(packets))
            for uuid, told in ((ACC, acc), (GYR, gyr))
            if uuid in self._subscribed
        ]


def _packets(index: IntArray, values: FloatArray) -> list[bytes]:
    packets = np.zeros(len(index), LAYOUT)
    packets["index"] = index
    packets["values"] = np.rint(values).clip(-32768, 32767)
    return [packet.tobytes() for packet in packets]


PERIPHERAL = VirtualMuse
