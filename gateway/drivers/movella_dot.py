"""Movella DOT (also sold as Xsens DOT): real-time payloads as published by the maker.

Layout after the "DOT BLE Services Specification" (XD0506P): every payload starts with a 32-bit
microsecond counter and goes on with little-endian 32-bit floats; angular rates are degrees a
second, free acceleration is in the earth frame without gravity, the magnetometer is in 1/4096 of
the local field (modes 18, 20 and 23). Notifications are padded with zeros to the size of their
characteristic, so a payload is read by the mode it was asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import (
    LOCAL_FIELD,
    About,
    Battery,
    Decoded,
    Press,
    Samples,
    Setting,
    Settings,
    Stream,
    TickClock,
    movella_sync,
)
from gateway.drivers.movella_device import FILTERS, REPORT, configure, identify, uuid
from gateway.drivers.packets import Stacked, finite, near_full_scale, payloads, records, stack_equal
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, Write
from gateway.errors import UnableError, UsageError
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock
from gateway.quaternion import (
    conjugate,
    from_euler,
    from_rotation_vector,
    rotate,
    to_euler,
    to_rotation_vector,
)

CONTROL, LONG, MEDIUM, SHORT, BATTERY = (
    uuid(part) for part in (0x2001, 0x2002, 0x2003, 0x2004, 0x3001)
)
_NAMES = ("Movella DOT", "Xsens DOT")

_TICKS = ("ticks", "<u4")
_QUAT, _EULER = ("quat", "<f4", (4,)), ("euler_deg", "<f4", (3,))
_FREE_ACC, _ACC, _GYR = ((name, "<f4", (3,)) for name in ("free_acc", "acc", "gyr_dps"))
_DQ, _DV = ("dq", "<f4", (4,)), ("dv", "<f4", (3,))
_MAG = ("mag_raw", "<i2", (3,))
_STATUS, _CLIP = ("status", "<u2"), ("clip_counts", "u1", (2,))

LAYOUTS: dict[int, np.dtype[Any]] = {
    2: np.dtype([_TICKS, _QUAT, _FREE_ACC, _STATUS, _CLIP]),
    3: np.dtype([_TICKS, _QUAT, _FREE_ACC]),
    4: np.dtype([_TICKS, _EULER]),
    5: np.dtype([_TICKS, _QUAT]),
    6: np.dtype([_TICKS, _FREE_ACC]),
    7: np.dtype([_TICKS, _EULER, _FREE_ACC, _STATUS, _CLIP]),
    16: np.dtype([_TICKS, _EULER, _FREE_ACC]),
    18: np.dtype([_TICKS, _DQ, _DV, _MAG]),
    19: np.dtype([_TICKS, _DQ, _DV]),
    20: np.dtype([_TICKS, _ACC, _GYR, _MAG]),
    21: np.dtype([_TICKS, _ACC, _GYR]),
    22: np.dtype([_TICKS, _EULER, _FREE_ACC, _GYR]),
    23: np.dtype([_TICKS, _EULER, _FREE_ACC, _MAG]),
    24: np.dtype([_TICKS, _QUAT, _GYR]),
    26: np.dtype([_TICKS, _QUAT, _ACC, _GYR]),
}
"""Payload of each measurement mode; the encoded modes 1, 17 and 25 need the maker's SDK."""

MODES = tuple(mode for mode in LAYOUTS if mode != 6)
"""Those that tell how the sensor turns, or how it lies."""
DEFAULT_MODE = 26
DEFAULT_RATE_HZ = 60.0

GRAVITY = np.array([0.0, 0.0, 9.80665])
FULL_SCALE_ACC = 16 * 9.80665
FULL_SCALE_GYR = np.radians(2000.0)
_INERTIAL_CLIPPED = 0x3F
"""Bits of the status: x, y, z of the accelerometer, then of the gyroscope."""
_UNIT_TOLERANCE = 0.01
_CHARACTERISTICS = {20: SHORT, 40: MEDIUM, 63: LONG}
"""By the size to which they pad their payloads."""
_CLICKS = {5: 1, 6: 2, 7: 3}
OFF, ON = "off", "on"


def read_payloads(mode: int, block: PacketBlock) -> tuple[NDArray[Any], Stacked]:
    """Return the fields (N,) of every payload that fits the mode, in the units of the wire."""
    layout = LAYOUTS[mode]
    stacked = stack_equal(block, layout.itemsize, longest=_padded_size(layout))
    return records(stacked, layout), stacked


