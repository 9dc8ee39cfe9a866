"""What a MetaMotion's packets hold: their layouts, scales, and samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import Samples, Settings
from gateway.drivers.packets import bounds, saturated, stack_equal
from gateway.messages import BoolArray, IntArray, PacketBlock

_HEAD, _ACCURACY = ("head", "u1", (2,)), ("accuracy", "u1")
_PROCESSOR, _TICKS = ("processor", "u1"), ("ticks", "<u4")
_XYZ, _FLOATS = ("xyz", "<i2", (1, 3)), ("<f4", (3,))

LAYOUTS: dict[str, np.dtype[Any]] = {
    "single": np.dtype([_HEAD, _XYZ]),
    "packed": np.dtype([_HEAD, ("xyz", "<i2", (3, 3))]),
    "fused": np.dtype([_HEAD, _PROCESSOR, _TICKS, ("acc", "<i2", (3,)), ("gyr", "<i2", (3,))]),
    "timed": np.dtype([_HEAD, _PROCESSOR, _TICKS, _XYZ]),
    "timed pair": np.dtype([_HEAD, _PROCESSOR, _TICKS, ("xyz", "<i2", (2, 3))]),
    "quaternion": np.dtype([_HEAD, ("quat", "<f4", (4,))]),
    "euler": np.dtype([_HEAD, ("heading_pitch_roll_yaw_deg", "<f4", (4,))]),
    "corrected": np.dtype([_HEAD, ("xyz", *_FLOATS), _ACCURACY]),
    "gravity": np.dtype([_HEAD, ("xyz", *_FLOATS)]),
}
"""Packets of sensors, data processors and the sensor fusion, in the units of the wire.

A counting processor sends its count in place of ``ticks``. The fusion's corrected acceleration is
in milli-g, its rate of turn in °/s, its field in µT, gravity and linear acceleration in m/s².
"""

TICK_NS = 48 / 32768 * 1e9
ACC_G = (2, 4, 8, 16)
GYR_DPS = (2000, 1000, 500, 250, 125)
"""In the order of their codes."""
_GYR_LSB = 16.4 * 2000
"""Counts a °/s, times the range."""
MAG_UT = 1 / 16
"""A count of the magnetometer."""


def acc_scale(acc_g: float) -> float:
    """Return m/s² a count."""
    return acc_g * 9.80665 / 32768


def gyr_scale(gyr_dps: float) -> float:
    """Return rad/s a count."""
    return float(np.radians(gyr_dps / _GYR_LSB))


def read_packets(
    layout: str, block: PacketBlock, among: BoolArray
) -> tuple[NDArray[Any], IntArray]:
    """Return the fields (N,) of those packets ``among`` a block that fit, and their index."""
    kind = LAYOUTS[layout]
    if among.all():
        stacked = stack_equal(block, kind.itemsize, kind.itemsize)
        rows, packet = stacked.rows, stacked.packet
    else:
        starts, lengths = bounds(block)
        packet = np.flatnonzero(among & (lengths == kind.itemsize))
        data = np.frombuffer(block.payload, np.uint8)
        rows = data[starts[packet, None] + np.arange(kind.itemsize)]
    return np.ascontiguousarray(rows).view(kind)[:, 0], packet


def motion_samples(
    stream: int, rows: NDArray[Any], packet: IntArray, settings: Settings
) -> Samples:
    """Return the samples of packets of pairs, of acceleration (stream 0), or of turning (1)."""
    acc = acc_scale(float(settings.get("acc_g", ACC_G[-1])))
    gyr = gyr_scale(float(settings.get("gyr_dps", GYR_DPS[0])))
    if "ticks" in (rows.dtype.names or ()):
        return Samples(
            packet=packet,
            clipped=saturated(rows["acc"], rows["gyr"]),
            acc=rows["acc"] * acc,
            gyr=rows["gyr"] * gyr,
            ticks=rows["ticks"].astype(np.int64),
        )
    packet = np.repeat(packet, rows["xyz"].shape[1])
    xyz = rows["xyz"].reshape(-1, 3)
    if stream == 0:
        return Samples(packet, saturated(xyz), acc=xyz * acc)
    return Samples(packet, saturated(xyz), gyr=xyz * gyr, stream=stream)


def field_samples(stream: int, rows: NDArray[Any], packet: IntArray) -> Samples:
    """Return the samples of timed packets of the magnetic field; NaN where it was too strong."""
    xyz = rows["xyz"][:, 0]
    return Samples(
        packet=packet,
        clipped=np.zeros(len(xyz), np.bool_),
        ticks=rows["ticks"].astype(np.int64),
        mag=np.where(saturated(xyz)[:, None], np.nan, xyz * MAG_UT),
        stream=stream,
    )
