"""Movella DOT (also sold as Xsens DOT): real-time payloads as published by the maker.

Layout after the "DOT BLE Services Specification" (XD0506P): every payload starts with a 32-bit
microsecond counter and goes on with little-endian 32-bit floats; angular rates are degrees a
second, the magnetometer is in 1/4096 of the local field. Notifications are padded with zeros to
the size of their characteristic, so a payload is read by the mode it was asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import About, Battery, Decoded, Samples, Setting, Settings, Stream, TickClock
from gateway.drivers.packets import Stacked, payloads, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Subscribe, Write
from gateway.errors import UsageError
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock

_BASE = "1517{:04x}-4947-11e9-8646-d663bd873d93"
CONTROL, LONG, MEDIUM, SHORT, BATTERY = (
    _BASE.format(part) for part in (0x2001, 0x2002, 0x2003, 0x2004, 0x3001)
)
_NAMES = ("Movella DOT", "Xsens DOT")

_TICKS = ("ticks", "<u4")
_QUAT, _EULER = ("quat", "<f4", (4,)), ("euler_deg", "<f4", (3,))
_FREE_ACC, _ACC, _GYR = ((name, "<f4", (3,)) for name in ("free_acc", "acc", "gyr_dps"))
_MAG = ("mag_raw", "<i2", (3,))
_STATUS, _CLIP = ("status", "<u2"), ("clip_counts", "u1", (2,))

LAYOUTS: dict[int, np.dtype[Any]] = {
    2: np.dtype([_TICKS, _QUAT, _FREE_ACC, _STATUS, _CLIP]),
    3: np.dtype([_TICKS, _QUAT, _FREE_ACC]),
    4: np.dtype([_TICKS, _EULER]),
    5: np.dtype([_TICKS, _QUAT]),
    6: np.dtype([_TICKS, _FREE_ACC]),
    7: np.dtype([_TICKS, _EULER, _FREE_ACC, _STATUS, _CLIP]),
    16: np.dtype([_TICKS, _EULER, _FREE_ACC]),
    18: np.dtype([_TICKS, ("dq", "<f4", (4,)), ("dv", "<f4", (3,)), _MAG]),
    19: np.dtype([_TICKS, ("dq", "<f4", (4,)), ("dv", "<f4", (3,))]),
    20: np.dtype([_TICKS, _ACC, _GYR, _MAG]),
    21: np.dtype([_TICKS, _ACC, _GYR]),
    22: np.dtype([_TICKS, _EULER, _FREE_ACC, _GYR]),
    23: np.dtype([_TICKS, _EULER, _FREE_ACC, _MAG]),
    24: np.dtype([_TICKS, _QUAT, _GYR]),
    26: np.dtype([_TICKS, _QUAT, _ACC, _GYR]),
}
"""Payload of each measurement mode; the encoded modes 1, 17 and 25 need the maker's SDK."""

RAW_MODES = tuple(
    mode for mode, layout in LAYOUTS.items() if {"acc", "gyr_dps"} <= set(layout.names or ())
)
DEFAULT_MODE = 26

FULL_SCALE_ACC = 16 * 9.80665
FULL_SCALE_GYR = np.radians(2000.0)
_NEAR_FULL = 0.999
_LONG_SIZE = 63
_CHARACTERISTIC_SIZES = (20, 40, _LONG_SIZE)


def read_payloads(mode: int, block: PacketBlock) -> tuple[NDArray[Any], Stacked]:
    """Return the fields (N,) of every payload that fits the mode, in the units of the wire."""
    layout = LAYOUTS[mode]
    stacked = stack_equal(block, layout.itemsize, longest=_padded_size(layout))
    return np.ascontiguousarray(stacked.rows).view(layout)[:, 0], stacked


