"""WitMotion sensors with Bluetooth LE 5 (WT901BLE and kin): frames of 20 bytes, no checksum.

A notification holds one frame or several. ``55 61`` is a sample: three accelerations, three
angular rates, three angles, signed 16-bit little-endian parts of 16 g, 2000 °/s and 180°.
``55 71`` answers a request with eight registers from the one asked for. What is written to the
registers is never saved here: the sensor has its own settings again once it was switched off.
"""

from __future__ import annotations

import numpy as np

from gateway.drivers import About, Battery, Decoded, Samples, Setting, Settings, Stream
from gateway.drivers.packets import saturated
from gateway.drivers.talk import (
    SETTLED,
    Advertising,
    Ask,
    Pause,
    Procedure,
    Repeat,
    Subscribe,
    Write,
    sig_uuid,
)
from gateway.drivers.witmotion_frames import REPLY, SAMPLE, Frames, find_frames
from gateway.errors import SourceError
from gateway.messages import PacketBlock

SERVICE, NOTIFY, WRITE = "ffe5", "ffe4", "ffe9"
"""Some units put these numbers in the base of the Bluetooth SIG, some in one that differs."""
_SERVICES = (sig_uuid(0xFFE5), sig_uuid(0xFFE5).replace("9b34fb", "9a34fb"))

RATE, BANDWIDTH, ALGORITHM = 0x03, 0x1F, 0x24
READ, KEY = 0x27, 0x69
QUATERNION, BATTERY = 0x51, 0x64
_UNLOCK = 0xB588
_OFF = 0x0D
RATES_HZ = dict(
    zip(
        (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0),
        (*range(0x01, 0x0A), 0x0B),
        strict=True,
    )
)
BANDWIDTHS_HZ = (256, 188, 98, 42, 20, 10, 5)
ALGORITHMS = ("nine-axis", "six-axis")
BATTERY_SHARES = (
    *((396, 1.0), (393, 0.9), (387, 0.75), (382, 0.6), (379, 0.5), (377, 0.4)),
    *((373, 0.3), (370, 0.2), (368, 0.15), (350, 0.1), (340, 0.05)),
)
"""The maker's table: from how many hundredths of a volt on the battery holds which share."""

ACC_UNIT = 16 * 9.80665 / 32768
GYR_UNIT = np.radians(2000.0) / 32768
_SETTLE_S = 0.1
_BATTERY_EVERY_S = 60.0


class WitMotion:
    """The driver; a frame may be cut between two packets, so these are read together."""

    name = "witmotion"
    about = About(
        maker="WitMotion",
        models=("WT901BLE5.0", "WT901BLECL5.0", "WT901BLE67", "WT901BLE68", "WT9011DCL-BT50"),
        rates_hz=tuple(RATES_HZ),
        acc_g=(16.0,),
        gyr_dps=(2000.0,),
        clock="none: samples are counted",
        loss="not at all: frames carry neither a counter nor a time",
        unknown=(
            "when a sample was taken, but for its arrival and the nominal rate",
            "whether a sample is missing",
            "the magnetic field, which it tells only when it is asked, and without a time",
            "the filter of bandwidth 42, which one source takes for 20 Hz",
            "units whose two characteristics are swapped, of which one source tells",
        ),
        tested_on=("vectors", "captured bytes", "virtual"),
        settings=(
            Setting("bandwidth_hz", 42, BANDWIDTHS_HZ, "low-pass filter of its sensors"),
            Setting("algorithm", "six-axis", ALGORITHMS, "six-axis leaves its magnetometer out"),
        ),
    )
    advertising: Advertising | None = Advertising(names=("WT",), services=_SERVICES)
    independent = False

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream without a time of its own."""
        del settings
        return (Stream(rate_hz, None),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block; answers to requests are skipped, but for that of the battery."""
        del settings
        if channel != "motion":
            return Decoded()
        frames = find_frames(block)
        refused = {"out of step": frames.skipped} if frames.skipped else {}
        return Decoded((_samples(frames),), _batteries(frames), refused, frames.kept)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Silence it, set it up, have its battery told once a minute, and let it stream.

        Silent, because answers are found by how a notification begins. A setting of which it
        says nothing is taken to be as it was asked for; raises SourceError where it differs.
        """
        bandwidth = int(settings.get("bandwidth_hz", 42))
        algorithm = str(settings.get("algorithm", "six-axis"))
        yield Subscribe(NOTIFY, "motion")
        yield from _set(RATE, _OFF)
        yield from _set(BANDWIDTH, BANDWIDTHS_HZ.index(bandwidth))
        yield from _set(ALGORITHM, ALGORITHMS.index(algorithm))
        values = read_registers((yield _ask(BANDWIDTH)))
        if values is not None:
            _check("bandwidth", bandwidth, dict(enumerate(BANDWIDTHS_HZ)).get(values[0]))
            found = dict(enumerate(ALGORITHMS)).get(values[ALGORITHM - BANDWIDTH])
            _check("algorithm", algorithm, found)
        level = battery_level((yield _ask(BATTERY)))
        yield Repeat(WRITE, command(READ, BATTERY), _BATTERY_EVERY_S, response=False)
        yield from _set(RATE, RATES_HZ[rate_hz])
        values = read_registers((yield _ask(RATE, timeout_s=0.5)))
        if values is not None:
            rates = {code: rate for rate, code in RATES_HZ.items()}
            _check("rate in Hz", rate_hz, rates.get(values[0]))
        told = {} if level is None else {"battery": level}
        return {"rate_hz": rate_hz, "bandwidth_hz": bandwidth, "algorithm": algorithm, **told}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Silence it, until it is started again or switched off and on."""
        del settings, rate_hz
        yield from _set(RATE, _OFF)
        return {}


