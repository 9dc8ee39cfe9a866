"""``gaitwire sync-check``: whether the sensors agree in time, told from the motion itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from gateway.cli.options import AsJson, ConfigFile, configuration

if TYPE_CHECKING:
    from gateway.cli.sync_checking import Checked, CheckedSensor


def sync_check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Sessions, or the main files of data-set trials."),
    ],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell from the motion by how much each sensor's time is off against the others."""
    # Imported only now: other commands need not wait for it.
    from gateway.cli.sync_checking import check_all

    checked = check_all(files, configuration(config))
    if as_json:
        typer.echo(msgspec.json.encode({"recordings": checked}).decode())
    else:
        _show(checked)


def _show(checked: Sequence[Checked]) -> None:
    console = Console()
    for one in checked:
        console.print(f"{one.recording}, {one.seconds:.0f} s", markup=False, highlight=False)
        console.print(_table(one.sensors))
        for sensor in one.sensors:
            console.print(f"{_place(sensor)}: {sensor.verdict}", markup=False, highlight=False)


def _table(sensors: Sequence[CheckedSensor]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("sensor", overflow="fold")
    table.add_column("place", no_wrap=True)
    table.add_column("lag ms (95 %)", justify="right", no_wrap=True)
    table.add_column("clock error ms", justify="right")
    for one in sensors:
        told = one.lag_ms is not None
        lag = f"{one.lag_ms:.1f} ± {one.uncertainty_ms:.0f}" if told else ""
        error = "" if one.clock_error_ms is None else f"{one.clock_error_ms:.1f}"
        table.add_row(one.sensor, _place(one), lag, error)
    return table


def _place(sensor: CheckedSensor) -> str:
    return sensor.place.replace("_", " ")