def encode_block(
    mode: int,
    ticks: IntArray,
    acc: FloatArray,
    gyr: FloatArray,
    quat: FloatArray,
    rate_hz: float = DEFAULT_RATE_HZ,
) -> tuple[bytes, IntArray]:
    """Return the payloads of N samples, joined, and where each ends.

    ``ticks`` (N,) microseconds, wrapped here to 32 bits; ``acc`` (N, 3) m/s²; ``gyr`` (N, 3)
    rad/s; ``quat`` (N, 4) the sensor's own orientation, used where the mode carries one. Zero
    field, nothing clipped.
    """
    layout = LAYOUTS[mode]
    fields = np.zeros(len(ticks), layout)
    fields["ticks"] = ticks % 2**32
    for name in layout.names or ():
        match name:
            case "acc":
                fields[name] = acc
            case "gyr_dps":
                fields[name] = np.degrees(gyr)
            case "quat":
                fields[name] = quat
            case "euler_deg":
                fields[name] = np.degrees(to_euler(quat))
            case "free_acc":
                fields[name] = rotate(quat, acc) - GRAVITY
            case "dq":
                fields[name] = from_rotation_vector(gyr / rate_hz)
            case "dv":
                fields[name] = acc / rate_hz
    ends = np.arange(1, len(ticks) + 1) * layout.itemsize
    return fields.tobytes(), ends


