"""Sensor drivers: one module a kind of sensor, bytes to samples and settings to bytes, no I/O.

A module here that holds a ``DRIVER`` is found by its name; nothing else needs registering.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

from gateway.discovery import discover
from gateway.drivers.talk import Advertising, AgreementTimes, Procedure, Settings
from gateway.errors import SettingError, UsageError
from gateway.hints import did_you_mean
from gateway.messages import BoolArray, FloatArray, IntArray, PacketBlock, message

__all__ = ["Driver", "Settings", "driver", "drivers", "settled"]


LOCAL_FIELD = 50.0
"""µT: about what the earth's field is where most people live."""

SLOWEST_HZ, FASTEST_HZ = 0.1, 10_000.0
"""No sensor of motion is slower or faster: what says so is damaged, or a mistake."""


@message
class TickClock:
    """A device's own time: a counter of ``bits`` bits that rises ``1 / tick_ns`` a nanosecond.

    ``spread``: a packet's one tick is that of its last sample, and its samples lie evenly between
    the tick of the packet before and its own.
    """

    bits: int
    tick_ns: float
    spread: bool = False


@message
class Stream:
    """One series of samples of a sensor, with a clock of its own, or None where it sends no time.

    ``acc``, ``gyr`` and ``mag`` tell what a sample holds; a sensor that sends them apart has
    several streams.
    ``per_packet`` samples are gathered, at most, before they are sent together.
    """

    rate_hz: float
    clock: TickClock | None
    acc: bool = True
    gyr: bool = True
    mag: bool = False
    per_packet: int = 1


@message
class Samples:
    """Decoded samples of one stream, in order of arrival.

    ``stream`` index among the driver's streams; ``packet`` (N,) index of the packet each sample
    came in; ``acc`` (N, 3) m/s² and ``gyr`` (N, 3) rad/s in the sensor's frame, None where the
    stream does not carry it; ``clipped`` (N,) a channel was at its full scale. ``ticks`` (N,) raw
    counter values, or None where the device sends no time; ``after`` (N,) how many sample periods
    after its tick each sample was taken (None: at it). ``quat`` (N, 4) the sensor's own
    orientation, sensor → earth, in place of ``gyr``: the rate of turn is then its difference.
    ``mag`` (N, 3) the magnetic field in µT in the same frame, NaN where it was not measured; a
    sensor that tells shares of the local field is taken to be in one of ``LOCAL_FIELD``.
    """

    packet: IntArray
    clipped: BoolArray
    acc: FloatArray | None = None
    gyr: FloatArray | None = None
    ticks: IntArray | None = None
    after: FloatArray | None = None
    quat: FloatArray | None = None
    mag: FloatArray | None = None
    stream: int = 0


@message
class Battery:
    """What a sensor says of its battery; ``level`` 0..1."""

    level: float
    charging: bool = False


@message
class Press:
    """A button on the sensor was pressed ``times`` in a row."""

    times: int


@message
class Vital:
    """A figure that the sensor forms itself, such as a heart rate; ``unit`` in SI, or 1/min."""

    name: str
    value: float
    unit: str


Fact = Battery | Press | Vital


@message
class Decoded:
    """What a block of one channel holds.

    ``samples`` of at most one block a stream; ``facts`` with the index of the packet each came in;
    ``refused`` says why packets, or samples in them, were not read: reason → count. The last
    ``kept`` packets are the beginning of something: they are handed in again before the next.
    ``learned`` of the stream so far joins the settings with which the channel's next block is read.
    Packets that hold no motion on purpose, such as answers to requests, are in none of these.
    """

    samples: tuple[Samples, ...] = ()
    facts: tuple[tuple[int, Fact], ...] = ()
    refused: Mapping[str, int] = dataclasses.field(default_factory=dict)
    kept: int = 0
    learned: Mapping[str, int] = dataclasses.field(default_factory=dict)


@message
class Setting:
    """A setting of a driver: the value it has unless another of the ``choices`` is asked for."""

    name: str
    default: int | float | str
    choices: tuple[int | float | str, ...]
    meaning: str

    def allows(self, value: float | str) -> bool:
        """Say whether ``value`` is among the choices; without any, everything is."""
        return not self.choices or value in self.choices


Tested = Literal["vectors", "captured bytes", "virtual", "hardware"]


@message
class About:
    """What a driver says of its sensor, for people (docs/sensors.md is made from it).

    ``rates_hz`` that can be asked for (none: any); ``acc_g`` and ``gyr_dps`` the full scales;
    ``clock`` the time that it sends, ``loss`` how a lost sample is noticed, ``unknown`` what
    cannot be known from it, ``tested_on`` what the driver was tested on, honestly. ``motion``:
    whether it measures any, so that it matters where on the body it is.
    """

    maker: str
    models: tuple[str, ...]
    rates_hz: tuple[float, ...]
    acc_g: tuple[float, ...]
    gyr_dps: tuple[float, ...]
    clock: str
    loss: str
    tested_on: tuple[Tested, ...]
    unknown: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    motion: bool = True


class Driver(Protocol):
    """One kind of sensor.

    ``advertising`` is None for a driver of recordings only. ``independent`` packets are read each
    by itself, so those of several sensors may be decoded at once; a driver that joins packets says
    False and is given one sensor's at a time.
    """

    name: str
    about: About
    advertising: Advertising | None
    independent: bool

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return the series of samples that it sends."""

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of a channel; never raises on what a radio sent.

        A channel that the driver does not subscribe to holds nothing.
        """

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Make it stream: whatever it still does is stopped first. Returns what was read back.

        Read-back settings are those of the driver, and ``rate_hz``, ``acc_g``, ``gyr_dps``,
        ``firmware`` and ``battery`` (0..1) where the device tells them. Raises SourceError where
        the sensor cannot do it.
        """

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Make it stop, so that it saves its battery."""


