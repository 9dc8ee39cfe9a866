"""A sensor by declaration: a TOML file that says what its packets hold, checked when it is read.

docs/sensor_layouts.md explains every key; ``gateway/drivers/layouts`` holds examples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from gateway.drivers import FASTEST_HZ, SLOWEST_HZ, TickClock
from gateway.drivers.talk import sig_uuid
from gateway.messages import message
from gateway.toml_table import TomlTable

AXES = ("x", "y", "z")
_ACC, _GYR = (tuple(f"{part}_{axis}" for axis in AXES) for part in ("acc", "gyr"))
_NAMES = (*_ACC, *_GYR, "seq", "tick", "battery")
TYPES = {"u8": "u1", "i8": "i1"} | {
    f"{kind}{bits}{end}": f"{order}{kind}{bits // 8}"
    for end, order in (("le", "<"), ("be", ">"))
    for kind, widths in (("u", (16, 32, 64)), ("i", (16, 32, 64)), ("f", (32, 64)))
    for bits in widths
}
_G = 9.80665
_UNITS: dict[str, dict[str, float]] = {
    "acc": {"m/s2": 1.0, "g": _G, "mg": _G / 1000},
    "gyr": {"rad/s": 1.0, "mrad/s": 0.001, "deg/s": math.radians(1), "mdeg/s": math.radians(0.001)},
    "tick": {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9},
    "seq": {"packets": 1.0, "samples": 1.0},
    "battery": {"%": 0.01, "1": 1.0},
}
_SLOWEST = {"acc": (_G, "m/s²"), "gyr": (1.0, "rad/s")}
"""Gravity, and a slow turn of a leg: what any sensor of motion can see."""
_DEFAULT_UNITS = {"seq": ("packets",), "battery": ("%",)}
_LONGEST = 512
_MOST_BITS = 48
"""More of a counter would not survive as a floating-point number of nanoseconds."""
_SHORTEST_TICK_NS, _LONGEST_TICK_NS = 1e-3, 1e10
_PACKETS_A_WRAP = 8
"""With fewer, a packet that is missing could not be told from one that came early."""
_LARGEST_COUNT = 1000.0
"""Times gravity, or a rad/s: what a floating-point number of 1 can be worth."""
_LONGEST_WRITE = 512
_NEAR_FULL = 0.999
_UNBOUNDED = 1e300
_STRONGEST = {"acc": 1e5, "gyr": 1e4}
"""m/s² and rad/s: nothing on a body is so strong, whatever a floating-point number can hold."""

_KEYS = (
    *("name", "notify", "service", "rate_hz", "bytes", "samples", "stride", "tick_of"),
    *("fields", "start", "stop"),
)
_FIELD_KEYS = ("name", "type", "offset", "unit", "scale", "full_scale", "bits")
_COMMAND_KEYS = ("write", "hex", "response", "service")
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


@message
class Field:
    """A value of a packet: ``dtype`` at byte ``offset``, worth ``si`` a count.

    ``si`` in m/s², rad/s or battery levels 0..1 a count, or nanoseconds (of ``tick``). Values of
    ``limit`` and beyond (SI) are at full scale. ``bits`` after which a counter wraps.
    """

    name: str
    dtype: np.dtype[Any]
    offset: int
    si: float
    limit: float
    bits: int
    unit: str


@message
class Command:
    """What is written to start or stop."""

    characteristic: str
    payload: bytes
    response: bool
    service: str


@message
class Layout:
    """What a file describes.

    Packets of ``size`` bytes hold ``samples`` of motion, ``stride`` bytes apart, and one each of
    the other ``fields``; sample k was taken ``first + k`` periods after the packet's tick.
    """

    name: str
    notify: str
    service: str
    size: int
    samples: int
    stride: int
    rate_hz: float
    fields: Mapping[str, Field]
    clock: TickClock | None
    first: int
    start: tuple[Command, ...]
    stop: tuple[Command, ...]

    def motion(self, part: str) -> tuple[Field, ...]:
        """Return the three fields of ``acc`` or ``gyr``, none where they are not sent."""
        return tuple(
            self.fields[name] for name in (f"{part}_{axis}" for axis in AXES) if name in self.fields
        )


def read_layout(text: str, file: str) -> Layout:
    """Return the layout in ``text``; raises ConfigError with file, key and expectation."""
    table = TomlTable.parse(text, file)
    table.only(_KEYS)
    size = table.whole("bytes", 1, _LONGEST)
    samples = table.whole("samples", 1, _LONGEST, default=1)
    stride = table.whole("stride", 1, _LONGEST) if samples > 1 else size
    rate_hz = table.within("rate_hz", SLOWEST_HZ, FASTEST_HZ)
    fields = _fields(table, size, samples, stride)
    clock = _clock(fields, samples, rate_hz)
    if clock is not None:
        _check_clock(table, clock, samples / rate_hz)
    is_last = table.choice("tick_of", ("first", "last"), "first") == "last"
    return Layout(
        name=table.text("name"),
        notify=_uuid(table, "notify"),
        service=_uuid(table, "service", ""),
        size=size,
        samples=samples,
        stride=stride,
        rate_hz=rate_hz,
        fields=fields,
        clock=clock,
        first=1 - samples if is_last else 0,
        start=tuple(_command(own) for own in table.tables("start")),
        stop=tuple(_command(own) for own in table.tables("stop")),
    )


def _clock(fields: Mapping[str, Field], samples: int, rate_hz: float) -> TickClock | None:
    """Return the clock of the ticks, or else of the counter: it counts periods."""
    if "tick" in fields:
        return TickClock(fields["tick"].bits, fields["tick"].si)
    if "seq" in fields:
        counted = samples if fields["seq"].unit == "packets" else 1
        return TickClock(fields["seq"].bits, counted * 1e9 / rate_hz)
    return None


def _check_clock(table: TomlTable, clock: TickClock, packet_s: float) -> None:
    """Refuse a clock whose ticks are no time, or that wraps before a packet is missed."""
    if not _SHORTEST_TICK_NS <= clock.tick_ns <= _LONGEST_TICK_NS:
        table.fail("fields", f"a tick would be {clock.tick_ns * 1e-9:.3g} s; check scale and unit")
    wraps_s = 2.0**clock.bits * clock.tick_ns * 1e-9
    if wraps_s < _PACKETS_A_WRAP * packet_s:
        table.fail(
            "fields",
            f"the clock would begin anew after {wraps_s:.3g} s, with a packet every "
            f"{packet_s:.3g} s; give the counter more bits, or check scale and unit",
        )


def _fields(table: TomlTable, size: int, samples: int, stride: int) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    taken = [""] * size
    for own in table.tables("fields"):
        field = _field(own, size)
        if field.name in fields:
            own.fail("name", f"there are two fields {field.name!r}; give each once")
        fields[field.name] = field
        repeats = samples if field.name in _ACC + _GYR else 1
        for start in range(field.offset, field.offset + repeats * stride, stride)[:repeats]:
            end = start + field.dtype.itemsize
            if end > size:
                own.fail(
                    "offset",
                    f"{field.name} ends at byte {end} of a packet of {size} bytes; "
                    "move it, or correct bytes, samples or stride",
                )
            for at in range(start, end):
                if taken[at]:
                    own.fail("offset", f"{field.name} overlaps {taken[at]} at byte {at}")
                taken[at] = field.name
    _check_axes(table, fields)
    return fields


def _check_axes(table: TomlTable, fields: Mapping[str, Field]) -> None:
    for names in (_ACC, _GYR):
        missing = [name for name in names if name not in fields]
        if 0 < len(missing) < len(names):
            table.fail("fields", f"{', '.join(missing)} missing; motion has three axes")
    if not fields.keys() & {*_ACC, *_GYR}:
        table.fail("fields", f"no motion; expected are {', '.join(_ACC)} or {', '.join(_GYR)}")


def _field(table: TomlTable, size: int) -> Field:
    table.only(_FIELD_KEYS)
    name = table.choice("name", _NAMES)
    kind = name.split("_")[0]
    dtype = np.dtype(TYPES[table.choice("type", TYPES)])
    unit = table.choice("unit", _UNITS[kind], *_DEFAULT_UNITS.get(kind, ()))
    scale = table.number("scale", 1.0)
    si = scale * _UNITS[kind][unit]
    if kind in ("acc", "gyr"):
        limit = _limit(table, kind, dtype, si, _UNITS[kind][unit])
    else:
        limit = math.inf
        _check_counter(table, name, dtype, scale)
    most_bits = min(8 * dtype.itemsize, _MOST_BITS)
    return Field(
        name=name,
        dtype=dtype,
        offset=table.whole("offset", 0, size - 1),
        si=si,
        limit=limit,
        bits=table.whole("bits", 1, most_bits, most_bits),
        unit=unit,
    )


def _limit(table: TomlTable, kind: str, dtype: np.dtype[Any], si: float, unit: float) -> float:
    """Return from where on a value is at full scale, after a look at whether it can be right."""
    if dtype.kind == "u":
        table.fail("type", "motion has a sign; expected is a type that begins with i or f")
    full = table.number("full_scale", _UNBOUNDED)
    if full <= 0:
        table.fail("full_scale", f"expected is a number above 0, not {full:g}")
    if si == 0:
        table.fail("scale", "a scale of 0 leaves nothing; expected is the worth of one count")
    if dtype.kind == "i":
        most = (1 << 8 * dtype.itemsize - 1) - 1
        _check_scale(table, kind, abs(si), most)
        _check_full_scale(table, kind, full * unit)
        return min(most * abs(si), _NEAR_FULL * full * unit)
    slowest, si_unit = _SLOWEST[kind]
    if not abs(si) <= _LARGEST_COUNT * slowest:
        table.fail("scale", f"a 1 would be {abs(si):.3g} {si_unit}; check scale and unit")
    _check_full_scale(table, kind, full * unit)
    return min(_NEAR_FULL * full * unit, _STRONGEST[kind])


def _check_full_scale(table: TomlTable, kind: str, full: float) -> None:
    """Refuse a full scale at which everything would be marked as clipped."""
    slowest, unit = _SLOWEST[kind]
    if full < slowest:
        table.fail("full_scale", f"nothing above {full:.3g} {unit} could be seen; check its unit")


def _check_scale(table: TomlTable, kind: str, step: float, most: int) -> None:
    """Refuse a scale with which gravity, or a turn of the leg, could not be seen."""
    slowest, unit = _SLOWEST[kind]
    if step >= slowest:
        why = f"one count would be {step:.3g} {unit}"
    elif most * step < slowest:
        why = f"no value could be above {most * step:.3g} {unit}"
    else:
        return
    table.fail("scale", f"{why}, which cannot be; check scale and unit")


def _check_counter(table: TomlTable, name: str, dtype: np.dtype[Any], scale: float) -> None:
    if name in ("seq", "tick") and dtype.kind == "f":
        table.fail("type", f"{name} counts; expected is a type that begins with u or i")
    if scale <= 0:
        table.fail("scale", f"expected is a number above 0, not {scale:g}")
    if name == "seq" and scale != 1:
        table.fail("scale", "a counter has none; its unit says whether packets or samples count")


def _command(table: TomlTable) -> Command:
    table.only(_COMMAND_KEYS)
    text = table.text("hex")
    try:
        payload = bytes.fromhex(text)
    except ValueError:
        table.fail("hex", f"expected are pairs of hexadecimal digits, as in '01 ff', not {text!r}")
    if len(payload) > _LONGEST_WRITE:
        table.fail("hex", f"{len(payload)} bytes; at most {_LONGEST_WRITE} can be written at once")
    return Command(
        characteristic=_uuid(table, "write"),
        payload=payload,
        response=table.flag("response", default=True),
        service=_uuid(table, "service", ""),
    )


def _uuid(table: TomlTable, key: str, default: str | None = None) -> str:
    text = (table.text(key) if default is None else table.text(key, default)).lower()
    if re.fullmatch(r"[0-9a-f]{4}", text):
        return sig_uuid(int(text, 16))
    if text != default and not _UUID.fullmatch(text):
        expected = "a UUID of 4 or of 36 characters, as in 6e400001-b5a3-f393-e0a9-e50e24dcca9e"
        table.fail(key, f"expected is {expected}, not {text!r}")
    return text
