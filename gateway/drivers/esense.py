"""eSense earphones: one checked frame a sample with an eight-bit counter.

After the specification and the app library of Nokia Bell Labs: a frame is ``55``, a counter, a
checksum of all that follows it, a length, then turn and acceleration, 16 bits big-endian; commands
have the same build without the counter. Four registers of the motion chip choose low pass and
full scales; as it comes, the low pass of 5 Hz would swallow a step.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Decoded, Samples, Setting, Settings, Stream, TickClock
from gateway.drivers.packets import records, saturated, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, Write, sig_uuid
from gateway.errors import SourceError
from gateway.messages import PacketBlock

SERVICE, CONTROL, DATA, REGISTERS = (sig_uuid(short) for short in (0xFF06, 0xFF07, 0xFF08, 0xFF0E))
SAMPLING, MOTION, CHIP = 0x53, 0x55, 0x59
FRAME = np.dtype(
    [
        *(("head", "u1"), ("index", "u1"), ("check", "u1"), ("length", "u1")),
        *(("gyr", ">i2", (3,)), ("acc", ">i2", (3,))),
    ]
)
_CHECKED_FROM = 3
_BODY = 12

ACC_G, GYR_DPS = (2, 4, 8, 16), (250, 500, 1000, 2000)
_LOW_PASS_41_HZ = 3
_ACC_AT_2_G = 16384.0
_GYR_AT_250_DPS = 131.0
_FASTEST_HZ = 100.0


def command(head: int, body: bytes) -> bytes:
    """Return a command with its checksum."""
    checked = bytes([len(body)]) + body
    return bytes([head, sum(checked) % 256]) + checked


def registers(acc_g: float, gyr_dps: float) -> bytes:
    """Return what sets a low pass of 41 Hz and full scales."""
    scales = (GYR_DPS.index(int(gyr_dps)) << 3, ACC_G.index(int(acc_g)) << 3)
    return command(CHIP, bytes([_LOW_PASS_41_HZ, *scales, _LOW_PASS_41_HZ]))


class ESense:
    """The driver."""

    name = "esense"
    about = About(
        maker="Nokia Bell Labs",
        models=("eSense",),
        rates_hz=(10.0, 20.0, 25.0, 50.0, _FASTEST_HZ),
        acc_g=tuple(map(float, ACC_G)),
        gyr_dps=tuple(map(float, GYR_DPS)),
        clock="8-bit counter of samples, wraps after 2.56 s at 100 Hz",
        loss="a gap in the counter; unknown after a silence of more than 256 samples",
        unknown=("how full its battery is: it tells a voltage alone",),
        tested_on=("vectors", "virtual"),
        settings=(
            Setting("acc_g", 8, ACC_G, "full scale of the accelerometer in g"),
            Setting("gyr_dps", 1000, GYR_DPS, "full scale of the gyroscope in °/s"),
        ),
    )
    advertising = Advertising(names=("eSense",))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream; its clock counts the samples."""
        del settings
        return (Stream(rate_hz, TickClock(bits=8, tick_ns=1e9 / rate_hz)),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of frames; a wrong checksum is refused."""
        del channel
        acc_g, gyr_dps = float(settings.get("acc_g", 8)), float(settings.get("gyr_dps", 1000))
        stacked = stack_equal(block, FRAME.itemsize, FRAME.itemsize)
        frames = records(stacked, FRAME)
        motion = (frames["head"] == MOTION) & (frames["length"] == _BODY)
        total = stacked.rows[:, _CHECKED_FROM:].sum(axis=1, dtype=np.uint8)
        good = motion & (total == frames["check"])
        refused, packet = dict(stacked.refused), stacked.packet
        if not good.all():
            counts = {
                "not a motion frame": int(np.count_nonzero(~motion)),
                "wrong checksum": int(np.count_nonzero(motion & ~good)),
            }
            refused |= {why: count for why, count in counts.items() if count}
            frames, packet = frames[good], packet[good]
        samples = Samples(
            packet=packet,
            clipped=saturated(frames["acc"], frames["gyr"]),
            acc=frames["acc"] * (9.80665 / _ACC_AT_2_G * acc_g / 2),
            gyr=frames["gyr"] * np.radians(gyr_dps / 250 / _GYR_AT_250_DPS),
            ticks=frames["index"].astype(np.int64),
        )
        return Decoded((samples,), refused=refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop, set low pass and full scales, read them back, and start."""
        yield from self.stop(settings, rate_hz)
        wanted = registers(float(settings.get("acc_g", 8)), float(settings.get("gyr_dps", 1000)))
        yield Write(REGISTERS, wanted)
        scales = _scales((yield Read(REGISTERS)))
        yield Subscribe(DATA, "motion")
        yield Write(CONTROL, command(SAMPLING, bytes([1, round(rate_hz)])))
        return {"rate_hz": rate_hz} | dict(scales)

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop sampling."""
        del settings, rate_hz
        yield Write(CONTROL, command(SAMPLING, bytes([0, 0])))
        return {}


def _scales(answer: bytes) -> Settings:
    if len(answer) != 7 or answer != command(answer[0], answer[3:]):
        raise SourceError(
            f"the eSense tells its full scales in an unknown form, {answer.hex()!r}; "
            "put it into its case for a moment and try again"
        )
    return {"acc_g": ACC_G[answer[5] >> 3 & 3], "gyr_dps": GYR_DPS[answer[4] >> 3 & 3]}


DRIVER = ESense()
