"""Polar sensors (Verity Sense, H10, OH1): acceleration, angular rate and magnetic field.

After the technical documentation of the Polar BLE SDK, "online measurement". A frame is a type, a
time of 64 bits in nanoseconds since 2000 (that of its last sample), a format, and samples, raw or
delta-coded. What a number of the delta-coded formats is worth the sensor says when it is started.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import (
    About,
    Battery,
    Decoded,
    Model,
    Samples,
    Setting,
    Settings,
    Stream,
    TickClock,
)
from gateway.drivers.packets import bounds, finite, near_full_scale, payloads
from gateway.drivers.polar_control import (
    ACC,
    CHANNEL,
    CONTROL,
    DATA,
    GYR,
    MAG,
    set_sdk_mode,
    start,
    stop,
)
from gateway.drivers.polar_delta import unpack_delta, unpack_raw
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, sig_uuid
from gateway.errors import SourceError, UnableError, UsageError
from gateway.messages import FloatArray, IntArray, PacketBlock, message

BATTERY, FIRMWARE = sig_uuid(0x2A19), sig_uuid(0x2A26)

_MEASURED: dict[str, tuple[int, ...]] = {"sense": (ACC, GYR), "h10": (ACC,), "oh1": (ACC,)}
"""What each model measures."""
_RANGES_G = (2.0, 4.0, 8.0, 16.0)
_MODELS = {
    "sense": Model("Polar Verity Sense", (26.0, 52.0, 104.0, 208.0, 416.0), _RANGES_G),
    "h10": Model("Polar H10", (25.0, 50.0, 100.0, 200.0), _RANGES_G[:3]),
    "oh1": Model("Polar OH1", (50.0,), ()),
}
_SCALES = {ACC: "acc_g", GYR: "gyr_dps"}
_FACTORS = {ACC: "acc_factor", GYR: "gyr_factor", MAG: "mag_factor"}
MAG_HZ, MAG_GAUSS = 100.0, 50
"""Of the rates that it offers the one that gathers a frame soonest, and its only range."""
_PLAIN = (52.0, 8, 2000)
"""Rate, g and °/s of a Verity Sense; anything else it offers in its SDK mode."""
_FEATURES = 0x0F
_SDK_FEATURE = 0x02

G = 9.80665
GAUSS = 100.0
"""µT."""
HEADER = 10
_A_FRAME = 36
"""A frame fills a notification of some 230 bytes: of deltas, about so many samples."""
_DELTA = 0x80
_OTHER = (0, 1, 3, MAG, 7)
"""Measurements that may come unasked: ECG, PPG, intervals, magnetic field, temperature."""


@message
class _Format:
    """A number has ``width`` bytes (its reference, if delta-coded) and is worth ``unit`` (SI).

    That is multiplied by the factor that the sensor said, or else the ``usual`` one; None: there
    is none. ``floats``: the numbers are the bits of floats. Of ``channels`` the first three are
    read: the field may come with how well it is calibrated.
    """

    width: int
    unit: float
    scaled: bool = False
    usual: float | None = 1.0
    floats: bool = False
    channels: int = 3


_SI = {ACC: G, GYR: float(np.radians(1.0)), MAG: GAUSS}
_FORMATS = {
    (ACC, 0x00): _Format(1, G / 1000),
    (ACC, 0x01): _Format(2, G / 1000),
    (ACC, 0x02): _Format(3, G / 1000),
    (ACC, _DELTA | 0x00): _Format(2, G, scaled=True, usual=None),
    (ACC, _DELTA | 0x01): _Format(2, G / 1000, scaled=True),
    (GYR, _DELTA | 0x00): _Format(2, np.radians(1.0), scaled=True, usual=None),
    (GYR, _DELTA | 0x01): _Format(4, np.radians(1.0), floats=True),
    (MAG, _DELTA | 0x00): _Format(2, GAUSS, scaled=True, usual=None),
    (MAG, _DELTA | 0x01): _Format(2, GAUSS / 1000, channels=4),
}


class PolarPmd:
    """The driver."""

    name = "polar_pmd"
    about = About(
        maker="Polar",
        models=("Verity Sense", "H10", "OH1"),
        rates_hz=tuple(sorted({rate for model in _MODELS.values() for rate in model.rates_hz})),
        acc_g=_RANGES_G,
        gyr_dps=(250.0, 500.0, 1000.0, 2000.0),
        clock="64-bit nanoseconds, one time a frame, that of its last sample",
        loss="a step of the clock longer than the frame's samples take",
        unknown=(
            "how H10 and OH1 turn: they have no gyroscope, so no angle and no step rests on them",
            "how the samples of a frame were spaced: they are taken to be even",
            "the date: units count from moments of their own",
            "settings that it offers only in the second part of a long answer",
            "magnetometer: whether its axes are those of the accelerometer",
        ),
        tested_on=("vectors", "virtual"),
        settings=(
            Setting("model", "sense", tuple(_MODELS), "Verity Sense, H10 or OH1"),
            Setting("acc_g", 8, (2, 4, 8, 16), "full scale of the accelerometer"),
            Setting("gyr_dps", 2000, (250, 500, 1000, 2000), "full scale of the gyroscope"),
            Setting(
                "magnetometer",
                "off",
                ("off", "on"),
                f"on: the field of a Verity Sense too, at {MAG_HZ:g} Hz",
            ),
        ),
    )
    advertising: Advertising | None = Advertising(names=("Polar Sense", "Polar H10", "Polar OH1"))
    independent = True
    models: Mapping[str, Model] = _MODELS

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return a stream of acceleration, and of angular rate and field where they are there."""
        if _mag(settings) and _model(settings) != "sense":
            raise UsageError(
                "of Polar's sensors a Verity Sense alone has a magnetometer; leave magnetometer out"
            )
        clock = TickClock(bits=64, tick_ns=1.0, spread=True)
        return tuple(
            Stream(
                MAG_HZ if kind == MAG else rate_hz,
                clock,
                *(kind == ACC, kind == GYR, kind == MAG),
                per_packet=_A_FRAME,
            )
            for kind in _kinds(settings)
        )

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block; frames of other measurements are skipped."""
        match channel:
            case "motion":
                return _motion(block, settings)
            case "battery":
                return _battery(block)
        return Decoded()

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop what it still measures, then start; reads back ``acc_factor`` and ``gyr_factor``.

        Raises SourceError where it has no gyroscope, or does not offer the rate or range.
        """
        model, kinds = _model(settings), _kinds(settings)
        scales = {kind: _full_scale(kind, settings) for kind in (ACC, GYR, MAG)}
        # Read first: some hosts take what is read from a subscribed characteristic for told.
        features = yield Read(CONTROL)
        _check_features(features, kinds)
        firmware, share = (yield Read(FIRMWARE, optional=True)), _share((yield Read(BATTERY)))
        yield Subscribe(CONTROL, CHANNEL)
        for kind in kinds:
            yield from stop(kind)
        yield Subscribe(DATA, "motion")
        yield Subscribe(BATTERY, "battery")
        if len(features) > 2 and features[2] & _SDK_FEATURE:
            plain = (rate_hz, scales[ACC], scales[GYR]) == _PLAIN
            yield from set_sdk_mode(on=not plain)
        told: dict[str, int | float | str] = {"model": model, "rate_hz": rate_hz}
        for kind in kinds:
            factor = yield from start(kind, MAG_HZ if kind == MAG else rate_hz, scales[kind])
            told |= {_SCALES[kind]: scales[kind]} if kind in _SCALES else {}
            told |= {} if factor is None else {_FACTORS[kind]: factor}
        told |= {"firmware": firmware.decode(errors="replace")} if firmware else {}
        return told | ({} if share is None else {"battery": share})

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Stop its measurements."""
        del rate_hz
        for kind in _kinds(settings):
            yield from stop(kind)
        return {}


@message
class _Heads:
    """Frames with a whole head: ``packet``, content from ``begin`` to ``end``, all (F,)."""

    packet: IntArray
    begin: IntArray
    end: IntArray
    ticks: IntArray
    kind: IntArray
    form: IntArray


def _motion(block: PacketBlock, settings: Settings) -> Decoded:
    data = np.frombuffer(block.payload, np.uint8)
    heads, kinds = _read_heads(block, data), _kinds(settings)
    refused: Counter[str] = Counter()
    refused["too short"] = len(block.ends) - len(heads.packet)
    heads, untimely = _timely(heads)
    refused["impossible time"] = untimely
    known = np.array([256 * kind + form for kind, form in _FORMATS if kind in kinds])
    passed_over = [kind for kind in _OTHER if kind not in kinds]
    odd = ~np.isin(256 * heads.kind + heads.form, known) & ~np.isin(heads.kind, passed_over)
    refused["unknown format"] = int(np.count_nonzero(odd))
    samples = tuple(
        _samples(data, heads, kind, settings, refused)
        for kind in kinds
        if (heads.kind == kind).any()
    )
    return Decoded(samples, refused={why: count for why, count in refused.items() if count})


def _read_heads(block: PacketBlock, data: NDArray[np.uint8]) -> _Heads:
    starts, lengths = bounds(block)
    packet = np.flatnonzero(lengths >= HEADER)
    begin = starts[packet]
    head = data[begin[:, None] + np.arange(HEADER)]
    return _Heads(
        packet=packet,
        begin=begin + HEADER,
        end=begin + lengths[packet],
        ticks=np.ascontiguousarray(head[:, 1:9]).view("<i8")[:, 0],
        kind=(head[:, 0] & 0x3F).astype(np.int64),
        form=head[:, 9].astype(np.int64),
    )


def _timely(heads: _Heads) -> tuple[_Heads, int]:
    """Return the heads whose time can be (584 years are not), and how many others there are."""
    timely = heads.ticks >= 0
    untimely = int(np.count_nonzero(~timely))
    if untimely:
        names = (field.name for field in dataclasses.fields(heads))
        heads = _Heads(*(getattr(heads, name)[timely] for name in names))
    return heads, untimely


def _samples(
    data: NDArray[np.uint8], heads: _Heads, kind: int, settings: Settings, refused: Counter[str]
) -> Samples:
    """Return the samples of a measurement; adds to ``refused`` what could not be read."""
    values, frame = [np.empty((0, 3))], [np.empty(0, np.int64)]
    for (measured, form), number in _FORMATS.items():
        own = np.flatnonzero((heads.kind == kind) & (heads.form == form))
        if measured != kind or not len(own):
            continue
        worth = _worth(number, kind, settings)
        if worth is None:
            refused["scale unknown"] += len(own)
            continue
        unpack = unpack_delta if form & _DELTA else unpack_raw
        begin, end = heads.begin[own], heads.end[own]
        unpacked = unpack(data, begin, end, number.channels, number.width)
        refused["damaged"] += int(np.count_nonzero(~unpacked.sound))
        values.append(_numbers(unpacked.values[:, :3], number) * worth)
        frame.append(own[unpacked.frame])
    frames = np.concatenate(frame)
    order = np.argsort(frames, kind="stable")
    return _timed(np.concatenate(values)[order], frames[order], heads, kind, settings, refused)


def _timed(
    values: FloatArray,
    frame: IntArray,
    heads: _Heads,
    kind: int,
    settings: Settings,
    refused: Counter[str],
) -> Samples:
    rest = np.bincount(frame)
    after = np.arange(len(frame)) - (np.cumsum(rest) - 1)[frame]
    sound = finite(values)
    refused["impossible numbers"] += int(np.count_nonzero(~sound))
    values, frame, after = values[sound], frame[sound], after[sound]
    full = near_full_scale(values, _full_scale(kind, settings) * _SI[kind])
    is_mag = kind == MAG
    return Samples(
        packet=heads.packet[frame],
        # A field that is too strong is none; it takes nothing from the motion beside it.
        clipped=full & ~np.array(is_mag),
        acc=values if kind == ACC else None,
        gyr=values if kind == GYR else None,
        mag=np.where(full[:, None], np.nan, values) if is_mag else None,
        ticks=heads.ticks[frame],
        after=after.astype(np.float64),
        stream=_kinds(settings).index(kind),
    )


def _worth(number: _Format, kind: int, settings: Settings) -> float | None:
    """Return what a number is worth in SI units; None where only the sensor could have said."""
    factor = settings.get(_FACTORS[kind], number.usual) if number.scaled else 1.0
    return None if factor is None else float(factor) * number.unit


def _numbers(values: IntArray, number: _Format) -> FloatArray:
    if not number.floats:
        return values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return (values & 0xFFFFFFFF).astype(np.uint32).view(np.float32).astype(np.float64)


def _battery(block: PacketBlock) -> Decoded:
    shares = ((index, _share(payload)) for index, payload in enumerate(payloads(block)))
    facts = tuple((index, Battery(share)) for index, share in shares if share is not None)
    odd = len(block.ends) - len(facts)
    return Decoded(facts=facts, refused={"no battery level": odd} if odd else {})


def _share(payload: bytes) -> float | None:
    """Read a level in per cent; None where there is none."""
    return payload[0] / 100 if payload and payload[0] <= 100 else None


def _check_features(features: bytes, kinds: tuple[int, ...]) -> None:
    """Raise SourceError where the sensor does not measure what its model should."""
    known = features[1] if len(features) > 1 and features[0] == _FEATURES else 0
    if not known & 1 << ACC:
        raise SourceError(
            "the Polar sensor does not say that it measures acceleration; "
            "if it is one that does, update its firmware with the maker's app"
        )
    if GYR in kinds and not known & 1 << GYR:
        raise UnableError(
            "the Polar sensor has no gyroscope, as a Verity Sense would; if it is an H10 or an "
            'OH1, set model = "h10" or model = "oh1"'
        )
    if MAG in kinds and not known & 1 << MAG:
        raise UnableError(
            'the Polar sensor has no magnetometer; set magnetometer = "off", or leave it out'
        )


def _model(settings: Settings) -> str:
    return str(settings.get("model", "sense"))


def _mag(settings: Settings) -> bool:
    return settings.get("magnetometer", "off") == "on"


def _kinds(settings: Settings) -> tuple[int, ...]:
    return _MEASURED[_model(settings)] + ((MAG,) if _mag(settings) else ())


def _full_scale(kind: int, settings: Settings) -> int:
    if kind == MAG:
        return MAG_GAUSS
    return int(settings.get(_SCALES[kind], 8 if kind == ACC else 2000))


DRIVER = PolarPmd()
