"""OpenEarable 2: records of one or several motion samples with a 64-bit microsecond clock.

After the makers' firmware and app: ``u8 sensor, u8 size, u64 microseconds, samples`` and, where
there are several samples, ``u16`` microseconds between them; the time is that of the first. A
sample is nine little-endian floats: m/s², degrees a second, microtesla. All numbers little-endian.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import About, Decoded, Samples, Settings, Stream, TickClock
from gateway.drivers.packets import bounds, heads, near_full_scale
from gateway.drivers.standard import decode_standard, introduce
from gateway.drivers.talk import Advertising, Procedure, Subscribe, Write
from gateway.messages import BoolArray, IntArray, PacketBlock

_BASE = "34c2e3b{}-34aa-11eb-adc1-0242ac120002"
SERVICE, DATA, CONFIG = (_BASE.format(part) for part in "bce")
IMU = 0
STREAM = 1
RATES_HZ = (25.0, 50.0, 100.0, 200.0)

HEADER = np.dtype([("sensor", "u1"), ("size", "u1"), ("time_us", "<u8")])
SAMPLE = np.dtype([("acc", "<f4", (3,)), ("gyr_dps", "<f4", (3,)), ("mag", "<f4", (3,))])
MOST_SAMPLES = 6
"""A record fits a packet of 244 bytes."""

_KEPT_BITS = 48
_ACC_FULL = 2 * 9.80665
_GYR_FULL = 2000.0


def record_size(count: int) -> int:
    """Return the bytes of a record of ``count`` samples."""
    return HEADER.itemsize + count * SAMPLE.itemsize + (2 if count > 1 else 0)


_PLACES = np.arange(record_size(MOST_SAMPLES))
_COUNTS = {record_size(count): count for count in range(1, MOST_SAMPLES + 1)}


class OpenEarable:
    """The driver."""

    name = "openearable"
    about = About(
        maker="OpenEarable",
        models=("OpenEarable 2",),
        rates_hz=RATES_HZ,
        acc_g=(2.0,),
        gyr_dps=(2000.0,),
        clock="64-bit microseconds since it was switched on",
        loss="a step of the clock longer than one and a half periods",
        unknown=(
            "the first generation: it has the same name and service but other records",
            "whether it streams as fast as it samples: it tells no rate back",
            "the magnetic field, which it tells, and which is not read",
        ),
        tested_on=("vectors", "virtual"),
    )
    advertising = Advertising(names=("OpenEarable",))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream; its clock keeps as many bits as a float holds, good for 8 years."""
        del settings
        return (
            Stream(rate_hz, TickClock(bits=_KEPT_BITS, tick_ns=1000.0), per_packet=MOST_SAMPLES),
        )

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of records, or of battery levels; other sensors' are passed over."""
        del settings
        if channel != "motion":
            return decode_standard(channel, block)
        head, (starts, lengths) = heads(block), bounds(block)
        whole = (lengths >= HEADER.itemsize) & (head == (IMU << 8) + lengths - HEADER.itemsize)
        sizes = np.where(whole, lengths, 0)
        # A sensor sends records of one length, but for an odd one.
        found = sorted(_COUNTS.keys() & set(sizes.tolist())) or [record_size(1)]
        data = np.frombuffer(block.payload, np.uint8)
        parts = [_records(data, starts, sizes == size, _COUNTS[size]) for size in found]
        unread = np.array([size not in _COUNTS for size in sizes.tolist()])
        refused = _refused(head, lengths, unread) if unread.any() else {}
        return Decoded((_samples(parts),), refused=refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop the motion sensor, listen, and start it at a rate by its index."""
        yield from self.stop(settings, rate_hz)
        told = yield from introduce()
        yield Subscribe(DATA, "motion")
        yield Write(CONFIG, bytes([IMU, RATES_HZ.index(rate_hz), STREAM]))
        return {"rate_hz": rate_hz} | dict(told)

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop streaming and storing."""
        del settings, rate_hz
        yield Write(CONFIG, bytes([IMU, 0, 0]))
        return {}


_Records = tuple[IntArray, IntArray, NDArray[np.void]]


def _records(data: NDArray[np.uint8], starts: IntArray, own: BoolArray, count: int) -> _Records:
    """Return packet, microseconds and values of the samples in records of ``count``."""
    packet = np.flatnonzero(own)
    rows = data[starts[packet, None] + _PLACES[: record_size(count)]]
    header = np.ascontiguousarray(rows[:, : HEADER.itemsize]).view(HEADER)[:, 0]
    first_us = (header["time_us"] & np.uint64(2**_KEPT_BITS - 1)).astype(np.int64)
    step_us = np.zeros(len(rows), np.int64)
    if count > 1:
        step_us = np.ascontiguousarray(rows[:, -2:]).view("<u2")[:, 0].astype(np.int64)
    at_us = first_us[:, None] + step_us[:, None] * np.arange(count)
    body = rows[:, HEADER.itemsize : HEADER.itemsize + count * SAMPLE.itemsize]
    values = np.ascontiguousarray(body).reshape(-1).view(SAMPLE)
    return np.repeat(packet, count), at_us.reshape(-1), values


def _refused(head: IntArray, lengths: IntArray, unread: BoolArray) -> dict[str, int]:
    """Count what was not read; what other sensors tell is passed over."""
    long_enough = lengths >= HEADER.itemsize
    counts = {
        "too short": int(np.count_nonzero(~long_enough)),
        "not a whole record": int(np.count_nonzero(long_enough & (head >> 8 == IMU) & unread)),
    }
    return {why: count for why, count in counts.items() if count}


def _samples(parts: list[_Records]) -> Samples:
    """Return the samples of records of all lengths in order of arrival."""
    packet, at_us, values = parts[0]
    if len(parts) > 1:
        packet, at_us, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = np.argsort(packet, kind="stable")
        packet, at_us, values = packet[order], at_us[order], values[order]
    with np.errstate(invalid="ignore"):
        acc = values["acc"].astype(np.float64)
        gyr_dps = values["gyr_dps"].astype(np.float64)
    return Samples(
        packet=packet,
        clipped=near_full_scale(acc, _ACC_FULL) | near_full_scale(gyr_dps, _GYR_FULL),
        acc=acc,
        gyr=np.radians(gyr_dps),
        ticks=at_us % 2**_KEPT_BITS,
    )


DRIVER = OpenEarable()
