"""``gaitwire calibrate``: leads a person through a calibration, and keeps it in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.demo import for_demo
from gateway.cli.options import AsJson, ConfigFile, put_out
from gateway.config.file import default_config, load_config, traced
from gateway.config.settings import Config
from gateway.errors import UsageError

if TYPE_CHECKING:
    from gateway.cli.calibrating import Calibrated, Measured
    from gateway.sources import Source

DEFAULT_FILE = Path("calibration.toml")
GIVE_UP_S = 600.0


def calibrate(
    *,
    config: ConfigFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Else [calibration] file, or calibration.toml here."
        ),
    ] = None,
    accelerometer: Annotated[
        bool,
        typer.Option("--accelerometer", help="Not how sensors are worn, but what they are off."),
    ] = False,
    squats: Annotated[
        bool, typer.Option("--squats", help="Squats, for those who cannot stand on one leg.")
    ] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="Write the places that were found into -c FILE.")
    ] = False,
    radio: Annotated[
        bool, typer.Option("--radio", help="Without -c: virtual sensors, over a virtual radio.")
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find out how sensors are worn: stand, raise each knee, bend, walk; without -c, simulated."""
    # Imported only now: other commands need not wait for the whole service to load.
    from gateway.cli.calibrating import Session, calibrated, measured

    if correct and config is None:
        raise UsageError("--correct: name the configuration to correct, with -c FILE")
    chosen = _configuration(config, radio=radio, squats=squats)
    target = out or chosen.calibration.file or DEFAULT_FILE
    with traced(config):
        source = _source(chosen, lying=accelerometer and config is None)
    session = Session(chosen, source, GIVE_UP_S, browser=not headless)
    found = (
        measured(session, target)
        if accelerometer
        else calibrated(session, target, config if correct else None, squats=squats)
    )
    if as_json:
        put_out(found, as_json)
    else:
        _tell(found)


def _source(config: Config, *, lying: bool) -> Source:
    """Return the configured source, or simulated sensors that lie in a box."""
    from gateway.app.source import SIMULATED, configured_source
    from gateway.sources.playback import Playback
    from simulators.box import SimulatedBox

    if not lying:
        return configured_source(config)
    return Playback(SimulatedBox(config.source.seed, person=config.person.id), label=SIMULATED)


def _configuration(file: Path | None, *, radio: bool, squats: bool) -> Config:
    if file is not None:
        return load_config(file)
    kind = "virtual-radio" if radio else "simulator"
    scenario = "calibration-squats" if squats else "calibration"
    return for_demo(default_config(), {"kind": kind, "scenario": scenario})


def _tell(found: Calibrated | Measured) -> None:
    typer.echo(f"{found.file}: version {found.version}")
    for one in found.sensors:
        typer.echo(f"  {one.told_in_words}")
    for remark in found.remarks:
        typer.echo(f"  {remark}")
