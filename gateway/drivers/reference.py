"""The page of all sensors, made from what drivers say: ``python -m gateway.drivers.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from gateway.drivers import About, Driver, OfModels, drivers

_INTRODUCTION = """# Sensors

What the gateway reads, and how far each driver was tested:

- **vectors**: bytes and values that were published or follow from a published layout
- **captured bytes**: bytes recorded from a real sensor, that others published
- **virtual**: a virtual sensor that answers as its maker says
- **hardware**: a real sensor

A sensor without a clock is timed by its arrivals, which are some ten milliseconds apart from the
truth; do not measure joint angles between two such sensors. A sensor that is not here, or a sketch
of your own, is described in a file: [sensor_layouts.md](sensor_layouts.md).

This page is made from the drivers: `python -m gateway.drivers.reference > docs/sensors.md`.
"""


def reference() -> str:
    """Return the page."""
    known = [driver for driver in drivers().values() if driver.advertising is not None]
    header = (
        "| `driver =` | sensors | rates in Hz | device time | tested on |\n|---|---|---|---|---|"
    )
    rows = "\n".join(_row(driver) for driver in known)
    return "\n".join([_INTRODUCTION, header, rows, *(_section(driver) for driver in known), ""])


def _row(driver: Driver) -> str:
    about = driver.about
    cells = (
        f"[`{driver.name}`](#{driver.name})",
        f"{about.maker}: {', '.join(about.models)}",
        _numbers(about.rates_hz, "as the sensor is set"),
        about.clock,
        ", ".join(about.tested_on),
    )
    return f"| {' | '.join(cells)} |"


def _section(driver: Driver) -> str:
    about = driver.about
    lines = [
        f"\n## {driver.name}\n",
        f"{about.maker}: {', '.join(about.models)}.\n",
        *_full_scales(about),
        f"- clock: {about.clock}",
        f"- lost samples: {about.loss}",
        *_gathered(driver),
        *_models(driver),
        *(f"- not known: {what}" for what in about.unknown),
        *([] if about.motion else ["- measures no motion, so it is configured without a place"]),
    ]
    if about.settings:
        lines.append(_settings(about))
    return "\n".join(lines)


def _gathered(driver: Driver) -> list[str]:
    usual = {setting.name: setting.default for setting in driver.about.settings}
    streams = [s for rate in driver.about.rates_hz for s in driver.streams(usual, rate)]
    most = max((stream.per_packet for stream in streams), default=1)
    told = f"- sends up to {most} samples at once, and is waited for as long as it gathers them"
    return [told] if most > 1 else []


def _models(driver: Driver) -> list[str]:
    if not isinstance(driver, OfModels):
        return []
    return [
        f"- `{name}`, {model.name}: {_numbers(model.rates_hz, '')} Hz"
        + (f", ± {_numbers(model.acc_g, '')} g" if model.acc_g else "")
        for name, model in driver.models.items()
    ]


def _full_scales(about: About) -> list[str]:
    scales = (("accelerometer", about.acc_g, "g"), ("gyroscope", about.gyr_dps, "°/s"))
    return [f"- {what} ± {_numbers(values, '')} {unit}" for what, values, unit in scales if values]


def _settings(about: About) -> str:
    rows = [
        f"| `{setting.name}` | `{setting.default!r}` | {_choices(setting.choices)} | "
        f"{setting.meaning} |"
        for setting in about.settings
    ]
    return "\n".join(["\n| setting | default | choices | |\n|---|---|---|---|", *rows])


def _choices(choices: Iterable[float | str]) -> str:
    return ", ".join(f"`{choice!r}`" for choice in choices) or "any"


def _numbers(numbers: Iterable[float], none: str) -> str:
    return ", ".join(f"{number:g}" for number in numbers) or none


if __name__ == "__main__":
    sys.stdout.write(reference())
