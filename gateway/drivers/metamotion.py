"""MbientLab MetaMotion R, RL, C (BMI160) and S (BMI270), after the maker's SDK and its tests.

Every packet starts with a module and a register; what follows is little-endian. Sensors send no
time of their own, so by default the board is made to fuse every acceleration with the newest rate
of turn, and to put its clock before the pair: a chain of three of its data processors. The
magnetometer (BMM150), where it is asked for, is a stream of its own at its own rate.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gateway.drivers import About, Battery, Decoded, Setting, Settings, Stream, TickClock
from gateway.drivers.metamotion_packets import (
    ACC_G,
    GYR_DPS,
    LAYOUTS,
    TICK_NS,
    field_samples,
    motion_samples,
    read_packets,
)
from gateway.drivers.packets import bounds, heads
from gateway.drivers.talk import (
    Advertising,
    Ask,
    Procedure,
    Read,
    Repeat,
    Step,
    Subscribe,
    Write,
    sig_uuid,
)
from gateway.errors import SourceError, UnableError, UsageError
from gateway.messages import BoolArray, IntArray, PacketBlock, message

_BASE = "326a{:04x}-85cb-9195-d9dd-464cfbbae75a"
SERVICE, COMMAND, NOTIFY = (_BASE.format(part) for part in (0x9000, 0x9001, 0x9006))
FIRMWARE = sig_uuid(0x2A26)

ODR = {25.0: 6, 50.0: 7, 100.0: 8, 200.0: 9}
_PLAIN_HZ = 100.0
MAG_HZ = 25.0
_FUSED = "fused"
_BATTERY_S = 60.0

QUIET = tuple(
    bytes.fromhex(command)
    for command in (
        "190100", "1903007f", "030100", "130100", "03020001", "13020001", "0908", "0a05", "0b0a",
    )
)  # fmt: skip
"""Stop the fusion and both sensors, and remove the processors, events and loggers left on it."""
_MAG_REGULAR = tuple(bytes.fromhex(command) for command in ("150100", "1504040e", "150306"))
"""Its stop, which newer ones want first, the regular preset, and its rate."""
_MAG_QUIET = tuple(bytes.fromhex(command) for command in ("150100", "15020001"))
_FAST = bytes.fromhex("11090600060000005802")  # an interval of 7.5 ms, given up after 6 s
_BATTERY = bytes.fromhex("118c")


@message
class Chip:
    """What differs between the two chips: codes of the accelerometer, and registers of data."""

    name: str
    acc_odr: int
    acc_ranges: tuple[int, ...]
    acc_packed: int
    gyr_single: int
    gyr_packed: int


BMI160 = Chip("BMI160", 0x20, (0x03, 0x05, 0x08, 0x0C), 0x1C, 0x05, 0x07)
BMI270 = Chip("BMI270", 0xA0, (0x00, 0x01, 0x02, 0x03), 0x05, 0x04, 0x05)
CHIPS = {(1, 0): BMI160, (4, 1): BMI270}
"""By implementation of the accelerometer's and of the gyroscope's module."""


@message
class _Source:
    """Packets of one stream: how they begin on either chip, and their layout."""

    heads: tuple[int, ...]
    layout: str

    def begin(self, head: IntArray) -> BoolArray:
        """Say of packets that begin with ``head`` (N,) which are of these."""
        found: BoolArray = head == self.heads[0]
        for other in self.heads[1:]:
            found |= head == other
        return found


_SOURCES: dict[int | float | str, tuple[_Source, ...]] = {
    _FUSED: (_Source((0x0903,), "fused"),),
    "packed": (_Source((0x031C, 0x0305), "packed"), _Source((0x1307, 0x1305), "packed")),
    "plain": (_Source((0x0304,), "single"), _Source((0x1305, 0x1304), "single")),
}
"""By the setting ``stream``: of pairs, or of acceleration and of the rate of turn."""
_FIELD = _Source((0x0903,), "timed")
"""Of the magnetometer, known from pairs by their length."""


def acc_config(chip: Chip, rate_hz: float, acc_g: float) -> bytes:
    """Return the command that sets the accelerometer."""
    return bytes([0x03, 0x03, chip.acc_odr | ODR[rate_hz], chip.acc_ranges[ACC_G.index(acc_g)]])


def gyr_config(rate_hz: float, gyr_dps: float) -> bytes:
    """Return the command that sets the gyroscope."""
    return bytes([0x13, 0x03, 0x20 | ODR[rate_hz], GYR_DPS.index(gyr_dps)])


class MetaMotion:
    """The driver."""

    name = "metamotion"
    about = About(
        maker="MbientLab",
        models=("MetaMotion R", "MetaMotion RL", "MetaMotion C", "MetaMotion S"),
        rates_hz=tuple(ODR),
        acc_g=ACC_G,
        gyr_dps=GYR_DPS,
        clock="fused: 32-bit ticks of 1.4648 ms, wraps after 72.8 days; packed and plain: none",
        loss="fused: a step of the clock longer than one and a half periods; "
        "else only a gap in the arrivals",
        unknown=(
            "whether every firmware takes the chain of processors behind the fused stream",
            "whether it is charging",
            "magnetometer: whether its axes are those of the accelerometer",
        ),
        tested_on=("vectors", "virtual"),
        settings=(
            Setting(
                "stream",
                _FUSED,
                tuple(_SOURCES),
                "fused: pairs with a time; packed: three samples a packet, no time; "
                "plain: a sample a packet, no time, up to 100 Hz",
            ),
            Setting("acc_g", 16, ACC_G, "full scale of the accelerometer in g"),
            Setting("gyr_dps", 2000, GYR_DPS, "full scale of the gyroscope in °/s"),
            Setting(
                "magnetometer",
                "off",
                ("off", "on"),
                f"on: the field too, at {MAG_HZ:g} Hz and fused only; the grid waits for it, "
                "up to 40 ms longer",
            ),
        ),
    )
    advertising = Advertising(names=("MetaWear",), services=(SERVICE,))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return a stream of pairs with a time, and that of the field; or one of each sensor."""
        stream = settings.get("stream", _FUSED)
        if stream == _FUSED:
            clock = TickClock(bits=32, tick_ns=TICK_NS)
            pairs, field = Stream(rate_hz, clock), Stream(MAG_HZ, clock, False, False, mag=True)
            return (pairs, field) if _mag(settings) else (pairs,)
        if _mag(settings):
            raise UsageError(
                "a MetaMotion's magnetometer, which runs at a rate of its own, needs a time; use "
                "the stream 'fused', or set magnetometer = \"off\""
            )
        if stream == "plain" and rate_hz > _PLAIN_HZ:
            raise UsageError(
                f"a MetaMotion sends at most {_PLAIN_HZ:g} plain samples a second and sensor, not "
                f"{rate_hz:g}; use the stream 'fused' or 'packed', or a lower rate"
            )
        packed = LAYOUTS["packed"]["xyz"].shape[0]
        count = packed if stream == "packed" else 1
        return (
            Stream(rate_hz, None, gyr=False, per_packet=count),
            Stream(rate_hz, None, acc=False, per_packet=count),
        )

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:  # noqa: ARG002, all comes on one characteristic
        """Decode a block; answers to requests are passed over, that of the battery is a fact."""
        head = heads(block)
        sources = _SOURCES[settings.get("stream", _FUSED)]
        found, misfits = [], 0
        data = np.zeros(len(head), np.bool_)
        if _mag(settings):
            rows, packet = read_packets(_FIELD.layout, block, _FIELD.begin(head))
            found.append(field_samples(len(sources), rows, packet))
            data[packet] = True
        for stream, source in enumerate(sources):
            own = source.begin(head) & ~data
            rows, packet = read_packets(source.layout, block, own)
            found.append(motion_samples(stream, rows, packet, settings))
            misfits += int(np.count_nonzero(own)) - len(packet)
            data |= own
        if data.all() and not misfits:
            return Decoded(tuple(found))
        return Decoded(tuple(found), _batteries(block, head), _refused(head, data, misfits))

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop what it still does and remove what others left on it, set it, start it."""
        self.streams(settings, rate_hz)
        # Before it is heard: what it sends of an earlier measurement is none of this one.
        for command in QUIET:
            yield Write(COMMAND, command)
        yield Subscribe(NOTIFY, "motion")
        chip = yield from _discover()
        yield Write(COMMAND, _FAST)
        acc_g, gyr_dps = (float(settings[name]) for name in ("acc_g", "gyr_dps"))
        yield from _set("accelerometer", acc_config(chip, rate_hz, acc_g))
        yield from _set("gyroscope", gyr_config(rate_hz, gyr_dps))
        if _mag(settings):
            yield from _set_magnetometer()
        known = yield from _identity()
        yield from _subscribe(chip, str(settings["stream"]))
        if _mag(settings):
            # With the board's time before the field, as before the pairs.
            yield from _listen((yield from _create(bytes.fromhex("1505ffa0113103"))))
        for command in _run(_mag(settings)):
            yield Write(COMMAND, command)
        yield Repeat(COMMAND, _BATTERY, _BATTERY_S)
        return {"rate_hz": rate_hz, "acc_g": acc_g, "gyr_dps": gyr_dps, **known}

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop its sensors and leave nothing on the board."""
        del rate_hz
        for command in (*QUIET, *_MAG_QUIET) if _mag(settings) else QUIET:
            yield Write(COMMAND, command)
        return {}


