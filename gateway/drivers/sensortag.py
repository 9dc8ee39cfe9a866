"""TI SensorTag CC2650: the movement service, nine little-endian values a packet.

After TI's firmware guide: gyroscope in 1/65536 of 500 °/s, accelerometer in 1/32768 of its range,
magnetometer. The shortest period is 100 ms; nothing carries a time or a counter.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Decoded, Samples, Setting, Settings, Stream
from gateway.drivers.packets import records, saturated, stack_equal
from gateway.drivers.standard import decode_standard, introduce
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, Write
from gateway.errors import SourceError
from gateway.messages import PacketBlock

_BASE = "f000aa8{}-0451-4000-b000-000000000000"
SERVICE, DATA, CONFIG, PERIOD = (_BASE.format(part) for part in range(4))
LAYOUT = np.dtype([("gyr", "<i2", (3,)), ("acc", "<i2", (3,)), ("mag", "<i2", (3,))])

RANGES_G = (2, 4, 8, 16)
GYR_AXES, ACC_AXES, RANGE_AT = 0x07, 0x38, 8
PERIOD_UNIT_MS = 10
GYR_STEP = np.radians(500 / 65536)


def configuration(acc_g: float) -> bytes:
    """Return what switches gyroscope and accelerometer on."""
    bits = GYR_AXES | ACC_AXES | RANGES_G.index(int(acc_g)) << RANGE_AT
    return bits.to_bytes(2, "little")


OFF = bytes(2)


class SensorTag:
    """The driver."""

    name = "sensortag"
    about = About(
        maker="Texas Instruments",
        models=("SensorTag CC2650",),
        rates_hz=(1.0, 2.0, 5.0, 10.0),
        acc_g=tuple(map(float, RANGES_G)),
        gyr_dps=(250.0,),
        clock="none",
        loss="not noticed",
        unknown=(
            "the older SensorTag CC2541: it has a service for each sensor",
            "the magnetic field, whose sensor stays switched off",
        ),
        tested_on=("vectors", "virtual"),
        settings=(Setting("acc_g", 8, RANGES_G, "full scale of the accelerometer in g"),),
    )
    advertising = Advertising(names=("CC2650 SensorTag", "SensorTag 2.0"))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream."""
        del settings
        return (Stream(rate_hz, None),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of movement, or of battery levels."""
        if channel != "motion":
            return decode_standard(channel, block)
        stacked = stack_equal(block, LAYOUT.itemsize, LAYOUT.itemsize)
        values = records(stacked, LAYOUT)
        samples = Samples(
            packet=stacked.packet,
            clipped=saturated(values["acc"], values["gyr"]),
            acc=values["acc"] * (9.80665 / 32768 * float(settings.get("acc_g", 8))),
            gyr=values["gyr"] * GYR_STEP,
        )
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Switch off, set the period, switch on, and read both back."""
        yield from self.stop(settings, rate_hz)
        yield Write(PERIOD, bytes([round(1000 / rate_hz / PERIOD_UNIT_MS)]))
        yield Subscribe(DATA, "motion")
        yield Write(CONFIG, configuration(float(settings.get("acc_g", 8))))
        period = yield Read(PERIOD)
        config = yield Read(CONFIG)
        told = yield from introduce()
        return _read_back(period, config) | dict(told)

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Switch the movement sensor off."""
        del settings, rate_hz
        yield Write(CONFIG, OFF)
        return {}


def _read_back(period: bytes, config: bytes) -> dict[str, int | float | str]:
    bits = int.from_bytes(config, "little")
    if len(period) != 1 or not period[0] or bits & (GYR_AXES | ACC_AXES) != GYR_AXES | ACC_AXES:
        raise SourceError(
            f"the SensorTag did not take its settings: it reads period {period.hex()!r} and "
            f"configuration {config.hex()!r}; restart it and try again"
        )
    return {
        "rate_hz": 1000 / (period[0] * PERIOD_UNIT_MS),
        "acc_g": RANGES_G[bits >> RANGE_AT & 3],
    }


DRIVER = SensorTag()
