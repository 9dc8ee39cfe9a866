"""A virtual MetaMotion: modules and registers, a chain of data processors, both chips."""

from __future__ import annotations

import numpy as np

from gateway.drivers.metamotion import (
    BMI270,
    CHIPS,
    COMMAND,
    FIRMWARE,
    MAG_HZ,
    NOTIFY,
    ODR,
    SERVICE,
    Chip,
)
from gateway.drivers.metamotion_packets import (
    ACC_G,
    GYR_DPS,
    LAYOUTS,
    MAG_UT,
    TICK_NS,
    acc_scale,
    gyr_scale,
)
from gateway.drivers.talk import sig_uuid
from gateway.messages import FloatArray
from gateway.quaternion import conjugate, rotate
from simulators.peripherals import (
    EARTH_UT,
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_ACC, _GYR, _MAG, _PROCESSORS, _BOARD = 0x03, 0x13, 0x15, 0x09, 0x11
_BUFFER, _FUSER, _TIME = b"\x0f\x05", b"\x1b\x01", b"\x11\x31\x03"
_RATES = {code: rate_hz for rate_hz, code in ODR.items()}


class VirtualMetaMotion:
    """The sensor, an S unless told otherwise; only a reset or a command makes it forget."""

    name = "metamotion"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(COMMAND, ("write", "write-without-response")),
                Characteristic(NOTIFY, ("notify",)),
            ),
        ),
        Service(sig_uuid(0x180A), (Characteristic(FIRMWARE, ("read",)),)),
    )

    def __init__(self, address: str, chip: Chip = BMI270) -> None:
        self.address = address
        self.battery = 1.0
        self.chip = chip
        self.advertisement = Advertisement("MetaWear", services=(SERVICE,))
        self._implementations = next(known for known, own in CHIPS.items() if own == chip)
        self._registers = {
            (_ACC, 0x03): bytes([chip.acc_odr | 8, chip.acc_ranges[2]]),
            (_GYR, 0x03): bytes([0x28, 0x00]),
        }
        self._on: set[tuple[int, int]] = set()
        self._processors: list[bytes] = []
        self._timed: set[int] = set()
        self._waiting = np.empty((0, 2, 3), np.int16)
        self._felt = 0
        self._heard = False

    @property
    def rate_hz(self) -> float:
        """Return at what rate the accelerometer samples."""
        running = {(_ACC, 0x01), (_ACC, 0x02), (_GYR, 0x01), (_GYR, 0x02)} <= self._on
        return _RATES[self._registers[_ACC, 0x03][0] & 0x0F] if running else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note whether somebody listens."""
        del service
        if characteristic == NOTIFY:
            self._heard = on
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Carry out a command: a read is answered, a write sets its register."""
        del service
        if characteristic != COMMAND or len(payload) < 2:
            return []
        module, register, data = payload[0], payload[1], payload[2:]
        if register & 0x80:
            answer = self._read(module, register & 0x3F)
        elif module == _PROCESSORS:
            answer = self._process(register, data)
        else:
            answer = b""
            self._write(module, register, data)
        return [Notification(NOTIFY, answer)] if answer and self._heard else []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the firmware's version."""
        del service
        return b"1.7.3" if characteristic == FIRMWARE else b""

    def disconnected(self) -> None:
        """Go on sampling, though nobody listens."""
        self._heard = False

    def stream(self, movement: Movement) -> list[Notification]:
        """Return what the subscribed registers and processors send, in the maker's packets."""
        counts = np.stack(
            [
                _counts(movement.acc, acc_scale(self._range(_ACC))),
                _counts(movement.gyr, gyr_scale(self._range(_GYR))),
            ],
            axis=1,
        )
        if not self._heard or not self.rate_hz:
            return []
        told = [*self._motion(movement, counts), *self._fields(movement)]
        return sorted(told, key=lambda notification: notification.row)

    def _motion(self, movement: Movement, counts: np.ndarray) -> list[Notification]:
        pairs = self._timed_by(_PROCESSORS)
        if pairs is not None:
            return self._pairs(movement, counts, pairs)
        if (_ACC, self.chip.acc_packed) in self._on:
            return self._triples(counts)
        return self._singles(counts)

    def _read(self, module: int, register: int) -> bytes:
        begin = bytes([module, 0x80 | register])
        if register == 0:
            known = dict(zip((_ACC, _GYR, _MAG), (*self._implementations, 0), strict=True))
            return begin + bytes([known[module], 0] if module in known else [])
        if (module, register) == (_BOARD, 0x0C):
            return begin + bytes([round(100 * self.battery)]) + (4148).to_bytes(2, "little")
        return begin + self._registers.get((module, register), b"")

    def _write(self, module: int, register: int, data: bytes) -> None:
        if register == 0x03:
            self._registers[module, register] = data
        elif data:
            on = data[0] == 1
            (self._on.add if on else self._on.discard)((module, register))

    def _process(self, register: int, data: bytes) -> bytes:
        """Make, subscribe to, or remove data processors."""
        if register == 0x02 and self._possible(data):
            self._processors.append(data)
            return bytes([_PROCESSORS, 0x02, len(self._processors) - 1])
        if register == 0x07 and self._processors[data[0]].endswith(_TIME):
            (self._timed.add if data[1] else self._timed.discard)(data[0])
        elif register == 0x08:
            self._processors.clear()
            self._timed.clear()
        return b""

    def _possible(self, data: bytes) -> bool:
        """Say whether a processor fits its source, told as module, register, number, and length."""
        source, length, kind = data[:3], data[3], data[4:]
        number, made = source[2], len(self._processors)
        if kind == _BUFFER:
            return source == bytes([_GYR, self.chip.gyr_single, 0xFF]) and length == 0xA0
        if kind == _TIME and source == b"\x15\x05\xff":
            return length == 0xA0
        if kind.startswith(_FUSER) and len(kind) == 14:
            buffered = kind[2] < made and self._processors[kind[2]].endswith(_BUFFER)
            return buffered and source == b"\x03\x04\xff" and length == 0xA0
        fused = number < made and self._processors[number][4:6] == _FUSER
        return kind == _TIME and source[:2] == b"\x09\x03" and fused and length == 0x60

    def _timed_by(self, module: int) -> int | None:
        """Return the subscribed processor whose source is a module, None without."""
        return next((n for n in sorted(self._timed) if self._processors[n][0] == module), None)

    def _range(self, module: int) -> float:
        code = self._registers[module, 0x03][1]
        return ACC_G[self.chip.acc_ranges.index(code)] if module == _ACC else GYR_DPS[code]

    def _fields(self, movement: Movement) -> list[Notification]:
        """Return what the magnetometer sends, at a rate of its own."""
        every = max(1, round(self.rate_hz / MAG_HZ))
        rows = np.arange(-self._felt % every, len(movement.acc), every)
        self._felt += len(movement.acc)
        timed = self._timed_by(_MAG)
        if timed is None or not {(_MAG, 0x01), (_MAG, 0x02)} <= self._on:
            return []
        packets = np.zeros(len(rows), LAYOUTS["timed"])
        packets["head"] = _PROCESSORS, 0x03
        packets["processor"] = timed
        packets["ticks"] = _ticks(movement)[rows]
        felt = rotate(conjugate(movement.quat[rows]), np.tile(EARTH_UT, (len(rows), 1)))
        packets["xyz"] = _counts(felt, MAG_UT)[:, None]
        return [
            Notification(NOTIFY, packet.tobytes(), int(row))
            for row, packet in zip(rows, packets, strict=True)
        ]

    def _pairs(self, movement: Movement, counts: np.ndarray, processor: int) -> list[Notification]:
        packets = np.zeros(len(counts), LAYOUTS["fused"])
        packets["head"] = _PROCESSORS, 0x03
        packets["processor"] = processor
        packets["ticks"] = _ticks(movement)
        packets["acc"], packets["gyr"] = counts[:, 0], counts[:, 1]
        return [Notification(NOTIFY, packet.tobytes(), row) for row, packet in enumerate(packets)]

    def _singles(self, counts: np.ndarray) -> list[Notification]:
        registers = ((_ACC, 0x04), (_GYR, self.chip.gyr_single))
        return [
            Notification(NOTIFY, bytes(register) + row[which].tobytes(), index)
            for index, row in enumerate(counts)
            for which, register in enumerate(registers)
            if register in self._on
        ]

    def _triples(self, counts: np.ndarray) -> list[Notification]:
        registers = ((_ACC, self.chip.acc_packed), (_GYR, self.chip.gyr_packed))
        held, counts = len(self._waiting), np.concatenate([self._waiting, counts])
        full = len(counts) // 3 * 3
        self._waiting = counts[full:]
        return [
            Notification(NOTIFY, bytes(register) + triple[:, which].tobytes(), 3 * index + 2 - held)
            for index, triple in enumerate(counts[:full].reshape(-1, 3, 2, 3))
            for which, register in enumerate(registers)
            if register in self._on
        ]


def _ticks(movement: Movement) -> np.ndarray:
    return np.floor(movement.device_ns / TICK_NS).astype(np.int64) % 2**32


def _counts(values: FloatArray, scale: float) -> np.ndarray:
    """Return what the chip counts, at most its full scale."""
    return np.clip(np.rint(values / scale), -32768, 32767).astype("<i2")


PERIPHERAL = VirtualMetaMotion
