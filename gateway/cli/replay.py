"""``gaitwire replay``: recordings through the same pipe, live or as fast as it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigFile, configuration, finite, put_out
from gateway.config.file import traced
from gateway.errors import UsageError


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Sessions, or the main files of data-set trials."),
    ],
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed", min=0.01, max=1000, callback=finite, help="Times real time; 1 without it."
        ),
    ] = None,
    at_once: Annotated[bool, typer.Option("--max", help="As fast as it goes, not live.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Record a session of it.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Play recordings through the pipe: live with pages and MQTT, or at full speed."""
    if at_once and speed is not None:
        raise UsageError("--speed and --max exclude each other: give one of them")
    # Imported only now: other commands need not wait for the whole service to load.
    from gateway.cli.replaying import replay_all

    with traced(config):
        played = replay_all(files, configuration(config), None if at_once else speed or 1.0, record)
    put_out(played, as_json)