def encode_block(
    mode: int, ticks: IntArray, acc: FloatArray, gyr: FloatArray, quat: FloatArray
) -> tuple[bytes, IntArray]:
    """Return the payloads of N samples, joined, and where each ends.

    ``ticks`` (N,) microseconds, wrapped here to 32 bits; ``acc`` (N, 3) m/s²; ``gyr`` (N, 3)
    rad/s; ``quat`` (N, 4) the sensor's own orientation, used where the mode carries one.
    """
    layout = LAYOUTS[_raw_mode(mode)]
    records = np.zeros(len(ticks), layout)
    records["ticks"] = ticks % 2**32
    records["acc"] = acc
    records["gyr_dps"] = np.degrees(gyr)
    if "quat" in (layout.names or ()):
        records["quat"] = quat
    ends = np.arange(1, len(ticks) + 1) * layout.itemsize
    return records.tobytes(), ends


class MovellaDot:
    """The driver."""

    name = "movella_dot"
    about = About(
        maker="Movella (Xsens)",
        models=("Movella DOT", "Xsens DOT"),
        rates_hz=(1.0, 4.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0),
        acc_g=(16.0,),
        gyr_dps=(2000.0,),
        clock="32-bit microseconds since power-on, wraps after 71.6 minutes",
        loss="a step of the clock longer than one and a half periods",
        unknown=("why a sample is missing: payloads carry no counter",),
        tested_on=("vectors", "captured bytes", "virtual"),
        settings=(Setting("mode", DEFAULT_MODE, RAW_MODES, "measurement mode of the payloads"),),
    )
    advertising = Advertising(names=_NAMES, companies=(0x0886,))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream with a 32-bit microsecond counter, whatever the mode and rate."""
        del settings
        return (Stream(rate_hz, TickClock(bits=32, tick_ns=1000.0)),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block; a payload shorter than its mode is refused, padding is ignored."""
        if channel == "battery":
            return _battery(block)
        if channel != "motion":
            return Decoded()
        records, stacked = read_payloads(_raw_mode(settings.get("mode", DEFAULT_MODE)), block)
        acc = records["acc"].astype(np.float64)
        gyr = np.radians(records["gyr_dps"].astype(np.float64))
        ticks = records["ticks"].astype(np.int64)
        clipped = _clipped(acc, gyr)
        samples = Samples(packet=stacked.packet, clipped=clipped, acc=acc, gyr=gyr, ticks=ticks)
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop what it may still measure since a lost link, then start."""
        mode = _raw_mode(settings.get("mode", DEFAULT_MODE))
        yield Write(CONTROL, bytes([1, 0, mode]))
        yield Subscribe(_payload_characteristic(mode), "motion")
        yield Subscribe(BATTERY, "battery")
        yield Write(CONTROL, bytes([1, 1, mode]))
        return {"mode": mode, "rate_hz": rate_hz}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop the measurement."""
        del rate_hz
        yield Write(CONTROL, bytes([1, 0, _raw_mode(settings.get("mode", DEFAULT_MODE))]))
        return {}


def _battery(block: PacketBlock) -> Decoded:
    """Read packets of level in per cent and a charging flag."""
    facts = []
    for index, payload in enumerate(payloads(block)):
        if len(payload) >= 2 and payload[0] <= 100:
            facts.append((index, Battery(payload[0] / 100, bool(payload[1]))))
    odd = len(block.ends) - len(facts)
    return Decoded(facts=tuple(facts), refused={"no battery level": odd} if odd else {})


def _payload_characteristic(mode: int) -> str:
    return LONG if _padded_size(LAYOUTS[mode]) == _LONG_SIZE else MEDIUM


def _clipped(acc: FloatArray, gyr: FloatArray) -> BoolArray:
    full: BoolArray = np.abs(acc) >= _NEAR_FULL * FULL_SCALE_ACC
    full |= np.abs(gyr) >= _NEAR_FULL * FULL_SCALE_GYR
    return full[:, 0] | full[:, 1] | full[:, 2]


def _raw_mode(mode: float | str) -> int:
    if mode not in RAW_MODES:
        raise UsageError(
            f"mode {mode} of a Movella DOT carries no raw motion that is decoded here; "
            f"use one of {', '.join(map(str, RAW_MODES))}"
        )
    return int(mode)


def _padded_size(layout: np.dtype[Any]) -> int:
    """Size of the characteristic that payloads of ``layout`` come on."""
    return next(size for size in _CHARACTERISTIC_SIZES if layout.itemsize <= size)


DRIVER = MovellaDot()
