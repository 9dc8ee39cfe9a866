"""Any sensor whose packets a TOML file describes: Arduino sketches, prototypes, other makers'.

The setting ``layout`` names the file, or an example that comes along; see docs/sensor_layouts.md.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import About, Battery, Decoded, Samples, Setting, Settings, Stream
from gateway.drivers.layout_file import Command, Field, Layout, read_layout
from gateway.drivers.packets import Stacked, stack_equal
from gateway.drivers.standard import decode_standard, introduce
from gateway.drivers.talk import Advertising, Procedure, Subscribe, Write
from gateway.errors import UsageError
from gateway.messages import BoolArray, FloatArray, PacketBlock
from gateway.text_file import read_text

_EXAMPLES = Path(__file__).parent / "layouts"
_DEFAULT = "arduino_imu"


def layout_of(settings: Settings) -> Layout:
    """Return the layout that the settings name; raises ConfigError where it cannot be used."""
    return _load(str(settings.get("layout", _DEFAULT)))


class LayoutDriver:
    """The driver."""

    name = "layout"
    about = About(
        maker="any",
        models=("sensor of a layout file", "docs/arduino_imu.ino"),
        rates_hz=(),
        acc_g=(),
        gyr_dps=(),
        clock="that of the file: ticks, or else a counter, or none",
        loss="a gap in ticks or counter",
        unknown=("whether the file is right: it is checked for what cannot be",),
        tested_on=("vectors", "virtual"),
        settings=(
            Setting(
                "layout", _DEFAULT, (), "file in TOML that describes the packets, or an example"
            ),
        ),
    )
    advertising = Advertising(names=("Arduino IMU",))
    independent = True

    def own_rate_hz(self, settings: Settings) -> float:
        """Return the rate that the file says."""
        return layout_of(settings).rate_hz

    def streams(self, settings: Settings, rate_hz: float) -> tuple[Stream, ...]:
        """Return one stream; its rate must be that of the file."""
        layout = layout_of(settings)
        if rate_hz != layout.rate_hz:
            raise UsageError(
                f"{layout.name} streams at {layout.rate_hz:g} Hz, as its layout says, not at "
                f"{rate_hz:g} Hz; set rate_hz = {layout.rate_hz:g} for this sensor"
            )
        acc, gyr = bool(layout.motion("acc")), bool(layout.motion("gyr"))
        return (Stream(layout.rate_hz, layout.clock, acc, gyr, per_packet=layout.samples),)

    def decode(self, channel: str, block: PacketBlock, settings: Settings) -> Decoded:
        """Decode a block of packets of the layout, or of battery levels."""
        if channel != "motion":
            return decode_standard(channel, block)
        layout = layout_of(settings)
        stacked = stack_equal(block, layout.size, layout.size)
        acc, acc_clipped = _motion(stacked, layout, "acc")
        gyr, gyr_clipped = _motion(stacked, layout, "gyr")
        samples = Samples(
            packet=np.repeat(stacked.packet, layout.samples),
            clipped=acc_clipped | gyr_clipped,
            acc=acc,
            gyr=gyr,
            ticks=_ticks(stacked, layout),
            after=_after(stacked, layout),
        )
        return Decoded((samples,), _batteries(stacked, layout), stacked.refused)

    def start(self, settings: Settings, rate_hz: float) -> Procedure:
        """Write what stops it, listen, and write what starts it."""
        layout = layout_of(settings)
        yield from self.stop(settings, rate_hz)
        yield Subscribe(layout.notify, "motion", layout.service)
        for command in layout.start:
            yield _write(command)
        told = yield from introduce()
        return {"rate_hz": layout.rate_hz} | dict(told)

    def stop(self, settings: Settings, rate_hz: float) -> Procedure:
        """Write what stops it."""
        del rate_hz
        for command in layout_of(settings).stop:
            yield _write(command)
        return {}


@lru_cache(maxsize=64)
def _load(name: str) -> Layout:
    known = sorted(path.stem for path in _EXAMPLES.glob("*.toml"))
    path = _EXAMPLES / f"{name}.toml" if name in known else Path(name)
    advice = f"give a path from {Path.cwd()}, or an example: {', '.join(known)}"
    return read_layout(read_text(path, advice), name)


def _column(stacked: Stacked, layout: Layout, field: Field, count: int) -> NDArray[Any]:
    """Return the values (N, count) of a field as they are in the packets."""
    if not len(stacked.rows):
        return np.zeros((0, count), field.dtype)
    strides = (layout.size, layout.stride)
    shape = (len(stacked.rows), count)
    return np.ndarray(shape, field.dtype, stacked.rows.data, field.offset, strides)


def _motion(stacked: Stacked, layout: Layout, part: str) -> tuple[FloatArray | None, BoolArray]:
    """Return the samples (N, 3) in SI and where (N,) they are at full scale."""
    count = len(stacked.rows) * layout.samples
    clipped = np.zeros(count, np.bool_)
    fields = layout.motion(part)
    if not fields:
        return None, clipped
    values = np.empty((count, 3))
    with np.errstate(invalid="ignore", over="ignore"):
        for axis, field in enumerate(fields):
            column = _column(stacked, layout, field, layout.samples).reshape(-1)
            np.multiply(column, field.si, out=values[:, axis], dtype=np.float64)
            clipped |= np.abs(values[:, axis]) >= field.limit
    return values, clipped


def _ticks(stacked: Stacked, layout: Layout) -> NDArray[np.int64] | None:
    if layout.clock is None:
        return None
    field = layout.fields["tick" if "tick" in layout.fields else "seq"]
    raw = _column(stacked, layout, field, 1)[:, 0].astype(np.int64)
    return np.repeat(raw & (2**field.bits - 1), layout.samples)


def _after(stacked: Stacked, layout: Layout) -> FloatArray | None:
    if layout.clock is None or layout.samples == 1:
        return None
    periods = np.arange(layout.first, layout.first + layout.samples, dtype=np.float64)
    return np.tile(periods, len(stacked.rows))


def _batteries(stacked: Stacked, layout: Layout) -> tuple[tuple[int, Battery], ...]:
    if "battery" not in layout.fields:
        return ()
    field = layout.fields["battery"]
    with np.errstate(invalid="ignore", over="ignore"):
        levels = _column(stacked, layout, field, 1)[:, 0].astype(np.float64) * field.si
    known = (levels >= 0) & (levels <= 1)
    told = zip(stacked.packet[known].tolist(), levels[known].tolist(), strict=True)
    return tuple((packet, Battery(level)) for packet, level in told)


def _write(command: Command) -> Write:
    return Write(command.characteristic, command.payload, command.response, command.service)


DRIVER = LayoutDriver()
