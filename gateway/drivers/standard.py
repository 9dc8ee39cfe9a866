"""Services that the Bluetooth SIG has standardised, and a driver of sensors with nothing else.

Battery (180F), device information (180A), heart rate (180D), running speed and cadence (1814),
after their GATT specifications. Flags may announce fields that a sensor then leaves out, so a
packet is read as far as it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from gateway.drivers import About, Battery, Decoded, Fact, Setting, Settings, Stream, Vital
from gateway.drivers.packets import payloads
from gateway.drivers.talk import (
    Advertising,
    Procedure,
    Read,
    Step,
    Subscribe,
    nothing,
    sig_uuid,
)
from gateway.messages import PacketBlock, message

BATTERY_LEVEL, BATTERY_STATUS = sig_uuid(0x2A19), sig_uuid(0x2BED)
FIRMWARE = sig_uuid(0x2A26)
HEART_RATE_SERVICE, HEART_RATE = sig_uuid(0x180D), sig_uuid(0x2A37)
RUNNING_SERVICE, RUNNING = sig_uuid(0x1814), sig_uuid(0x2A53)

_CHARGING = 1


@message
class HeartRate:
    """A heart rate measurement; ``contact`` with the skin, None where the sensor cannot tell.

    ``beats_per_min`` is 0 while it has not found the pulse; ``rr_s`` intervals between beats.
    """

    beats_per_min: int
    contact: bool | None = None
    energy_kj: int | None = None
    rr_s: tuple[float, ...] = ()


@message
class RunningSpeed:
    """A running speed and cadence measurement; ``cadence_per_min`` counts steps of both feet."""

    speed_m_s: float
    cadence_per_min: int
    running: bool
    stride_m: float | None = None
    distance_m: float | None = None


def read_battery_level(payload: bytes) -> Battery | None:
    """Read 2A19, a percentage."""
    return Battery(payload[0] / 100) if payload and payload[0] <= 100 else None


def read_battery_status(payload: bytes) -> Battery | None:
    """Read 2BED where it holds a level (flag 1): the charge state stands in bits 5 and 6."""
    level_at = 5 if payload and payload[0] & 1 else 3
    if len(payload) <= level_at or not payload[0] & 2 or payload[level_at] > 100:
        return None
    return Battery(payload[level_at] / 100, payload[1] >> 5 & 3 == _CHARGING)


def read_heart_rate(payload: bytes) -> HeartRate | None:
    """Read 2A37; None where not even the rate is there."""
    flags = payload[0] if payload else 0
    rest_at = 3 if flags & 1 else 2
    if len(payload) < rest_at:
        return None
    energy = _u16(payload, rest_at) if flags & 8 else None
    rest = payload[rest_at + (2 if flags & 8 else 0) :] if flags & 16 else b""
    return HeartRate(
        beats_per_min=int.from_bytes(payload[1:rest_at], "little"),
        contact={2: False, 3: True}.get(flags >> 1 & 3),
        energy_kj=energy,
        rr_s=tuple(
            int.from_bytes(rest[at : at + 2], "little") / 1024 for at in range(0, len(rest) - 1, 2)
        ),
    )


def read_running_speed(payload: bytes) -> RunningSpeed | None:
    """Read 2A53; None where speed or cadence are missing."""
    if len(payload) < 4:
        return None
    flags = payload[0]
    stride_cm = _u16(payload, 4) if flags & 1 else None
    distance_at = 6 if flags & 1 else 4
    distance = payload[distance_at : distance_at + 4] if flags & 2 else b""
    return RunningSpeed(
        speed_m_s=int.from_bytes(payload[1:3], "little") / 256,
        cadence_per_min=payload[3],
        running=bool(flags & 4),
        stride_m=None if stride_cm is None else stride_cm / 100,
        distance_m=int.from_bytes(distance, "little") / 10 if len(distance) == 4 else None,
    )


def decode_standard(channel: str, block: PacketBlock) -> Decoded:
    """Return the facts of a channel that is called as those in ``CHANNELS``; others hold none."""
    if channel not in _READERS:
        return Decoded()
    found = [_READERS[channel](payload) for payload in payloads(block)]
    facts = tuple((at, fact) for at, told in enumerate(found) for fact in told or ())
    odd = sum(told is None for told in found)
    return Decoded(facts=facts, refused={f"no {channel.replace('_', ' ')}": odd} if odd else {})


def introduce() -> Procedure:
    """Read firmware and battery where they are told, and from then on listen to the battery."""
    firmware = yield Read(FIRMWARE, optional=True)
    battery = yield from _battery_told()
    text = firmware.rstrip(b"\0").decode("utf-8", "replace").strip()
    return ({"firmware": text} if text else {}) | ({"battery": battery.level} if battery else {})


def _battery_told() -> Generator[Step, bytes, Battery | None]:
    """Return what is said of the battery, of which newer sensors tell more; listen to it."""
    status = yield Read(BATTERY_STATUS, optional=True)
    told = read_battery_status(status)
    if told:
        yield Subscribe(BATTERY_STATUS, "battery_status", optional=True)
        return told
    level = yield Read(BATTERY_LEVEL, optional=True)
    if level:
        yield Subscribe(BATTERY_LEVEL, "battery", optional=True)
    return read_battery_level(level)


def _battery(payload: bytes) -> tuple[Fact, ...] | None:
    battery = read_battery_level(payload)
    return None if battery is None else (battery,)


def _battery_status(payload: bytes) -> tuple[Fact, ...] | None:
    if len(payload) < 3:
        return None
    battery = read_battery_status(payload)
    return () if battery is None else (battery,)


def _heart_rate(payload: bytes) -> tuple[Fact, ...] | None:
    """Return nothing while the sensor does not touch the skin or has not found the pulse."""
    told = read_heart_rate(payload)
    if told is None:
        return None
    if told.contact is False:
        return ()
    rate = (Vital("heart_rate", told.beats_per_min, "1/min"),) if told.beats_per_min else ()
    return (*rate, *(Vital("rr_interval", interval, "s") for interval in told.rr_s))


def _running(payload: bytes) -> tuple[Fact, ...] | None:
    told = read_running_speed(payload)
    if told is None:
        return None
    figures = (
        ("speed", told.speed_m_s, "m/s"),
        ("cadence", told.cadence_per_min, "1/min"),
        ("stride_length", told.stride_m, "m"),
        ("distance", told.distance_m, "m"),
    )
    return tuple(Vital(name, value, unit) for name, value, unit in figures if value is not None)


def _u16(payload: bytes, at: int) -> int | None:
    part = payload[at : at + 2]
    return int.from_bytes(part, "little") if len(part) == 2 else None


_READERS: dict[str, Callable[[bytes], tuple[Fact, ...] | None]] = {
    "battery": _battery,
    "battery_status": _battery_status,
    "heart_rate": _heart_rate,
    "running": _running,
}
CHANNELS = tuple(_READERS)

_MEASURES = {"heart_rate": HEART_RATE, "running": RUNNING}


class Standard:
    """The driver of chest straps and foot pods: they tell figures, no motion."""

    name = "standard"
    about = About(
        maker="any",
        models=("heart rate strap", "foot pod"),
        rates_hz=(1.0,),
        acc_g=(),
        gyr_dps=(),
        clock="none, and no motion: figures about once a second",
        loss="not noticed",
        tested_on=("vectors", "virtual"),
        unknown=("how the figures were formed: every maker has its own way",),
        settings=(
            Setting("measure", "heart_rate", tuple(_MEASURES), "what the sensor is there for"),
        ),
        motion=False,
    )
    advertising = Advertising(services=(HEART_RATE_SERVICE, RUNNING_SERVICE))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return none."""
        del settings, rate_hz
        return ()

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of figures."""
        del settings
        return decode_standard(channel, block)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Listen; it sends by itself."""
        del rate_hz
        measure = str(settings.get("measure", "heart_rate"))
        yield Subscribe(_MEASURES[measure], measure)
        return (yield from introduce())

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Do nothing: it stops when nobody listens."""
        del settings, rate_hz
        return nothing()


DRIVER = Standard()