def _mag(settings: Settings) -> bool:
    return settings.get("magnetometer", "off") == "on"


def _run(mag: bool) -> list[bytes]:
    """Return the commands that switch the sensors on, then those that start them."""
    modules = (0x03, 0x13, 0x15) if mag else (0x03, 0x13)
    enable = [bytes([module, 0x02, 0x01, 0x00]) for module in modules]
    return enable + [bytes([module, 0x01, 0x01]) for module in modules]


def _batteries(block: PacketBlock, head: IntArray) -> tuple[tuple[int, Battery], ...]:
    """Return what answers say of the battery: per cent, then millivolts."""
    starts, lengths = bounds(block)
    answers = np.flatnonzero(((head == 0x118C) | (head == 0x11CC)) & (lengths >= 3)).tolist()
    levels = [(index, block.payload[int(starts[index]) + 2]) for index in answers]
    return tuple((index, Battery(level / 100)) for index, level in levels if level <= 100)


def _refused(head: IntArray, data: BoolArray, misfits: int) -> dict[str, int]:
    """Count what is neither data nor an answer: registers that were read, or a new processor."""
    answer = (head & 0x80 > 0) | (head == 0x0902)
    counts = {
        "too short": int(np.count_nonzero(head < 0)),
        "wrong length": misfits,
        "unknown packet": int(np.count_nonzero((head >= 0) & ~data & ~answer)),
    }
    return {reason: count for reason, count in counts.items() if count}


