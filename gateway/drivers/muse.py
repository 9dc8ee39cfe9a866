"""Muse headbands: three samples a packet, acceleration and turn each with a packet counter.

After the open muse-lsl library: commands are texts of one letter between their length and a line
end; packets are big-endian. The counter, three sample periods a step, is all the time there is.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Battery, Decoded, Samples, Settings, Stream, TickClock
from gateway.drivers.packets import payloads, records, saturated, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Repeat, Subscribe, Write, sig_uuid
from gateway.messages import PacketBlock

_BASE = "273e00{:02x}-4c4d-454d-96be-f03bac821358"
SERVICE = sig_uuid(0xFE8D)
CONTROL, GYR, ACC, TELEMETRY = (_BASE.format(part) for part in (0x01, 0x09, 0x0A, 0x0B))
START, HALT, KEEP_ALIVE = "d", "h", "k"

PER_PACKET = 3
RATE_HZ = 52.0
LAYOUT = np.dtype([("index", ">u2"), ("values", ">i2", (PER_PACKET, 3))])
ACC_STEP = 0.0000610352 * 9.80665
GYR_STEP = np.radians(0.0074768)
BATTERY_STEP = 1 / 51200
_KEEP_ALIVE_S = 10.0


def command(text: str) -> bytes:
    """Return a command as it is written."""
    return bytes([len(text) + 1]) + text.encode() + b"\n"


class Muse:
    """The driver; acceleration and turn come apart, each as a stream."""

    name = "muse"
    about = About(
        maker="InteraXon",
        models=("Muse (2016)", "Muse 2", "Muse S"),
        rates_hz=(RATE_HZ,),
        acc_g=(2.0,),
        gyr_dps=(245.0,),
        clock="16-bit counter of packets of three samples, wraps after 63 minutes",
        loss="a gap in the counter",
        unknown=("how true its 52 Hz are: the counter is no clock",),
        tested_on=("vectors", "virtual"),
    )
    advertising = Advertising(names=("Muse",), services=(SERVICE,))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return acceleration and turn, whose clocks count packets."""
        del settings
        clock = TickClock(bits=16, tick_ns=PER_PACKET * 1e9 / rate_hz)
        return (
            Stream(rate_hz, clock, gyr=False, per_packet=PER_PACKET),
            Stream(rate_hz, clock, acc=False, per_packet=PER_PACKET),
        )

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of acceleration, turn or telemetry."""
        del settings
        if channel == "battery":
            return _battery(block)
        stacked = stack_equal(block, LAYOUT.itemsize, LAYOUT.itemsize)
        packets = records(stacked, LAYOUT)
        raw = packets["values"].reshape(-1, 3)
        is_acc = channel != "gyr"
        samples = Samples(
            packet=np.repeat(stacked.packet, PER_PACKET),
            clipped=saturated(raw),
            acc=raw * ACC_STEP if is_acc else None,
            gyr=None if is_acc else raw * GYR_STEP,
            ticks=np.repeat(packets["index"].astype(np.int64), PER_PACKET),
            after=np.tile(np.arange(PER_PACKET, dtype=np.float64), len(packets)),
            stream=0 if is_acc else 1,
        )
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Halt, listen, start, and from then on keep it awake."""
        yield from self.stop(settings, rate_hz)
        for characteristic, channel in ((ACC, "acc"), (GYR, "gyr"), (TELEMETRY, "battery")):
            yield Subscribe(characteristic, channel)
        yield Write(CONTROL, command(START), response=False)
        yield Repeat(CONTROL, command(KEEP_ALIVE), _KEEP_ALIVE_S, response=False)
        return {"rate_hz": RATE_HZ}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Halt."""
        del settings, rate_hz
        yield Write(CONTROL, command(HALT), response=False)
        return {}


def _battery(block: PacketBlock) -> Decoded:
    """Read telemetry: a counter, then the charge in 1/512 of a per cent, big-endian."""
    packets = payloads(block)
    levels = [int.from_bytes(packet[2:4], "big") * BATTERY_STEP for packet in packets]
    facts = tuple(
        (at, Battery(level))
        for at, level in enumerate(levels)
        if len(packets[at]) >= 4 and level <= 1
    )
    odd = len(levels) - len(facts)
    return Decoded(facts=facts, refused={"no battery level": odd} if odd else {})


DRIVER = Muse()
