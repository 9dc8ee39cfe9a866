"""A virtual Movella DOT: settings, measurement in every open mode, heading, synchronisation."""

from __future__ import annotations

import numpy as np

from gateway.drivers.movella_device import (
    CONTROL as DEVICE,
    FILTERS,
    HEADING,
    HEADING_STATUS,
    INFO,
    REPORT,
    uuid,
)
from gateway.drivers.movella_dot import (
    BATTERY,
    CONTROL,
    DRIVER,
    LAYOUTS,
    LONG,
    MEDIUM,
    SHORT,
    encode_block,
)
from gateway.drivers.movella_sync import ACKNOWLEDGE, MESSAGE, NOTICE, SYNC, frame, read_frame
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

_SIZES = {SHORT: 20, MEDIUM: 40, LONG: 63}
_OF_DEVICE = ((0x01, 1, 2), (0x02, 2, 3), (0x04, 3, 7), (0x08, 7, 24))
"""Bit of the visit mask, and the bytes that it lets through; rate and filter apart."""
_NO_HEADING, _RESET, _REVERTED = 8, 1, 7
_START_SYNC, _STOP_SYNC, _ASK_SYNC = 1, 2, 8


class VirtualMovellaDot:
    """The sensor; it keeps measuring when a link is lost, as the real one does.

    ``modes`` are those that its firmware knows. ``sync_code`` is what a synchronisation comes to;
    after it ``root`` is the MAC of the sensor whose clock it has, else empty.
    """

    name = "movella_dot"
    services: tuple[Service, ...] = (
        Service(
            uuid(0x1000),
            (
                Characteristic(INFO, ("read",)),
                Characteristic(DEVICE, ("read", "write")),
                Characteristic(REPORT, ("notify",)),
            ),
        ),
        Service(
            uuid(0x2000),
            (
                Characteristic(CONTROL, ("read", "write")),
                *(Characteristic(payload, ("notify",)) for payload in _SIZES),
                Characteristic(HEADING, ("read", "write")),
                Characteristic(HEADING_STATUS, ("read",)),
            ),
        ),
        Service(uuid(0x3000), (Characteristic(BATTERY, ("read", "notify")),)),
        Service(
            uuid(0x7000),
            (
                Characteristic(MESSAGE, ("write",)),
                Characteristic(ACKNOWLEDGE, ("read",)),
                Characteristic(NOTICE, ("notify",)),
            ),
        ),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.firmware = (2, 4, 0)
        self.modes = tuple(LAYOUTS)
        self.sync_code = 0
        self.root = self._asked_root = ""
        self.advertisement = Advertisement("Movella DOT", manufacturer=(0x0886, b""))
        self._control = bytes([1, 0, 4])
        tag = b"Xsens DOT"
        self._device = bytes([0, 0, 2, 10, 0, 30, 0, len(tag)]) + tag.ljust(16, b"\0")
        self._device += bytes([60, 0, 0]) + bytes(5)
        self._heading, self._heading_done = _NO_HEADING, 0
        self._sync_begun = False
        self._acknowledge = b""
        self._subscribed: set[str] = set()

    @property
    def rate_hz(self) -> float:
        """Return its output rate while it measures."""
        return float(int.from_bytes(self._device[24:26], "little")) if self._control[1] else 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what; the battery is told at once."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        if on and characteristic == BATTERY:
            return [Notification(BATTERY, self.read(BATTERY))]
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Start or stop, change settings, turn the heading, or begin and end a synchronisation."""
        del service
        if characteristic == MESSAGE:
            return self._message(*read_frame(payload))
        if characteristic == CONTROL and len(payload) == 3 and payload[2] in self.modes:
            self._control = payload
        elif characteristic == DEVICE and len(payload) == len(self._device):
            self._set_up(payload)
        elif characteristic == HEADING and len(payload) == 2:
            self._turn(payload[0])
        return []

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the value of a characteristic."""
        del service
        return {
            INFO: self._info(),
            DEVICE: self._device,
            CONTROL: self._control,
            BATTERY: bytes([round(100 * self.battery), 0]),
            HEADING: self._heading.to_bytes(2, "little"),
            HEADING_STATUS: bytes([self._heading_done]),
            ACKNOWLEDGE: self._acknowledge,
        }.get(characteristic, b"")

    def disconnected(self) -> None:
        """Forget who listened; a synchronisation that was begun takes place now."""
        self._subscribed.clear()
        if self._sync_begun:
            self._sync_begun = False
            self.root = "" if self.sync_code else self._asked_root
            self._acknowledge = frame(SYNC, bytes([3, self.sync_code]))

    def stream(self, movement: Movement) -> list[Notification]:
        """Return one notification a sample."""
        mode = self._control[2]
        known = LAYOUTS[mode].itemsize if mode in LAYOUTS else 0
        target = next(payload for payload, size in _SIZES.items() if known <= size)
        if not self._control[1] or target not in self._subscribed:
            return []
        ticks = movement.device_ns // 1000
        payload, ends = encode_block(
            mode, ticks, movement.acc, movement.gyr, movement.quat, self.rate_hz
        )
        starts = np.concatenate([[0], ends[:-1]])
        return [
            Notification(target, payload[start:end].ljust(_SIZES[target], b"\0"), row)
            for row, (start, end) in enumerate(zip(starts, ends, strict=True))
        ]

    def _info(self) -> bytes:
        mac = bytes.fromhex(self.address.replace(":", ""))[::-1]
        built = (2022).to_bytes(2, "little") + bytes([3, 14, 9, 26, 53])
        serial = mac[:3] + b"\0" + mac[3:] + b"\0"
        return mac + bytes(self.firmware) + built + bytes(4) + serial + b"XS-T01"

    def _set_up(self, wanted: bytes) -> None:
        device, mask = bytearray(self._device), wanted[0]
        for bit, first, end in _OF_DEVICE:
            if mask & bit:
                device[first:end] = wanted[first:end]
        if mask & 0x10 and int.from_bytes(wanted[24:26], "little") in DRIVER.about.rates_hz:
            device[24:26] = wanted[24:26]
        if mask & 0x20 and wanted[26] < len(FILTERS):
            device[26] = wanted[26]
        self._device = bytes(device)

    def _turn(self, command: int) -> None:
        names = LAYOUTS[self._control[2]].names or ()
        able = bool(self._control[1]) and not {"quat", "euler_deg"}.isdisjoint(names)
        may = {_RESET: self._heading != _RESET, _REVERTED: self._heading == _RESET}
        self._heading_done = int(able and may.get(command, False))
        if self._heading_done:
            self._heading = command

    def _message(self, service: int, data: bytes) -> list[Notification]:
        if service != SYNC or not data:
            return []
        if data[0] == _START_SYNC:
            self._sync_begun = len(data) == 7
            self._asked_root = ":".join(f"{byte:02X}" for byte in data[:0:-1])
        elif data[0] == _STOP_SYNC:
            self._sync_begun, self.root = False, ""
            return self._notice(0x50, 0)
        elif data[0] == _ASK_SYNC:
            return self._notice(0x51, 4 if self.root else 9)
        return []

    def _notice(self, kind: int, value: int) -> list[Notification]:
        if NOTICE not in self._subscribed:
            return []
        return [Notification(NOTICE, frame(SYNC, bytes([kind, value])))]


PERIPHERAL = VirtualMovellaDot
