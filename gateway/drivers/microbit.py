"""BBC micro:bit: the accelerometer service of its runtime, in thousandths of g.

After the maker's microbit-dal. The board has no gyroscope, and nothing carries a time or a counter.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Decoded, Samples, Settings, Stream
from gateway.drivers.packets import records, saturated, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, Write, nothing
from gateway.errors import SourceError
from gateway.messages import PacketBlock

SERVICE = "e95d0753-251d-470a-a062-fa1922dfa9a8"
DATA = "e95dca4b-251d-470a-a062-fa1922dfa9a8"
PERIOD = "e95dfb24-251d-470a-a062-fa1922dfa9a8"
PERIODS_MS = (1, 2, 5, 10, 20, 80, 160, 640)

LAYOUT = np.dtype([("acc", "<i2", (3,))])
MILLI_G = 9.80665e-3


class Microbit:
    """The driver."""

    name = "microbit"
    about = About(
        maker="Micro:bit Educational Foundation",
        models=("BBC micro:bit",),
        rates_hz=tuple(1000 / period for period in PERIODS_MS),
        acc_g=(),
        gyr_dps=(),
        clock="none",
        loss="not noticed",
        unknown=(
            "how it turns: it has no gyroscope, so that no angle and no step rests on it",
            "full scale: the program on the board chooses it",
            "the magnetic field, whose service is not listened to",
            "whether the board wants to be paired: the program on it decides",
            "its battery: it tells none",
        ),
        tested_on=("vectors", "virtual"),
    )
    advertising = Advertising(names=("BBC micro:bit",))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream, of acceleration alone."""
        del settings
        return (Stream(rate_hz, None, gyr=False),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of acceleration."""
        del channel, settings
        stacked = stack_equal(block, LAYOUT.itemsize, LAYOUT.itemsize)
        raw = records(stacked, LAYOUT)["acc"]
        samples = Samples(stacked.packet, saturated(raw), acc=raw * MILLI_G)
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Set the period and read back what the board made of it."""
        del settings
        yield Write(PERIOD, round(1000 / rate_hz).to_bytes(2, "little"))
        period_ms = int.from_bytes((yield Read(PERIOD)), "little")
        if not period_ms:
            raise SourceError(
                "the micro:bit tells no sampling period; "
                "load a program with the Bluetooth accelerometer service onto it"
            )
        yield Subscribe(DATA, "motion")
        return {"rate_hz": 1000 / period_ms}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Do nothing: it stops when nobody listens."""
        del settings, rate_hz
        return nothing()


DRIVER = Microbit()
