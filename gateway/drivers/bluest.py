"""ST boards with BlueST firmware, such as the SensorTile: acceleration, turn and field together.

After ST's BlueST SDK and firmware packages: a feature's characteristic is named after its mask, and
its packets begin with a 16-bit tick. The firmware writes the upper bits of its millisecond count
there, so a tick is 8 ms.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Decoded, Samples, Settings, Stream, TickClock
from gateway.drivers.packets import near_full_scale, records, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Subscribe, nothing
from gateway.messages import PacketBlock

SERVICE = "00000000-0001-11e1-9ab4-0002a5d5c51b"
MOTION = "00e00000-0001-11e1-ac36-0002a5d5c51b"
LAYOUT = np.dtype(
    [("tick", "<u2"), ("acc_mg", "<i2", (3,)), ("gyr", "<i2", (3,)), ("mag", "<i2", (3,))]
)
TICK_NS = 8e6
MILLI_G = 9.80665e-3
GYR_STEP = np.radians(0.1)
WIDEST = (16 * 9.80665, np.radians(2000.0))
"""Full scales of its chips, if the firmware chose no smaller ones."""


class BlueST:
    """The driver."""

    name = "bluest"
    about = About(
        maker="STMicroelectronics",
        models=("SensorTile", "SensorTile.box"),
        rates_hz=(),
        acc_g=(),
        gyr_dps=(),
        clock="16-bit count of 8 ms, wraps after 524 s",
        loss="a step of the clock longer than one and a half periods",
        unknown=(
            "its rate and full scales: the firmware on the board chooses them, and tells neither",
            "clipping, but at the widest full scales: 16 g and 2000 °/s",
            "whether every firmware counts 8 ms: ST's published ones do",
            "its battery: not every firmware tells it",
            "the magnetic field, which it tells, and which is not read",
        ),
        tested_on=("vectors", "virtual"),
    )
    # A board may not advertise its service: then it is chosen by its address.
    advertising = Advertising(services=(SERVICE,))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream."""
        del settings
        return (Stream(rate_hz, TickClock(bits=16, tick_ns=TICK_NS)),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of motion."""
        del channel, settings
        stacked = stack_equal(block, LAYOUT.itemsize, LAYOUT.itemsize)
        values = records(stacked, LAYOUT)
        acc, gyr = values["acc_mg"] * MILLI_G, values["gyr"] * GYR_STEP
        samples = Samples(
            packet=stacked.packet,
            clipped=near_full_scale(acc, WIDEST[0]) | near_full_scale(gyr, WIDEST[1]),
            acc=acc,
            gyr=gyr,
            ticks=values["tick"].astype(np.int64),
        )
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Listen; it sends at its own rate."""
        del settings, rate_hz
        yield Subscribe(MOTION, "motion")
        return {}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Do nothing: it stops when nobody listens."""
        del settings, rate_hz
        return nothing()


DRIVER = BlueST()