def _ask(request: bytes, optional: bool = False) -> Ask:
    """Read a register; its answer begins like the request."""
    return Ask(COMMAND, request, "motion", request, optional=optional)


def _discover() -> Generator[Step, bytes, Chip]:
    """Return the chip, told by the modules' implementations."""
    acc = yield _ask(b"\x03\x80")
    gyr = yield _ask(b"\x13\x80")
    chip = CHIPS.get((acc[2], gyr[2])) if len(acc) > 2 and len(gyr) > 2 else None
    if chip is None:
        raise UnableError(
            "this MbientLab board has neither the BMI160 nor the BMI270 of a MetaMotion (its "
            f"modules answer {acc.hex(' ')} and {gyr.hex(' ')}); use a MetaMotion R, RL, C or S"
        )
    return chip


def _set(sensor: str, config: bytes) -> Procedure:
    """Write a configuration and compare it with what the board then says, if it does."""
    yield Write(COMMAND, config)
    answer = yield _ask(bytes([config[0], config[1] | 0x80]), optional=True)
    if answer and answer[2:4] != config[2:4]:
        raise SourceError(
            f"the {sensor} was set to {config[2:4].hex(' ')}, but says {answer[2:4].hex(' ')}; "
            "switch the MetaMotion off and on, and try again"
        )
    return {}


def _set_magnetometer() -> Procedure:
    """Give the magnetometer its preset; raises UnableError where the board has none."""
    answer = yield _ask(b"\x15\x80")
    if len(answer) <= 2:
        raise UnableError(
            'this MbientLab board has no magnetometer; set magnetometer = "off", or leave it out'
        )
    for command in _MAG_REGULAR:
        yield Write(COMMAND, command)
    return {}


def _identity() -> Procedure:
    """Return firmware and battery, as far as the board tells them."""
    known: dict[str, int | float | str] = {}
    firmware = yield Read(FIRMWARE, optional=True)
    if firmware:
        known["firmware"] = firmware.rstrip(b"\0").decode(errors="replace")
    answer = yield _ask(_BATTERY, optional=True)
    if len(answer) > 2 and answer[2] <= 100:
        known["battery"] = answer[2] / 100
    return known


def _subscribe(chip: Chip, stream: str) -> Procedure:
    """Have the stream notified; that of pairs by a chain of processors made for it."""
    if stream == _FUSED:
        newest = yield from _create(bytes([0x13, chip.gyr_single, 0xFF, 0xA0, 0x0F, 0x05]))
        fuse = bytes([0x03, 0x04, 0xFF, 0xA0, 0x1B, 0x01, newest]) + bytes(11)
        pairs = yield from _create(fuse)
        timed = yield from _create(bytes([0x09, 0x03, pairs, 0x60, 0x11, 0x31, 0x03]))
        yield from _listen(timed)
        return {}
    packed = stream == "packed"
    yield Write(COMMAND, bytes([0x03, chip.acc_packed if packed else 0x04, 0x01]))
    yield Write(COMMAND, bytes([0x13, chip.gyr_packed if packed else chip.gyr_single, 0x01]))
    return {}


def _listen(processor: int) -> Procedure:
    """Have what a data processor makes notified."""
    yield Write(COMMAND, bytes([0x09, 0x07, processor, 0x01]))
    yield Write(COMMAND, b"\x09\x03\x01")
    return {}


def _create(processor: bytes) -> Generator[Step, bytes, int]:
    """Make a data processor and return its number."""
    answer = yield Ask(COMMAND, b"\x09\x02" + processor, "motion", b"\x09\x02")
    if len(answer) < 3:
        raise SourceError(
            "the MetaMotion could not make a data processor, so it sends no time; "
            "choose the stream 'packed', or update its firmware"
        )
    return answer[2]


DRIVER = MetaMotion()
