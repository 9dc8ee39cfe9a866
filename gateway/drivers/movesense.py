"""Movesense, by its GATT SensorData Protocol: requests for resources by path, as published.

Every request carries a reference of the client's choice, and so does all that comes of it. A packet
of motion holds a time in milliseconds, then all accelerations, then all rates of turn (then the
field). One that is too long for a notification comes in two, and both are needed to read either
(``gateway.drivers.movesense_packets``).
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import (
    About,
    Battery,
    Decoded,
    Fact,
    Samples,
    Setting,
    Settings,
    Stream,
    TickClock,
    Vital,
)
from gateway.drivers.movesense_packets import (
    DATA,
    DATA_OF_MOTION,
    MOTION,
    SECOND_OF_MOTION,
    Heard,
    Measurements,
    Pace,
    Shape,
    find_measurements,
)
from gateway.drivers.packets import bounds, finite, heads, near_full_scale
from gateway.drivers.talk import Advertising, Ask, Procedure, Repeat, Subscribe, sig_uuid
from gateway.errors import SourceError, UnableError
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock

SERVICE, WRITE, NOTIFY = (
    f"{part}-7185-4d5d-b431-630e7050e8f0" for part in ("34802252", "34800001", "34800002")
)
HELLO, SUBSCRIBE, UNSUBSCRIBE, GET = 0, 1, 2, 4
REPLY = 1

_HELLO, _VITAL, _BATTERY, _ACC_RANGE, _GYR_RANGE = 1, 0x64, 0x65, 0x66, 0x67
_ACC_CONFIG, _GYR_CONFIG = "/Meas/Acc/Config", "/Meas/Gyro/Config"
_ENERGY = "/System/Energy/Level"
_VITALS = {"heart_rate": "/Meas/HR", "temperature": "/Meas/Temp"}
_BATTERY_S = 60.0
_DATA_OF_VITAL, _REPLY_OF_BATTERY = DATA << 8 | _VITAL, REPLY << 8 | _BATTERY
"""How packets begin, as one number."""

_BLOCKS = {"IMU6": 2, "IMU9": 3, "Acc": 1}
"""Vectors of a sample."""
_PER_PACKET = {13.0: 1, 52.0: 4, 104.0: 8}
"""Samples of a packet, where known; else the packet after it tells whether it was complete."""
_STRONGEST_UT = 5000.0
"""A hundred times the earth's field: no magnetometer of this kind measures more."""
_PACKETS_HZ, _MOST_PER_PACKET = 13.0, 8
"""It sends so many packets a second, until they are full."""
_WIDEST_G, _WIDEST_DPS = 16.0, 2000.0
_OK = (200, 201)
_MEANINGS = {
    400: "it does not understand the request",
    403: "it does not allow that",
    404: "it has no such measurement at that rate",
    409: "it is busy with something else, such as its own recording",
    500: "it failed inside",
    501: "its firmware does not offer that",
    503: "it is not ready for that",
    507: "it is out of memory",
}
_FOR_EVER = (400, 404, 501)


def request(command: int, reference: int, path: str = "") -> bytes:
    """Return the bytes of a request."""
    return bytes([command, reference]) + path.encode()


def read_vectors(
    payload: NDArray[np.uint8], lengths: IntArray, vectors: int
) -> tuple[IntArray, IntArray, NDArray[np.float32]]:
    """Read measurements without their headers, joined, of ``lengths`` (M,) bytes.

    Returns of every one of N samples which measurement it is of, its rank there, and its (N,
    ``vectors``, 3) values in the units of the wire.
    """
    words = lengths // 4
    counts = (words - 1) // (3 * vectors)
    of = np.repeat(np.arange(len(lengths)), counts)
    rank = np.arange(len(of)) - (np.cumsum(counts) - counts)[of]
    first = (np.cumsum(words) - words + 1)[of] + 3 * rank
    step = 3 * counts[of]
    places = first[:, None] + step[:, None] * np.arange(vectors)
    return of, rank, payload.view("<f4")[places[:, :, None] + np.arange(3)]


