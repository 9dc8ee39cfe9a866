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

from gateway.drivers import Gatt, Samples, Settings, TickClock
from gateway.drivers.packets import Stacked, stack_equal
from gateway.errors import UsageError
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock

_BASE = "1517{:04x}-4947-11e9-8646-d663bd873d93"
CONTROL, LONG, MEDIUM, SHORT, BATTERY = (
    _BASE.format(part) for part in (0x2001, 0x2002, 0x2003, 0x2004, 0x3001)
)
_NAMES = ("Movella DOT", "Xsens DOT")
_RATES_HZ = (1, 4, 10, 12, 15, 20, 30, 60)

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
    """The driver; settings: ``mode``, one of the modes with raw acceleration and angular rate."""

    name = "movella_dot"

    def clock(self, settings: Settings, rate_hz: float) -> TickClock:
        """Return a 32-bit microsecond counter, whatever the mode and rate."""
        del settings, rate_hz
        return TickClock(bits=32, tick_ns=1000.0)

    def decode(self, block: PacketBlock, settings: Settings) -> Samples:
        """Decode a block; a payload shorter than its mode is refused, padding is ignored."""
        records, stacked = read_payloads(_raw_mode(settings.get("mode", DEFAULT_MODE)), block)
        acc = records["acc"].astype(np.float64)
        gyr = np.radians(records["gyr_dps"].astype(np.float64))
        return Samples(
            ticks=records["ticks"].astype(np.int64),
            packet=stacked.packet,
            acc=acc,
            gyr=gyr,
            clipped=_clipped(acc, gyr),
            refused=stacked.refused,
        )

    def battery(self, payload: bytes) -> tuple[float, bool] | None:
        """Level in per cent and a charging flag."""
        if len(payload) < 2 or payload[0] > 100:
            return None
        return payload[0] / 100, bool(payload[1])

    def gatt(self, settings: Settings, rate_hz: float) -> Gatt:
        """How to start it; the output rate itself is a setting that the sensor keeps."""
        mode = _raw_mode(settings.get("mode", DEFAULT_MODE))
        if rate_hz not in _RATES_HZ:
            rates = ", ".join(map(str, _RATES_HZ))
            raise UsageError(f"a Movella DOT streams at {rates} Hz, not at {rate_hz:g} Hz")
        payload = LONG if _padded_size(LAYOUTS[mode]) == _LONG_SIZE else MEDIUM
        stop = (CONTROL, bytes([1, 0, mode]))
        return Gatt(
            names=_NAMES,
            services=(),
            notify={payload: "motion", BATTERY: "battery"},
            start=(stop, (CONTROL, bytes([1, 1, mode]))),
            stop=(stop,),
        )


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
