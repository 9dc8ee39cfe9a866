"""A virtual Polar sensor: control point with offers and refusals, delta-coded or raw frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from gateway.drivers.polar_control import (
    ACC,
    ALREADY,
    ANSWER,
    CHANNELS,
    CONTROL,
    DATA,
    FACTOR,
    GYR,
    MAG,
    OFFER,
    RANGE,
    RATE,
    RESOLUTION,
    SDK_MODE,
    SERVICE,
    START,
    STOP,
    read_parameters,
)
from gateway.drivers.polar_pmd import BATTERY, FIRMWARE, GAUSS, HEADER, MAG_HZ, G
from gateway.drivers.talk import Settings, sig_uuid
from gateway.messages import FloatArray, IntArray
from gateway.quaternion import conjugate, rotate
from simulators.peripherals import (
    EARTH_UT,
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)

Offer = dict[int, tuple[int, ...]]
_MAG_OFFER: Offer = {RATE: (10, 20, 50, 100), RESOLUTION: (16,), RANGE: (50,), CHANNELS: (3,)}
_PLAIN_SENSE: Mapping[int, Offer] = {
    ACC: {RATE: (52,), RESOLUTION: (16,), RANGE: (8,), CHANNELS: (3,)},
    GYR: {RATE: (52,), RESOLUTION: (16,), RANGE: (2000,), CHANNELS: (3,)},
    MAG: _MAG_OFFER,
}
_SDK_RATES = (26, 52, 104, 208, 416)
_SDK_SENSE: Mapping[int, Offer] = {
    ACC: {RATE: _SDK_RATES, RESOLUTION: (16,), RANGE: (2, 4, 8, 16), CHANNELS: (3,)},
    GYR: {RATE: _SDK_RATES, RESOLUTION: (16,), RANGE: (250, 500, 1000, 2000), CHANNELS: (3,)},
    MAG: _MAG_OFFER,
}
_H10: Mapping[int, Offer] = {
    ACC: {RATE: (25, 50, 100, 200), RESOLUTION: (16,), RANGE: (2, 4, 8)},
}
_OH1: Mapping[int, Offer] = {ACC: {RATE: (50,), RESOLUTION: (16,), RANGE: (8,), CHANNELS: (3,)}}
_OFFERS = {"sense": _PLAIN_SENSE, "h10": _H10, "oh1": _OH1}
_NAMES = {"sense": "Polar Sense C0FFEE12", "h10": "Polar H10 C0FFEE12", "oh1": "Polar OH1 C0FFEE12"}
_SIZES = {RATE: 2, RESOLUTION: 2, RANGE: 2, CHANNELS: 1}
_REFUSALS = {RESOLUTION: 7, RATE: 8, RANGE: 9, CHANNELS: 11}
_BAD_OPERATION, _BAD_TYPE, _BAD_STATE = 1, 2, 12

_SAMPLES_A_FRAME, _SAMPLES_A_BLOCK = 32, 16
_EPOCH_NS = 599_616_000 * 10**9
"""2019-01-01, from which it counts until somebody sets its clock, in nanoseconds since 2000."""


class VirtualPolarPmd:
    """The sensor, a Verity Sense unless another model is asked for."""

    name = "polar_pmd"
    services: tuple[Service, ...] = (
        Service(
            SERVICE,
            (
                Characteristic(CONTROL, ("read", "write", "indicate")),
                Characteristic(DATA, ("notify",)),
            ),
        ),
        Service(sig_uuid(0x180F), (Characteristic(BATTERY, ("read", "notify")),)),
        Service(sig_uuid(0x180A), (Characteristic(FIRMWARE, ("read",)),)),
    )

    def __init__(self, address: str, model: str = "sense") -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement(_NAMES[model])
        self._model = model
        self._sdk_mode = False
        self._running: dict[int, Mapping[int, tuple[float, ...]]] = {}
        self._held: dict[int, tuple[IntArray, IntArray]] = {}
        self._field = np.empty(0, np.int64), np.empty((0, 3))
        self._subscribed: set[str] = set()

    @classmethod
    def of(cls, settings: Settings) -> Callable[[str], VirtualPolarPmd]:
        """Return what makes one of the model that the settings name."""
        return partial(cls, model=str(settings.get("model", "sense")))

    @property
    def rate_hz(self) -> float:
        """Return samples a second of what it measures."""
        return next((float(settings[RATE][0]) for settings in self._running.values()), 0.0)

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        """Note who listens to what; the battery is told at once."""
        del service
        (self._subscribed.add if on else self._subscribed.discard)(characteristic)
        if on and characteristic == BATTERY:
            return [Notification(BATTERY, self.read(BATTERY))]
        return []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        """Answer a request at the control point."""
        del service
        if characteristic != CONTROL or len(payload) < 2 or CONTROL not in self._subscribed:
            return []
        status, settings = self._do(payload[0], payload[1], payload[2:])
        more = b"\0" + settings if not status else b""
        return [Notification(CONTROL, bytes([ANSWER, *payload[:2], status]) + more)]

    def read(self, characteristic: str, service: str = "") -> bytes:
        """Return what it can measure, its battery, or its firmware."""
        del service
        measures = sum(1 << kind for kind in self._offers())
        return {
            CONTROL: bytes([0x0F, measures, 2 if self._model == "sense" else 0]).ljust(17, b"\0"),
            BATTERY: bytes([round(100 * self.battery)]),
            FIRMWARE: b"1.1.5",
        }.get(characteristic, b"")

    def disconnected(self) -> None:
        """Forget who listened; it measures on."""
        self._subscribed.clear()
        self._held.clear()
        self._field = self._field[0][:0], self._field[1][:0]

    def stream(self, movement: Movement) -> list[Notification]:
        """Return the frames that are full; the rest is held for the next."""
        if DATA not in self._subscribed:
            return []
        frames = [frame for kind in self._running for frame in self._frames(kind, movement)]
        return sorted(frames, key=lambda frame: frame.row)

    def _offers(self) -> Mapping[int, Offer]:
        return _SDK_SENSE if self._sdk_mode else _OFFERS[self._model]

    def _do(self, operation: int, kind: int, data: bytes) -> tuple[int, bytes]:
        """Return a status, and settings to answer with."""
        if kind == SDK_MODE and self._model == "sense" and operation in {START, STOP}:
            return self._switch(on=operation == START), b""
        offer = self._offers().get(kind)
        if offer is None:
            return _BAD_TYPE, b""
        if operation == OFFER:
            return 0, b"".join(_setting(what, values) for what, values in offer.items())
        if operation == STOP:
            self._running.pop(kind, None)
            self._held.pop(kind, None)
            return 0, b""
        if operation == START:
            return self._start(kind, offer, read_parameters(data))
        return _BAD_OPERATION, b""

    def _switch(self, *, on: bool) -> int:
        if self._running:
            return _BAD_STATE
        status = ALREADY if on == self._sdk_mode else 0
        self._sdk_mode = on
        return status

    def _start(
        self, kind: int, offer: Offer, wanted: Mapping[int, tuple[float, ...]]
    ) -> tuple[int, bytes]:
        if kind in self._running:
            return ALREADY, b""
        for what, values in offer.items():
            if not set(wanted.get(what, ())) & set(values):
                return _REFUSALS[what], b""
        self._running[kind] = wanted
        factor = np.float32(self._worth(kind)).tobytes()
        return 0, b"" if self._model == "h10" else bytes([FACTOR, 1]) + factor

    def _worth(self, kind: int) -> float:
        """Return what a number is worth, in g, °/s or gauss."""
        if self._model == "h10":
            return 0.001
        scale = self._running[kind][RANGE][0]
        return float(np.float32(0.07 * scale / 2000 if kind == GYR else scale / 32768))

    def _felt(self, kind: int, movement: Movement) -> tuple[IntArray, FloatArray, IntArray]:
        """Return when it was sampled, what was measured in g, °/s or gauss, and the rows."""
        if kind == MAG and len(movement.device_ns):
            return self._felt_field(movement)
        values = np.degrees(movement.gyr) if kind == GYR else movement.acc / G
        return movement.device_ns, values, np.arange(len(values))

    def _felt_field(self, movement: Movement) -> tuple[IntArray, FloatArray, IntArray]:
        """Return the same of the magnetometer, which has a rate of its own."""
        level = np.tile(EARTH_UT / GAUSS, (len(movement.quat), 1))
        earlier_ns, earlier = self._field
        at_ns = np.concatenate([earlier_ns, movement.device_ns])
        field = np.concatenate([earlier, rotate(conjugate(movement.quat), level)])
        self._field = at_ns[-1:], field[-1:]
        period_ns = round(1e9 / MAG_HZ)
        ticks = period_ns * np.arange(at_ns[0] // period_ns + 1, at_ns[-1] // period_ns + 1)
        values = np.stack([np.interp(ticks, at_ns, axis) for axis in field.T], axis=1)
        return ticks, values, np.searchsorted(movement.device_ns, ticks)

    def _frames(self, kind: int, movement: Movement) -> list[Notification]:
        device_ns, values, row = self._felt(kind, movement)
        ticks, raw = self._held.get(kind, (np.empty(0, np.int64), np.empty((0, 3), np.int64)))
        held = len(ticks)
        ticks = np.concatenate([ticks, device_ns + _EPOCH_NS])
        raw = np.concatenate([raw, _rounded(values, self._worth(kind))])
        ends = range(_SAMPLES_A_FRAME, len(ticks) + 1, _SAMPLES_A_FRAME)
        full = len(ends) * _SAMPLES_A_FRAME
        self._held[kind] = ticks[full:], raw[full:]
        frames = (
            self._head(kind, int(ticks[end - 1])) + self._content(raw[end - _SAMPLES_A_FRAME : end])
            for end in ends
        )
        rows = (int(row[end - 1 - held]) for end in ends)
        return [Notification(DATA, frame, row) for frame, row in zip(frames, rows, strict=True)]

    def _head(self, kind: int, tick: int) -> bytes:
        form = 0x01 if self._model == "h10" else 0x80
        return bytes([kind]) + tick.to_bytes(HEADER - 2, "little") + bytes([form])

    def _content(self, raw: IntArray) -> bytes:
        return raw.astype("<i2").tobytes() if self._model == "h10" else delta_coded(raw)


def delta_coded(raw: IntArray, width: int = 2, block: int = _SAMPLES_A_BLOCK) -> bytes:
    """Return samples (N, channels) as a reference of ``width`` bytes a channel and blocks."""
    steps = np.diff(raw, axis=0)
    parts = [steps[at : at + block] for at in range(0, len(steps), block)]
    reference = b"".join(int(value).to_bytes(width, "little", signed=True) for value in raw[0])
    return reference + b"".join(_block(part) for part in parts)


def _block(steps: IntArray) -> bytes:
    bits = 1 + int(np.where(steps < 0, ~steps, steps).max()).bit_length()
    single = (steps.reshape(-1, 1) >> np.arange(bits)) & 1
    packed = np.packbits(single.astype(np.uint8).reshape(-1), bitorder="little")
    return bytes([bits, len(steps)]) + packed.tobytes()


def _rounded(values: FloatArray, unit: float) -> IntArray:
    return np.clip(np.rint(values / unit), -32768, 32767).astype(np.int64)


def _setting(what: int, values: tuple[int, ...]) -> bytes:
    told = b"".join(value.to_bytes(_SIZES[what], "little") for value in values)
    return bytes([what, len(values)]) + told


PERIPHERAL = VirtualPolarPmd
