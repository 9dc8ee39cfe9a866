"""``gaitwire scan``: the sensors in range, as they are heard."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.cli.options import AsJson, ConfigFile, configuration, finite
from gateway.config.settings import Config
from gateway.drivers import driver
from gateway.radio.link import Radio
from gateway.radio.survey import NOBODY, Found, survey

SIGNAL_STEPS_DBM = (-90, -80, -70, -60)
BARS = "▂▄▆█"


def scan(
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=600, callback=finite, help="How long.")
    ] = 10.0,
    every: Annotated[
        bool, typer.Option("--all", help="Also show devices that no driver knows.")
    ] = False,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Look at the bundled virtual sensors instead.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the sensors in range, how well they are heard, and which driver reads them."""
    found = asyncio.run(_scan(configuration(config), seconds, virtual, every, live=not as_json))
    if as_json:
        typer.echo(msgspec.json.encode({"sensors": _shown(found, every)}).decode())
    elif not _shown(found, every):
        typer.echo(f"{NOBODY} ({len(found)} other devices were heard; `--all` shows them)")


async def _scan(
    config: Config, seconds: float, virtual: bool, every: bool, *, live: bool
) -> list[Found]:
    # Imported only now, as bleak takes a while to load.
    from gateway.app.virtual_radio import virtual_radio
    from gateway.radio.bleak_link import BleakRadio

    if virtual:
        async with virtual_radio(config) as radio:
            return await _survey(radio, seconds, every, live)
    return await _survey(BleakRadio(config.source.adapters), seconds, every, live)


async def _survey(radio: Radio, seconds: float, every: bool, live: bool) -> list[Found]:
    if not live:
        return await survey(radio, seconds)
    with Live("listening …", console=Console(), refresh_per_second=4) as display:
        return await survey(
            radio, seconds, lambda found: display.update(sensor_table(_shown(found, every)))
        )


def _shown(found: list[Found], every: bool) -> list[Found]:
    return [device for device in found if device.driver or every]


def sensor_table(found: list[Found]) -> Table:
    """Return what was found as a table, to be shown."""
    table = Table("name", "maker", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("address", "signal (dBm)", "battery", "driver"):
        # An address that is cut off is of no use.
        table.add_column(column, no_wrap=True)
    for device in found:
        battery = "" if device.battery is None else f"{device.battery:.0%}"
        table.add_row(
            # Plain text: a name may hold what would be markup.
            *map(Text, (device.name, device.maker, device.address)),
            _signal(device),
            battery,
            _driver(device),
        )
    return table


def _driver(device: Found) -> str:
    if not device.driver or driver(device.driver).about.motion:
        return device.driver
    return f"{device.driver} (needs no place)"


def _signal(device: Found) -> str:
    strength = sum(device.rssi_dbm >= step for step in SIGNAL_STEPS_DBM)
    return f"{BARS[:strength]:<4} {device.rssi_dbm}"
