"""Adafruit Bluefruit boards: the maker's sensor services, every value a little-endian float.

Layout after the maker's CircuitPython and Arduino libraries: one service a sensor, each with its
own measurement period under the same UUID, so a period is addressed by its service. Nothing
carries a time or a counter.
"""

from __future__ import annotations

import struct

import numpy as np

from gateway.drivers import About, Decoded, Samples, Setting, Settings, Stream
from gateway.drivers.packets import stack_equal
from gateway.drivers.standard import decode_standard, introduce
from gateway.drivers.talk import Advertising, Procedure, Read, Subscribe, Write
from gateway.errors import SourceError
from gateway.messages import PacketBlock

_BASE = "adaf{:04x}-c332-42a8-93bd-25e905756cb8"
PERIOD = _BASE.format(0x0001)
OFF = struct.pack("<i", -1)
SERVICES = {"acc": _BASE.format(0x0200), "gyr": _BASE.format(0x0400), "quat": _BASE.format(0x0D00)}
DATA = {"acc": _BASE.format(0x0201), "gyr": _BASE.format(0x0401), "quat": _BASE.format(0x0D01)}
_VALUES = {"acc": 3, "gyr": 3, "quat": 4}
_ACC, _TURN = 0, 1


class Adafruit:
    """The driver; acceleration and turn come apart, each as a stream."""

    name = "adafruit"
    about = About(
        maker="Adafruit",
        models=("CLUE", "Feather Sense", "Circuit Playground Bluefruit"),
        rates_hz=(1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 40.0, 50.0),
        acc_g=(),
        gyr_dps=(),
        clock="none",
        loss="not noticed",
        unknown=(
            "full scales: the firmware chooses them, so no sample is marked as clipped",
            "the magnetic field, whose service is not listened to",
        ),
        tested_on=("vectors", "virtual"),
        settings=(
            Setting(
                "turn",
                "gyr",
                ("gyr", "quat"),
                "what tells the turn: the gyroscope, or the board's own orientation",
            ),
        ),
    )
    # The board advertises the company; "Sense" alone would be the beginning of too many names.
    advertising = Advertising(names=("CLUE", "CPlay"), companies=(0x0822,))
    independent = True

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return acceleration and turn."""
        del settings
        return (Stream(rate_hz, None, gyr=False), Stream(rate_hz, None, acc=False))

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of one of the services."""
        del settings
        if channel not in DATA:
            return decode_standard(channel, block)
        count = _VALUES[channel]
        stacked = stack_equal(block, 4 * count, 4 * count)
        with np.errstate(invalid="ignore"):
            values = np.ascontiguousarray(stacked.rows).view("<f4").astype(np.float64)
        samples = Samples(
            packet=stacked.packet,
            clipped=np.zeros(len(values), np.bool_),
            acc=values if channel == "acc" else None,
            gyr=values if channel == "gyr" else None,
            quat=values if channel == "quat" else None,
            stream=_ACC if channel == "acc" else _TURN,
        )
        return Decoded((samples,), refused=stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Switch both services off, listen, and set their period."""
        period = struct.pack("<i", round(1000 / rate_hz))
        yield from self.stop(settings, rate_hz)
        for channel in _channels(settings):
            yield Subscribe(DATA[channel], channel)
        for channel in _channels(settings):
            yield Write(PERIOD, period, service=SERVICES[channel])
        is_set = yield Read(PERIOD, service=SERVICES["acc"])
        told = yield from introduce()
        return {"rate_hz": _rate_hz(is_set)} | dict(told)

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Switch both services off."""
        del rate_hz
        for channel in _channels(settings):
            yield Write(PERIOD, OFF, service=SERVICES[channel])
        return {}


def _channels(settings: Settings) -> tuple[str, str]:
    return "acc", str(settings.get("turn", "gyr"))


def _rate_hz(period: bytes) -> float:
    period_ms = int.from_bytes(period, "little", signed=True)
    if len(period) != 4 or period_ms <= 0:
        raise SourceError(
            f"the Bluefruit board did not take the measurement period and reads {period.hex()!r}; "
            "restart it and try again"
        )
    return 1000 / period_ms


DRIVER = Adafruit()
