"""Frames of recordings: one sample a packet, every value kept as its file has it.

A frame is 56 bytes, little-endian: ``ticks`` u64, ``acc`` three f64 in m/s², ``gyr`` three f64 in
rad/s. Settings: ``tick_ns`` nanoseconds a tick (0: the frames carry no time), ``bits`` width at
which the ticks wrap (8, 16, 32 or 64).
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import Gatt, Samples, Settings, TickClock
from gateway.drivers.packets import stack_equal
from gateway.errors import UsageError
from gateway.messages import FloatArray, IntArray, PacketBlock

FRAME = np.dtype([("ticks", "<u8"), ("acc", "<f8", (3,)), ("gyr", "<f8", (3,))])
_WIDTHS = (8, 16, 32, 64)


def frames(ticks: IntArray, acc: FloatArray, gyr: FloatArray) -> bytes:
    """Return N frames, joined: ``ticks`` (N,), ``acc`` (N, 3) m/s², ``gyr`` (N, 3) rad/s."""
    rows = np.empty(len(ticks), FRAME)
    rows["ticks"], rows["acc"], rows["gyr"] = ticks, acc, gyr
    return rows.tobytes()


class SampleFrame:
    """The driver of recordings; it has no radio."""

    name = "sample_frame"

    def clock(self, settings: Settings, rate_hz: float) -> TickClock | None:  # noqa: ARG002, one shape for all drivers
        """Return the clock that the settings describe, or None where ``tick_ns`` is 0."""
        tick_ns, bits = settings.get("tick_ns", 0), settings.get("bits", 64)
        if isinstance(tick_ns, str) or not 0 <= tick_ns < np.inf:
            raise UsageError(f"sample_frame: tick_ns is {tick_ns!r}, not a number from 0 on")
        if bits not in _WIDTHS:
            raise UsageError(f"sample_frame: bits is {bits!r}, not one of {_WIDTHS}")
        return TickClock(int(bits), float(tick_ns)) if tick_ns else None

    def decode(self, block: PacketBlock, settings: Settings) -> Samples:
        """Decode frames; those of another length or with values that are no numbers are refused."""
        stacked = stack_equal(block, FRAME.itemsize, FRAME.itemsize)
        rows = np.ascontiguousarray(stacked.rows).view(FRAME)[:, 0]
        packet, refused = stacked.packet, dict(stacked.refused)
        # Summing spreads NaN and infinity at a third of the price of looking at each value.
        finite = np.isfinite(rows["acc"].sum(axis=1) + rows["gyr"].sum(axis=1))
        if not finite.all():
            refused["not a number"] = int(np.count_nonzero(~finite))
            rows, packet = rows[finite], packet[finite]
        return Samples(
            ticks=rows["ticks"].astype(np.int64) if settings.get("tick_ns", 0) else None,
            packet=packet,
            acc=np.ascontiguousarray(rows["acc"]),
            gyr=np.ascontiguousarray(rows["gyr"]),
            clipped=np.zeros(len(rows), np.bool_),
            refused=refused,
        )

    def battery(self, payload: bytes) -> tuple[float, bool] | None:  # noqa: ARG002, one shape for all drivers
        """Return None: a recording has no battery."""
        return None

    def gatt(self, settings: Settings, rate_hz: float) -> Gatt | None:  # noqa: ARG002, one shape for all drivers
        """Return None: a recording has no radio."""
        return None


DRIVER = SampleFrame()
