"""Nordic Thingy:52, after its published firmware and the documentation of that.

Its output starts when somebody listens, at a frequency that it keeps in its flash. It sends no
time. Two things are only told by the firmware's sources: its accelerometer runs at ±2 g, and reads
positive along an axis that points down, so the sign is turned here to that of other sensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gateway.drivers import About, Battery, Decoded, Samples, Settings, Stream
from gateway.drivers.packets import payloads, records, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, Write, nothing, sig_uuid
from gateway.errors import SourceError, UnableError
from gateway.messages import PacketBlock

_BASE = "ef68{:04x}-9b35-4933-9b10-52ffa9740042"
CONFIGURATION, CONNECTION, FIRMWARE, MOTION, CONFIG, RAW = (
    _BASE.format(part) for part in (0x0100, 0x0104, 0x0107, 0x0400, 0x0401, 0x0406)
)
BATTERY = sig_uuid(0x2A19)

LAYOUTS: dict[str, np.dtype[Any]] = {
    "config": np.dtype(
        [
            ("step_ms", "<u2"),
            ("temperature_ms", "<u2"),
            ("compass_ms", "<u2"),
            ("rate_hz", "<u2"),
            ("wake", "u1"),
        ]
    ),
    "quaternion": np.dtype([("quat", "<i4", (4,))]),
    "steps": np.dtype([("steps", "<u4"), ("ms", "<u4")]),
    "raw": np.dtype([("acc", "<i2", (3,)), ("gyr", "<i2", (3,)), ("mag", "<i2", (3,))]),
    "euler": np.dtype([("roll_pitch_yaw", "<i4", (3,))]),
    "rotation": np.dtype([("matrix", "<i2", (3, 3))]),
    "heading": np.dtype([("heading", "<i4")]),
}
"""What its characteristics of motion hold, in the units of the wire: a quaternion's 1 is 2³⁰,
angles count 2¹⁶ a degree, a matrix 2¹⁴; 1024 a g, 32 a °/s, 16 a µT."""

ACC_SCALE = -9.80665 / 1024
"""m/s² a count, turned from the direction of gravity to that of what holds the sensor up."""
GYR_SCALE = float(np.radians(1 / 32))
ACC_FULL = 2 * 1024
GYR_FULL = 1023 * 32
"""Counts; beyond these the firmware, not the chip, clips the rate of turn."""
_NEAR_FULL = 0.98
"""Less than the whole, since the firmware subtracts a bias of its own after the chip."""
_FAST = bytes.fromhex("06000c0000009001")  # an interval of 7.5 to 15 ms, given up after 4 s


class Thingy52:
    """The driver."""

    name = "thingy52"
    about = About(
        maker="Nordic Semiconductor",
        models=("Thingy:52",),
        # Its chip counts down from 200 Hz by whole numbers, whatever is asked for.
        rates_hz=(5.0, 8.0, 10.0, 20.0, 25.0, 40.0, 50.0, 100.0, 200.0),
        acc_g=(2,),
        gyr_dps=(1023,),
        clock="none",
        loss="only a gap in the arrivals",
        unknown=(
            "when a sample was taken, but for its arrival",
            "accelerations beyond ±2 g, as of a foot that strikes the ground",
            "the magnetic field and its own orientation, which it tells, and which are not read",
        ),
        tested_on=("vectors", "virtual"),
    )
    advertising = Advertising(names=("Thingy",), services=(CONFIGURATION,))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream without a clock."""
        del settings
        return (Stream(rate_hz, None),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:  # noqa: ARG002, it has no settings
        """Decode a block of raw values; packets of another length are refused."""
        if channel == "battery":
            return _battery(block)
        layout = LAYOUTS["raw"]
        stacked = stack_equal(block, layout.itemsize, layout.itemsize)
        rows = records(stacked, layout)
        at_end = np.abs(rows["acc"].astype(np.int32)) >= _NEAR_FULL * ACC_FULL
        at_end |= np.abs(rows["gyr"].astype(np.int32)) >= GYR_FULL
        samples = Samples(
            packet=stacked.packet,
            clipped=at_end[:, 0] | at_end[:, 1] | at_end[:, 2],
            acc=rows["acc"] * ACC_SCALE,
            gyr=rows["gyr"] * GYR_SCALE,
        )
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Set its frequency and connection where they differ, then listen."""
        del settings
        yield from _set_rate(rate_hz)
        connection = yield Read(CONNECTION, optional=True)
        if connection and connection != _FAST:
            yield Write(CONNECTION, _FAST)
        known: dict[str, int | float | str] = {"rate_hz": rate_hz, "acc_g": 2, "gyr_dps": 1023}
        firmware = yield Read(FIRMWARE, optional=True)
        if firmware:
            known["firmware"] = ".".join(map(str, firmware))
        level = yield Read(BATTERY, optional=True)
        if level and level[0] <= 100:
            known["battery"] = level[0] / 100
        yield Subscribe(BATTERY, "battery")
        yield Subscribe(RAW, "motion")
        return known

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Return an empty procedure: it stops when nobody listens."""
        del settings, rate_hz
        return nothing()


def _set_rate(rate_hz: float) -> Procedure:
    """Change the frequency, and nothing else, in the nine bytes that it keeps."""
    layout = LAYOUTS["config"]
    kept = yield Read(CONFIG)
    if len(kept) != layout.itemsize:
        raise UnableError(
            f"this Thingy keeps {len(kept)} bytes of motion settings, not {layout.itemsize}; "
            "update its firmware with the maker's app"
        )
    config = np.frombuffer(kept, layout).copy()
    config["rate_hz"] = round(rate_hz)
    wanted = config.tobytes()
    if wanted == kept:
        return {}
    yield Write(CONFIG, wanted)
    told = yield Read(CONFIG)
    if told != wanted:
        raise SourceError(
            f"the Thingy was told to send {rate_hz:g} samples a second, but kept its settings "
            f"({told.hex(' ')}); switch it off and on, and try again"
        )
    return {}


def _battery(block: PacketBlock) -> Decoded:
    """Read packets of a level in per cent."""
    levels = [(index, payload[0]) for index, payload in enumerate(payloads(block)) if payload]
    facts = tuple((index, Battery(level / 100)) for index, level in levels if level <= 100)
    odd = len(block.ends) - len(facts)
    return Decoded(facts=facts, refused={"no battery level": odd} if odd else {})


DRIVER = Thingy52()
