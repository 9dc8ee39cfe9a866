"""``gaitwire calibrate``: leads a person through a calibration, and keeps it in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.demo import for_demo
from gateway.cli.options import AsJson, ConfigFile, finite, put_out
from gateway.config import Config
from gateway.config_file import default_config, load_config

if TYPE_CHECKING:
    from gateway.cli.calibrating import Calibrated

DEFAULT_FILE = Path("calibration.toml")


def calibrate(
    *,
    config: ConfigFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Else [calibration] file, or calibration.toml here."
        ),
    ] = None,
    radio: Annotated[
        bool, typer.Option("--radio", help="Without -c: virtual sensors, over a virtual radio.")
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, callback=finite, help="Give up after so long.")
    ] = 600.0,
    as_json: AsJson = False,
) -> None:
    """Find out how sensors are worn: stand, raise each knee, bend, walk; without -c, simulated."""
    # Imported only now: other commands need not wait for the whole service to load.
    from gateway.app.service import configured_source
    from gateway.cli.calibrating import calibrated

    chosen = _configuration(config, radio=radio)
    target = out or chosen.calibration.file or DEFAULT_FILE
    found = calibrated(chosen, configured_source(chosen), target, seconds, browser=not headless)
    if as_json:
        put_out(found, as_json)
    else:
        _tell(found)


def _configuration(file: Path | None, *, radio: bool) -> Config:
    if file is not None:
        return load_config(file)
    kind = "virtual-radio" if radio else "simulator"
    return for_demo(default_config(), {"kind": kind, "scenario": "calibration"})


def _tell(found: Calibrated) -> None:
    typer.echo(f"{found.file}: version {found.version}")
    for one in found.sensors:
        front = "front found" if one.front else "front as it is meant to be"
        typer.echo(f"  {one.place}: {one.sensor} ({one.confidence:.0%} sure, {front})")
    for remark in found.remarks:
        typer.echo(f"  {remark}")
