"""Options and output that several commands share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gateway.config.file import default_config, load_config
from gateway.config.settings import Config

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ConfigFile = Annotated[
    Path | None, typer.Option("-c", "--config", metavar="FILE", help="Configuration file (TOML).")
]


def finite(value: float | None) -> float | None:
    """Refuse a number that is none, which bounds alone let through."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("give a number")
    return value


def configuration(file: Path | None) -> Config:
    """Return the configuration of ``file``, or the defaults; raises ConfigError."""
    return default_config() if file is None else load_config(file)


def say(text: str) -> None:
    """Tell the person something; standard output is kept for documents."""
    typer.echo(text, err=True)


def put_out(document: Any, as_json: bool) -> None:
    """Print a document: as JSON for a program, as lines for a person."""
    if as_json:
        typer.echo(msgspec.json.encode(document).decode())
        return
    for key, value in msgspec.to_builtins(document).items():
        typer.echo(f"{key.replace('_', ' ')}: {_text(value)}")


def progress() -> Progress:
    """Return a progress bar on standard error."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_text(part)}" for key, part in value.items())
    if value is None:
        return "not measured"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