@runtime_checkable
class Agreeing(Protocol):
    """A driver whose sensors can agree on one clock by themselves, while no host is connected."""

    agreement: AgreementTimes

    def may_agree(self, settings: Settings) -> bool:
        """Say whether a sensor with these settings is to."""

    def before_agreement(self, settings: Settings, rate_hz: float) -> Procedure:
        """Make a sensor ready; returns its ``mac``."""

    def agree(self, root: str) -> Procedure:
        """Let a sensor take over the clock of the one whose MAC is ``root``, once it is left."""

    def agreed(self) -> Procedure:
        """Return where it has; raises SourceError, with the reason, where it has not."""


@message
class Model:
    """What one of a driver's models has: rates in Hz that can be asked for, and full scales.

    None of either: any, or the sensor itself says so.
    """

    name: str
    rates_hz: tuple[float, ...]
    acc_g: tuple[float, ...]


@runtime_checkable
class OfModels(Protocol):
    """A driver whose setting ``model`` names one of ``models``, which do not have the same."""

    models: Mapping[str, Model]


@runtime_checkable
class OwnRate(Protocol):
    """A driver whose sensors stream at a rate that their settings fix."""

    def own_rate_hz(self, settings: Settings) -> float:
        """Return it; raises UsageError for settings that cannot be."""


def drivers() -> dict[str, Driver]:
    """Return every driver by its name."""
    found: dict[str, Driver] = discover("gateway.drivers", "DRIVER")
    return found


def driver(name: str) -> Driver:
    """Return the driver called ``name``; raises SettingError with the known names."""
    known = drivers()
    if name not in known:
        raise SettingError(
            f"there is no sensor driver {name!r}; {did_you_mean(name, known)}known are "
            f"{', '.join(known)}",
            "driver",
        )
    return known[name]


def radio_driver(name: str) -> Driver:
    """Return the driver called ``name``; raises SettingError where it has no radio."""
    found = driver(name)
    if found.advertising is None:
        raise SettingError(f"driver {name} reads recordings and has no radio", "driver")
    return found


def nearest_rate_hz(name: str, settings: Settings, rate_hz: float) -> float:
    """Return the rate nearest to ``rate_hz`` at which a sensor of the driver ``name`` streams.

    Raises SettingError for a driver that there is not, and UsageError for impossible settings.
    """
    chosen = driver(name)
    if isinstance(chosen, OwnRate):
        return chosen.own_rate_hz(settings)
    _check_settings(chosen, settings)
    rates_hz = _model(chosen, settings).rates_hz
    return min(rates_hz, key=lambda rate: abs(rate - rate_hz), default=rate_hz)


def settled(name: str, settings: Settings, rate_hz: float) -> dict[str, int | float | str]:
    """Return all settings of the driver ``name``, defaults filled in.

    Raises SettingError for a driver, setting, value or rate that there is not, and for those that
    do not go together.
    """
    chosen = driver(name)
    _check_settings(chosen, settings)
    all_settings = _defaults(chosen) | dict(settings)
    _check_model(_model(chosen, settings), all_settings, rate_hz)
    try:
        chosen.streams(all_settings, rate_hz)
    except SettingError:
        raise
    except UsageError as error:
        raise SettingError(str(error), "settings") from error
    return all_settings


def _defaults(chosen: Driver) -> dict[str, int | float | str]:
    return {setting.name: setting.default for setting in chosen.about.settings}


def _check_settings(chosen: Driver, settings: Settings) -> None:
    """Raise SettingError for a setting, or a value of one, that there is not."""
    known = {setting.name: setting for setting in chosen.about.settings}
    for key, value in settings.items():
        if key not in known:
            raise SettingError(
                f"{chosen.name} has no setting {key!r}; {did_you_mean(key, known)}"
                f"known are {', '.join(known) or 'none'}",
                "settings",
                key,
            )
        if not known[key].allows(value):
            choices = ", ".join(map(str, known[key].choices))
            raise SettingError(
                f"{chosen.name}: {key} is {value!r}, which is not among {choices}",
                "settings",
                key,
            )


def _model(chosen: Driver, settings: Settings) -> Model:
    """Return which of the driver's models the settings name; they are known to be possible."""
    about = chosen.about
    if isinstance(chosen, OfModels):
        return chosen.models[str((_defaults(chosen) | dict(settings))["model"])]
    return Model(about.models[0], about.rates_hz, about.acc_g)


def _check_model(model: Model, settings: Settings, rate_hz: float) -> None:
    """Raise SettingError for a rate or a full scale that the model does not have."""
    if model.rates_hz and rate_hz not in model.rates_hz:
        raise SettingError(
            f"a {model.name} streams at {_listed(model.rates_hz)} Hz, not at {rate_hz:g} Hz",
            "rate_hz",
        )
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        raise SettingError(
            f"no sensor streams at {rate_hz:g} Hz; expected is {SLOWEST_HZ:g} to {FASTEST_HZ:g}",
            "rate_hz",
        )
    acc_g = settings.get("acc_g")
    if model.acc_g and acc_g is not None and acc_g not in model.acc_g:
        raise SettingError(
            f"a {model.name} measures up to {_listed(model.acc_g)} g, not {acc_g} g",
            "settings",
            "acc_g",
        )


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
