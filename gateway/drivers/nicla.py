"""Arduino Nicla Sense ME: frames of its BHI260AP over the maker's firmware.

After Arduino's firmware for the board: a packet holds one frame of one virtual sensor, by its
number, and every virtual sensor has a rate of its own. No packet carries a time or a counter.
"""

from __future__ import annotations

import struct

import numpy as np

from gateway.drivers import About, Decoded, Samples, Settings, Stream
from gateway.drivers.packets import records, saturated, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Subscribe, Write
from gateway.messages import PacketBlock

_BASE = "34c2e3b{}-34aa-11eb-adc1-0242ac120002"
SERVICE, DATA, CONFIG = (_BASE.format(part) for part in "bcd")
ACC_ID, GYR_ID = 4, 13
"""The accelerometer and the gyroscope, corrected by the sensor's own calibration."""

LAYOUT = np.dtype([("id", "u1"), ("size", "u1"), ("values", "<i2", (3,))])
PACKET_SIZE = 12
ACC_STEP = 8 * 9.80665 / 32768
GYR_STEP = np.radians(2000.0 / 32768)


def configuration(sensor_id: int, rate_hz: float) -> bytes:
    """Return what sets the rate of a virtual sensor, without delay; 0 switches it off."""
    return struct.pack("<BfI", sensor_id, rate_hz, 0)


class Nicla:
    """The driver; acceleration and turn come in turns, each as a stream."""

    name = "nicla"
    about = About(
        maker="Arduino",
        models=("Nicla Sense ME",),
        rates_hz=(12.5, 25.0, 50.0, 100.0, 200.0),
        acc_g=(8.0,),
        gyr_dps=(2000.0,),
        clock="none",
        loss="not noticed",
        unknown=(
            "the rate that the board really keeps: it tells none back",
            "whether a rate of 0 stops it in every firmware",
            "its battery: it tells none",
        ),
        tested_on=("vectors", "virtual"),
    )
    advertising = Advertising(names=("NICLA",))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return acceleration and turn."""
        del settings
        return (Stream(rate_hz, None, gyr=False), Stream(rate_hz, None, acc=False))

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block; frames of other virtual sensors are passed over."""
        del channel, settings
        stacked = stack_equal(block, LAYOUT.itemsize, PACKET_SIZE)
        rows = records(stacked, LAYOUT)
        is_acc, is_gyr = rows["id"] == ACC_ID, rows["id"] == GYR_ID
        clipped = saturated(rows["values"])
        acc = Samples(
            packet=stacked.packet[is_acc],
            clipped=clipped[is_acc],
            acc=rows["values"][is_acc] * ACC_STEP,
        )
        gyr = Samples(
            packet=stacked.packet[is_gyr],
            clipped=clipped[is_gyr],
            gyr=rows["values"][is_gyr] * GYR_STEP,
            stream=1,
        )
        return Decoded((acc, gyr), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Switch both virtual sensors off, listen, and switch them on."""
        yield from self.stop(settings, rate_hz)
        yield Subscribe(DATA, "motion")
        yield Write(CONFIG, configuration(ACC_ID, rate_hz))
        yield Write(CONFIG, configuration(GYR_ID, rate_hz))
        return {"rate_hz": rate_hz}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Switch both virtual sensors off."""
        del settings, rate_hz
        yield Write(CONFIG, configuration(ACC_ID, 0.0))
        yield Write(CONFIG, configuration(GYR_ID, 0.0))
        return {}


DRIVER = Nicla()