class Movesense:
    """The driver."""

    name = "movesense"
    about = About(
        maker="Movesense",
        models=("Movesense Medical", "Movesense Active", "Movesense Flash"),
        rates_hz=(13.0, 26.0, 52.0, 104.0, 208.0),
        acc_g=(2, 4, 8, 16),
        gyr_dps=(245, 500, 1000, 2000),
        clock="32-bit milliseconds since power-on, of a packet; wraps after 49.7 days",
        loss="a step of the clock longer than one and a half periods",
        unknown=(
            "whether the time is that of the first sample or another of a packet: not published",
            "whether the firmware has this protocol, before it is asked",
            "what a packet holds that came late, and the next does not follow on it: it is refused",
            "whether it paused for less than 60 ms among the samples of a packet",
            "path IMU9: whether the magnetometer's axes are those of the accelerometer",
            "its electrocardiogram, which is not read",
            "path Acc: how it turns, so that no angle and no step rests on it",
        ),
        tested_on=("captured bytes", "vectors", "virtual"),
        settings=(
            Setting("path", "IMU6", tuple(_BLOCKS), "what is measured, as the sensor calls it"),
            Setting("vital", "none", ("none", *_VITALS), "what else it tells"),
        ),
    )
    advertising = Advertising(
        names=("Movesense ",), services=(sig_uuid(0xFDF3), sig_uuid(0xFE06)), companies=(0x009F,)
    )
    independent = False

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream with a counter of milliseconds."""
        clock = TickClock(bits=32, tick_ns=1e6)
        gyr = settings.get("path", "IMU6") != "Acc"
        mag = settings.get("path") == "IMU9"
        return (Stream(rate_hz, clock, gyr=gyr, mag=mag, per_packet=_gathered(rate_hz)),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:  # noqa: ARG002, all comes on one characteristic
        """Decode a block; what its end alone does not tell is kept until it is told."""
        vectors = _BLOCKS[str(settings.get("path", "IMU6"))]
        per_packet = _PER_PACKET.get(float(settings.get("rate_hz", 0)))
        head = heads(block)
        rate_hz = float(settings.get("rate_hz", 0)) or _PACKETS_HZ
        shape = Shape(
            sample=12 * vectors,
            period_ms=1000 / rate_hz,
            whole=4 + 12 * vectors * per_packet if per_packet else None,
        )
        pace = Pace(**{name: int(settings[name]) for name in Pace._fields if name in settings})
        found = find_measurements(_heard(block, head), shape, pace)
        head = head[: len(head) - found.kept]
        facts, unread = _facts(block, head, str(settings.get("vital", "none")))
        samples, unreal = _samples(block, found, vectors, settings)
        refused = {**found.refused, **_strangers(head)}
        refused |= {"unreadable vital sign": unread, "not a number": unreal}
        return Decoded(
            (samples,),
            facts,
            {reason: count for reason, count in refused.items() if count},
            found.kept,
            found.pace._asdict(),
        )

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Greet it, end what it may still send, ask for its ranges, and subscribe."""
        path, vital = str(settings.get("path", "IMU6")), str(settings.get("vital", "none"))
        yield Subscribe(NOTIFY, "motion")
        hello = yield _ask(HELLO, _HELLO)
        for reference in (MOTION, _VITAL):
            yield _ask(UNSUBSCRIBE, reference, optional=True)
        ranges = yield from _ranges(path)
        yield from _subscribe(MOTION, f"/Meas/{path}/{rate_hz:g}")
        if vital in _VITALS:
            yield from _subscribe(_VITAL, _VITALS[vital])
        level = _value((yield _ask(GET, _BATTERY, _ENERGY, optional=True)), 1)
        yield Repeat(WRITE, request(GET, _BATTERY, _ENERGY), _BATTERY_S)
        known: dict[str, int | float | str] = {"path": path, "rate_hz": rate_hz, **ranges}
        told = hello[3:].split(b"\0")
        if len(told) > 4:
            known["firmware"] = told[4].decode(errors="replace")
        if level is not None and level <= 100:
            known["battery"] = level / 100
        return known

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """End what was subscribed to."""
        del rate_hz
        yield _ask(UNSUBSCRIBE, MOTION, optional=True)
        if settings.get("vital", "none") in _VITALS:
            yield _ask(UNSUBSCRIBE, _VITAL, optional=True)
        return {}


def _gathered(rate_hz: float) -> int:
    """Return how many samples it sends in one packet."""
    return min(max(round(rate_hz / _PACKETS_HZ), 1), _MOST_PER_PACKET)


