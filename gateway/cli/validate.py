"""``gaitwire validate``: how far figures can be trusted, told from recordings with truth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from gateway.cli.options import AsJson

if TYPE_CHECKING:
    from gateway.cli.validating import Validated


def validate(
    name: Annotated[str, typer.Argument(metavar="SET", help="The data set: its folder's name.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where its trials lie.")],
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="With the whole recording at hand, not live.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score every trial of a data set against its truth."""
    # Imported only now: other commands need not wait for it.
    from gateway.app.validation import Mode
    from gateway.cli.validating import validate_all

    validated = validate_all(name, folder, Mode.OFFLINE if offline else Mode.LIVE)
    if as_json:
        typer.echo(msgspec.json.encode(validated).decode())
    else:
        _show(validated)


def _show(validated: Validated) -> None:
    table = Table(box=box.SIMPLE)
    table.add_column("trial", overflow="fold")
    for name in validated.summary:
        table.add_column(name, justify="right")
    for trial in validated.trials:
        told = [trial.get(name) for name in validated.summary]
        table.add_row(str(trial["name"]), *(_text(value) for value in told))
    table.add_section()
    table.add_row("all", *(_text(value) for value in validated.summary.values()))
    console = Console()
    console.print(table)
    for trial in validated.trials:
        if trial.get("remark"):
            console.print(f"{trial['name']}: {trial['remark']}", markup=False, highlight=False)
    console.print(_about(validated), markup=False, highlight=False)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) and math.isfinite(value) else "–"


def _about(validated: Validated) -> str:
    return (
        f"{validated.set}: {validated.people} people, {validated.strides} strides or repetitions "
        f"with truth, {validated.mode}, look-ahead {validated.look_ahead_ms:.0f} ms; "
        f"took {validated.took_s:.1f} s"
    )
