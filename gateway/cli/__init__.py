"""The command line: one program, ``gaitwire``."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import structlog
import typer

from gateway.cli import (
    bench,
    calibrate,
    dashboards,
    days,
    demo,
    doctor,
    model,
    pair,
    replay,
    scan,
    sessions,
    simulate,
    sync_check,
    teach,
    validate,
)
from gateway.errors import GaitwireError


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gaitwire {version('gaitwire')}")
        raise typer.Exit


def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Tell the version, and end."
        ),
    ] = False,
) -> None:
    """Streams body-worn motion sensors into live feedback and figures to trust."""


app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.callback()(program)
app.command()(demo.demo)
app.command()(demo.run)
app.command()(scan.scan)
app.command()(pair.pair)
app.command()(calibrate.calibrate)
app.command()(replay.replay)
app.command()(simulate.simulate)
app.command()(sessions.sessions)
app.command()(days.days)
app.command()(sync_check.sync_check)
app.command()(teach.teach)
app.command()(validate.validate)
app.command()(doctor.doctor)
app.command()(bench.bench)
app.add_typer(model.app, name="model")
app.add_typer(dashboards.app, name="dashboards")


def main() -> None:
    """Run the program; a foreseen failure is told in its own words, without a traceback."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S"),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        # Looked up at each line, because whoever calls may have put another in its place.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    try:
        app(prog_name="gaitwire")
    except GaitwireError as error:
        sys.stderr.write(f"gaitwire: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read standard output has left; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