def _heard(block: PacketBlock, head: IntArray) -> Heard:
    """Return the notifications of a block, which begin with ``head`` (N,), as they are read."""
    starts, lengths = bounds(block)
    data = np.frombuffer(block.payload + bytes(6), np.uint8)
    times = np.ascontiguousarray(data[starts[:, None] + np.arange(2, 6)]).view("<u4")[:, 0]
    return Heard(head, lengths - 2, times.astype(np.int64), block.arrival_ns // 1_000_000)


def _samples(
    block: PacketBlock, found: Measurements, vectors: int, settings: Settings
) -> tuple[Samples, int]:
    """Read the samples of measurements in a block, and count those that hold no numbers."""
    payload = _bodies(block, found)
    of, rank, values = read_vectors(payload, found.size, vectors)
    with np.errstate(invalid="ignore"):
        motion = values.astype(np.float64)
    real = finite(*motion[:, :2].transpose(1, 0, 2))
    if not real.all():
        of, rank, motion = of[real], rank[real], motion[real]
    acc, gyr = motion[:, 0], np.radians(motion[:, 1]) if vectors > 1 else None
    clipped = near_full_scale(acc, float(settings.get("acc_g", _WIDEST_G)) * 9.80665)
    if gyr is not None:
        full = float(np.radians(float(settings.get("gyr_dps", _WIDEST_DPS))))
        clipped = clipped | near_full_scale(gyr, full)
    words = found.size // 4
    times = payload.view("<u4")[np.cumsum(words) - words].astype(np.int64)
    samples = Samples(
        packet=found.end[of],
        clipped=clipped,
        acc=np.ascontiguousarray(acc),
        gyr=gyr,
        ticks=times[of],
        after=rank.astype(np.float64),
        mag=_field(motion[:, 2]) if vectors > 2 else None,
    )
    return samples, int(np.count_nonzero(~real))


def _field(mag: FloatArray) -> FloatArray:
    """Return the magnetic field (N, 3) in µT; NaN where it is none that a sensor can measure."""
    with np.errstate(invalid="ignore"):
        measured: BoolArray = np.logical_and.reduce(np.abs(mag) < _STRONGEST_UT, axis=1)
    field: FloatArray = np.where(measured[:, None], mag, np.nan)
    return field


def _bodies(block: PacketBlock, found: Measurements) -> NDArray[np.uint8]:
    """Return the bytes of all measurements, joined, without headers."""
    starts, lengths = bounds(block)
    used = np.zeros(len(starts), np.bool_)
    used[found.begin] = used[found.end] = True
    wanted = np.repeat(used, lengths)
    wanted[starts[used]] = wanted[starts[used] + 1] = False
    return np.frombuffer(block.payload, np.uint8)[wanted]


def _facts(
    block: PacketBlock, head: IntArray, vital: str
) -> tuple[tuple[tuple[int, Fact], ...], int]:
    """Return what packets say of the battery and of a vital sign, and how many of those do not."""
    starts, _ = bounds(block)
    facts: list[tuple[int, Fact]] = []
    unread = 0
    for index in np.flatnonzero((head == _REPLY_OF_BATTERY) | (head == _DATA_OF_VITAL)).tolist():
        payload = block.payload[int(starts[index]) : int(block.ends[index])]
        if payload[0] == REPLY:
            level = _value(payload, 1)
            told: tuple[Fact, ...] = () if level is None or level > 100 else (Battery(level / 100),)
        else:
            told = _vitals(payload[2:], vital)
            unread += not told
        facts += [(index, fact) for fact in told]
    return tuple(facts), unread


def _vitals(payload: bytes, vital: str) -> tuple[Vital, ...]:
    """Read a heart rate in 1/min and intervals in ms, or a temperature in K and a time."""
    if len(payload) < 4:
        return ()
    (value,) = struct.unpack_from("<f", payload)
    if not math.isfinite(value) or vital not in _VITALS:
        return ()
    if vital == "temperature":
        return (Vital("temperature", value, "K"),)
    intervals = struct.unpack_from(f"<{(len(payload) - 4) // 2}H", payload, 4)
    beats = tuple(Vital("rr_interval", interval / 1000, "s") for interval in intervals)
    return (Vital("heart_rate", value, "1/min"), *beats)


def _strangers(head: IntArray) -> dict[str, int]:
    """Count packets of nothing that was subscribed to; answers to requests are none of them."""
    known = (head == DATA_OF_MOTION) | (head == SECOND_OF_MOTION) | (head == _DATA_OF_VITAL)
    strange = (head >= 0) & (head >> 8 != REPLY) & ~known
    short = int(np.count_nonzero(head < 0))
    return {"too short": short, "not subscribed to": int(np.count_nonzero(strange))}


def _ask(command: int, reference: int, path: str = "", optional: bool = False) -> Ask:
    """Make a request; its answer carries the same reference."""
    answer = bytes([REPLY, reference])
    return Ask(WRITE, request(command, reference, path), "motion", answer, optional=optional)


def _value(reply: bytes, size: int) -> int | None:
    """Return the number of ``size`` bytes in an answer to GET, or None where there is none."""
    if len(reply) < 4 + size or int.from_bytes(reply[2:4], "little") not in _OK:
        return None
    return int.from_bytes(reply[4 : 4 + size], "little")


def _ranges(path: str) -> Procedure:
    """Return the full scales that it is set to, as far as it tells."""
    known: dict[str, int | float | str] = {}
    acc_g = _value((yield _ask(GET, _ACC_RANGE, _ACC_CONFIG, optional=True)), 1)
    if acc_g:
        known["acc_g"] = acc_g
    if path != "Acc":
        gyr_dps = _value((yield _ask(GET, _GYR_RANGE, _GYR_CONFIG, optional=True)), 2)
        if gyr_dps:
            known["gyr_dps"] = gyr_dps
    return known


def _subscribe(reference: int, path: str) -> Procedure:
    """Subscribe to a resource; raises SourceError where the sensor refuses.

    Raises UnableError where it will refuse it for ever.
    """
    reply = yield _ask(SUBSCRIBE, reference, path)
    status = int.from_bytes(reply[2:4], "little")
    if status not in _OK:
        meaning = _MEANINGS.get(status, "it does not say why")
        error = UnableError if status in _FOR_EVER else SourceError
        raise error(
            f"the Movesense refuses {path} ({status}: {meaning}); choose another path or rate, "
            "end what else uses it, or update its firmware"
        )
    return {}


DRIVER = Movesense()