class MovellaDot:
    """The driver."""

    name = "movella_dot"
    about = About(
        maker="Movella (Xsens)",
        models=("Movella DOT", "Xsens DOT"),
        rates_hz=(1.0, 4.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0),
        acc_g=(16.0,),
        gyr_dps=(2000.0,),
        clock="32-bit microseconds since power-on, wraps after 71.6 minutes",
        loss="a step of the clock longer than one and a half periods",
        unknown=(
            "why a sample is missing: payloads carry no counter",
            "modes 2, 3, 7, 16, 22, 23: the true acceleration; gravity is put back as it was taken",
            "modes 4, 5, 24: acceleration other than gravity, which is all that is given",
            "modes 3, 4, 5, 16, 23: whether the gyroscope was at its full scale",
            "mode 6, which is not read: how the sensor turns and how it lies",
            "modes 1, 17, 25, which are not read: what only the maker's library can decode",
        ),
        tested_on=("vectors", "captured bytes", "virtual"),
        settings=(
            Setting("mode", DEFAULT_MODE, MODES, "measurement mode of the payloads"),
            Setting("filter", FILTERS[0], FILTERS, "how quickly its own orientation follows"),
            Setting(
                "sync",
                OFF,
                (OFF, ON),
                "on: all of them agree on one clock at the start",
            ),
        ),
    )
    advertising: Advertising | None = Advertising(names=_NAMES, companies=(0x0886,))
    independent = True
    agreement = movella_sync.TIMES

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream with a 32-bit microsecond counter, whatever the mode and rate."""
        mag = _MAG[0] in (LAYOUTS[_mode(settings)].names or ())
        return (Stream(rate_hz, TickClock(bits=32, tick_ns=1000.0), mag=mag),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block; a payload shorter than its mode is refused, padding is ignored.

        The increments of modes 18 and 19 are over one period of ``rate_hz`` of the settings.
        """
        match channel:
            case "motion":
                return _motion(block, _mode(settings), _rate_hz(settings))
            case "battery":
                return _battery(block)
            case "report":
                return _presses(block)
        return Decoded()

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop what it may still measure since a lost link, set it up, then start.

        Reads back ``mac`` as well. Raises SourceError where it keeps other settings, or does not
        know the mode.
        """
        mode, profile = _mode(settings), str(settings.get("filter", FILTERS[0]))
        known = yield from identify()
        yield Write(CONTROL, bytes([1, 0, mode]))
        state = yield from configure(profile, rate_hz)
        level = read_battery((yield Read(BATTERY)))
        shared = (yield from movella_sync.status()) if self.may_agree(settings) else {}
        yield Subscribe(_CHARACTERISTICS[_padded_size(LAYOUTS[mode])], "motion")
        yield Subscribe(BATTERY, "battery")
        yield Subscribe(REPORT, "report")
        yield Write(CONTROL, bytes([1, 1, mode]))
        if (yield Read(CONTROL))[1:3] != bytes([1, mode]):
            raise UnableError(
                f"the Movella DOT does not measure in mode {mode}; its firmware is "
                f"{known['firmware']}: update it with the maker's app, or choose another mode"
            )
        battery = {"battery": level.level} if level else {}
        return {"mode": mode, **known, **state, **shared, **battery}

    def may_agree(self, settings: Settings) -> bool:
        """Say whether it is to agree on a clock with others."""
        return settings.get("sync", OFF) == ON

    def before_agreement(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop what it measures and set it up, for both must be done before; return its ``mac``."""
        known = yield from identify()
        yield Write(CONTROL, bytes([1, 0, _mode(settings)]))
        yield from configure(str(settings.get("filter", FILTERS[0])), rate_hz)
        return {"mac": known["mac"]}

    def agree(self, root: str) -> Procedure:
        """Let it take over the clock of ``root`` once it is left alone."""
        return movella_sync.begin(root)

    def agreed(self) -> Procedure:
        """Return once it has; raises SourceError, with the reason, where it has not."""
        return movella_sync.result()

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop the measurement."""
        del rate_hz
        yield Write(CONTROL, bytes([1, 0, _mode(settings)]))
        return {}


def read_battery(payload: bytes) -> Battery | None:
    """Read a level in per cent and a charging flag; None where there are none."""
    if len(payload) < 2 or payload[0] > 100:
        return None
    return Battery(payload[0] / 100, bool(payload[1]))


def _motion(block: PacketBlock, mode: int, rate_hz: float) -> Decoded:
    fields, stacked = read_payloads(mode, block)
    packet, refused = stacked.packet, dict(stacked.refused)
    # Damaged bytes may be any numbers at all; those that no sensor sends are left out below.
    with np.errstate(invalid="ignore", over="ignore"):
        quat = _orientation(fields)
        acc, gyr = _acceleration(fields, quat, rate_hz), _turn_rate(fields, rate_hz)
        sound = finite(acc) if gyr is None else finite(acc, gyr)
        turn = fields["dq"] if "dq" in (fields.dtype.names or ()) else quat
        if turn is not None:
            sound &= _is_unit(turn)
    if not sound.all():
        refused["impossible numbers"] = int(np.count_nonzero(~sound))
        fields, packet, acc = fields[sound], packet[sound], acc[sound]
        gyr = None if gyr is None else gyr[sound]
        quat = None if quat is None else quat[sound]
    samples = Samples(
        packet=packet,
        clipped=_clipped(fields, acc, gyr),
        acc=acc,
        gyr=gyr,
        ticks=fields["ticks"].astype(np.int64),
        quat=quat if gyr is None else None,
        mag=_field(fields),
    )
    return Decoded((samples,), refused=refused)


def _orientation(fields: NDArray[Any]) -> FloatArray | None:
    """Return sensor → earth (N, 4) where it is needed: mode 26 has the raw motion beside it."""
    names = fields.dtype.names or ()
    if "acc" in names or "dv" in names:
        return None
    if "quat" in names:
        return fields["quat"].astype(np.float64)
    return from_euler(np.radians(fields["euler_deg"].astype(np.float64)))


def _field(fields: NDArray[Any]) -> FloatArray | None:
    """Return the magnetic field (N, 3) in µT, as far as the mode tells it; NaN for no field."""
    name = _MAG[0]
    if name not in (fields.dtype.names or ()):
        return None
    raw = fields[name]
    measured: BoolArray = np.logical_or.reduce(raw != 0, axis=1)
    field: FloatArray = np.where(measured[:, None], raw * (LOCAL_FIELD / 4096), np.nan)
    return field


def _acceleration(fields: NDArray[Any], quat: FloatArray | None, rate_hz: float) -> FloatArray:
    names = fields.dtype.names or ()
    if "acc" in names:
        return fields["acc"].astype(np.float64)
    if "dv" in names or quat is None:
        return fields["dv"].astype(np.float64) * rate_hz
    free = fields["free_acc"].astype(np.float64) if "free_acc" in names else 0.0
    return rotate(conjugate(quat), np.broadcast_to(free + GRAVITY, (len(quat), 3)))


def _turn_rate(fields: NDArray[Any], rate_hz: float) -> FloatArray | None:
    names = fields.dtype.names or ()
    if "gyr_dps" in names:
        return np.radians(fields["gyr_dps"].astype(np.float64))
    if "dq" in names:
        return to_rotation_vector(fields["dq"].astype(np.float64)) * rate_hz
    return None


def _is_unit(quat: NDArray[Any]) -> BoolArray:
    square = np.einsum("ni,ni->n", quat, quat, dtype=np.float64)
    unit: BoolArray = np.abs(square - 1) < _UNIT_TOLERANCE
    return unit


def _clipped(fields: NDArray[Any], acc: FloatArray, gyr: FloatArray | None) -> BoolArray:
    clipped = near_full_scale(acc, FULL_SCALE_ACC)
    if gyr is not None:
        clipped |= near_full_scale(gyr, FULL_SCALE_GYR)
    if "status" in (fields.dtype.names or ()):
        clipped |= (fields["status"] & _INERTIAL_CLIPPED) != 0
    return clipped


def _battery(block: PacketBlock) -> Decoded:
    """Read packets of level in per cent and a charging flag."""
    read = ((index, read_battery(payload)) for index, payload in enumerate(payloads(block)))
    facts = tuple((index, level) for index, level in read if level is not None)
    odd = len(block.ends) - len(facts)
    return Decoded(facts=facts, refused={"no battery level": odd} if odd else {})


def _presses(block: PacketBlock) -> Decoded:
    """Read the clicks among the sensor's reports; it also reports that it will switch off."""
    kinds = ((index, payload[:1]) for index, payload in enumerate(payloads(block)))
    return Decoded(
        facts=tuple(
            (index, Press(_CLICKS[kind[0]])) for index, kind in kinds if kind and kind[0] in _CLICKS
        )
    )


def _mode(settings: Settings) -> int:
    mode = settings.get("mode", DEFAULT_MODE)
    if mode not in MODES:
        raise UsageError(
            f"mode {mode} of a Movella DOT does not tell how it moves; "
            f"use one of {', '.join(map(str, MODES))}"
        )
    return int(mode)


def _rate_hz(settings: Settings) -> float:
    return float(settings.get("rate_hz", DEFAULT_RATE_HZ))


def _padded_size(layout: np.dtype[Any]) -> int:
    """Size of the characteristic that payloads of ``layout`` come on."""
    return next(size for size in _CHARACTERISTICS if layout.itemsize <= size)


DRIVER = MovellaDot()