def command(register: int, value: int) -> bytes:
    """Return the bytes that write a value of 16 bits into a register."""
    return bytes([0xFF, 0xAA, register, value % 256, value // 256])


def read_registers(frame: bytes) -> tuple[int, ...] | None:
    """Read the eight signed registers of an answer; None where it is none."""
    if len(frame) < 20 or frame[:2] != bytes([0x55, REPLY]):
        return None
    return tuple(np.frombuffer(frame[4:20], "<i2").tolist())


def battery_level(frame: bytes) -> float | None:
    """Read the battery's share from an answer; None where it says nothing, as just after start."""
    values = read_registers(frame)
    if values is None or frame[2] != BATTERY or values[0] <= 0:
        return None
    return next((share for volts, share in BATTERY_SHARES if values[0] >= volts), 0.0)


def _samples(frames: Frames) -> Samples:
    own = frames.rows[:, 1] == SAMPLE
    rows, packet = (
        (frames.rows, frames.packet) if own.all() else (frames.rows[own], frames.packet[own])
    )
    raw = np.ascontiguousarray(rows[:, 2:14]).view("<i2")
    return Samples(
        packet=packet,
        clipped=saturated(raw),
        acc=raw[:, :3] * ACC_UNIT,
        gyr=raw[:, 3:] * GYR_UNIT,
    )


def _batteries(frames: Frames) -> tuple[tuple[int, Battery], ...]:
    replies = np.flatnonzero(frames.rows[:, 1] == REPLY)
    levels = ((int(frames.packet[at]), battery_level(frames.rows[at].tobytes())) for at in replies)
    return tuple((packet, Battery(level)) for packet, level in levels if level is not None)


def _set(register: int, value: int) -> Procedure:
    """Unlock the registers, which lasts some seconds, and write one."""
    for payload in (command(KEY, _UNLOCK), command(register, value)):
        yield Write(WRITE, payload, response=False)
        yield Pause(_SETTLE_S)
    return {}


def _ask(register: int, timeout_s: float = SETTLED) -> Ask:
    return Ask(
        WRITE,
        command(READ, register),
        "motion",
        answer=bytes([0x55, REPLY, register, 0]),
        response=False,
        timeout_s=timeout_s,
        optional=True,
    )


def _check(what: str, wanted: object, found: object) -> None:
    if found != wanted:
        raise SourceError(
            f"the WitMotion sensor has {found} as its {what}, where {wanted} was asked for; "
            "switch it off and on, and try again"
        )


DRIVER = WitMotion()
