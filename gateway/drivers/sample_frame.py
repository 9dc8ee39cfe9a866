"""Frames of recordings: one sample a packet, every value kept as its file has it.

A frame is 56 bytes, little-endian: ``ticks`` u64, ``acc`` three f64 in m/s², ``gyr`` three f64 in
rad/s; with a magnetometer three f64 in µT follow, NaN where it was not measured. Settings:
``tick_ns`` nanoseconds a tick (0: the frames carry no time), ``bits`` width at which the ticks wrap
(8, 16, 32 or 64), ``mag`` 1 with a magnetometer, ``acc_full_scale`` (m/s²) and ``gyr_full_scale``
(rad/s) where the sensor clipped.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Decoded, Samples, Setting, Settings, Stream, TickClock
from gateway.drivers.packets import finite, near_full_scale, records, stack_equal
from gateway.drivers.talk import Procedure, nothing
from gateway.errors import UsageError
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock

FRAME = np.dtype([("ticks", "<u8"), ("acc", "<f8", (3,)), ("gyr", "<f8", (3,))])
MAG_FRAME = np.dtype([*FRAME.descr, ("mag", "<f8", (3,))])
_WIDTHS = (8, 16, 32, 64)
_LATEST_NS = 2.0**62
"""A later time does not fit what times are counted in."""


def frames(
    ticks: IntArray, acc: FloatArray, gyr: FloatArray, mag: FloatArray | None = None
) -> bytes:
    """Return N frames, joined: ``ticks`` (N,), ``acc`` (N, 3) m/s², ``gyr`` (N, 3) rad/s.

    ``mag`` (N, 3) µT where there is a magnetometer.
    """
    rows = np.empty(len(ticks), FRAME if mag is None else MAG_FRAME)
    rows["ticks"], rows["acc"], rows["gyr"] = ticks, acc, gyr
    if mag is not None:
        rows["mag"] = mag
    return rows.tobytes()


class SampleFrame:
    """The driver of recordings; it has no radio."""

    name = "sample_frame"
    about = About(
        maker="any",
        models=("recording",),
        rates_hz=(),
        acc_g=(),
        gyr_dps=(),
        clock="that of the recording",
        loss="a step of the clock longer than one and a half periods",
        tested_on=("vectors",),
        settings=(
            Setting("tick_ns", 0, (), "nanoseconds a tick; 0: the frames carry no time"),
            Setting("bits", 64, _WIDTHS, "width at which the ticks wrap"),
            Setting("mag", 0, (0, 1), "1: with a magnetometer"),
            Setting("acc_full_scale", 0, (), "m/s² at which it clips; 0: it does not"),
            Setting("gyr_full_scale", 0, (), "rad/s at which it clips; 0: it does not"),
        ),
    )
    advertising = None
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return a stream with the clock that the settings describe."""
        tick_ns, bits = settings.get("tick_ns", 0), settings.get("bits", 64)
        if isinstance(tick_ns, str) or not 0 <= tick_ns < np.inf:
            raise UsageError(f"sample_frame: tick_ns is {tick_ns!r}, not a number from 0 on")
        if bits not in _WIDTHS:
            raise UsageError(f"sample_frame: bits is {bits!r}, not one of {_WIDTHS}")
        clock = TickClock(int(bits), float(tick_ns)) if tick_ns else None
        return (Stream(rate_hz, clock, mag=bool(settings.get("mag", 0))),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:  # noqa: ARG002, one shape for all drivers
        """Decode frames; those of another length, or of impossible values, are refused."""
        layout = MAG_FRAME if settings.get("mag", 0) else FRAME
        stacked = stack_equal(block, layout.itemsize, layout.itemsize)
        rows, packet = records(stacked, layout), stacked.packet
        tick_ns, bits = float(settings.get("tick_ns", 0)), int(settings.get("bits", 64))
        real = finite(rows["acc"], rows["gyr"])
        latest = min(2.0**bits, _LATEST_NS / tick_ns) if tick_ns else np.inf
        timely = rows["ticks"] < latest
        counts = {
            "not a number": int(np.count_nonzero(~real)),
            "impossible time": int(np.count_nonzero(real & ~timely)),
        }
        if any(counts.values()):
            rows, packet = rows[real & timely], packet[real & timely]
        samples = Samples(
            packet=packet,
            clipped=_clipped(rows["acc"], settings.get("acc_full_scale", 0))
            | _clipped(rows["gyr"], settings.get("gyr_full_scale", 0)),
            acc=np.ascontiguousarray(rows["acc"]),
            gyr=np.ascontiguousarray(rows["gyr"]),
            ticks=rows["ticks"].astype(np.int64) if tick_ns else None,
            mag=np.ascontiguousarray(rows["mag"]) if layout is MAG_FRAME else None,
        )
        refused = {reason: count for reason, count in counts.items() if count}
        return Decoded((samples,), refused={**stacked.refused, **refused})

    def start(self, settings: Settings, rate_hz: float) -> Procedure:  # noqa: ARG002, one shape for all drivers
        """Return an empty procedure: a recording has no radio."""
        return nothing()

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:  # noqa: ARG002, one shape for all drivers
        """Return an empty procedure."""
        return nothing()


def _clipped(values: FloatArray, full_scale: float | str) -> BoolArray:
    """Return (N,) whether a value of (N, 3) reaches a full scale that is known."""
    if not full_scale:
        return np.zeros(len(values), np.bool_)
    return near_full_scale(values, float(full_scale))


DRIVER = SampleFrame()
