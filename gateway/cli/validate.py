"""``gaitwire validate``: how far figures can be trusted, told from recordings with truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from gateway.cli.options import AsJson, say
from gateway.errors import RecordingError, UsageError

if TYPE_CHECKING:
    from gateway.cli.validating import Validated

ALL = "all"


def validate(
    name: Annotated[
        str, typer.Argument(metavar="SET", help="The data set: its folder's name; or all.")
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where its trials lie.")],
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="With the whole recording at hand, not live.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write a page (Markdown) with plots."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score every trial of a data set against its truth.

    With all, DIR holds a folder of each set's name, and a set without one is left out. A set of
    which not one trial could be scored is told of like any other, and is a failure.
    """
    # Imported only now: other commands need not wait for it.
    from gateway.app.validation import Mode
    from gateway.cli.validating import folders_of, run_set

    folders = folders_of(name, folder)
    if report:
        _report(folders, report)
        return
    mode = Mode.OFFLINE if offline else Mode.LIVE
    runs = [run_set(one, place, mode) for one, place in folders.items()]
    documents = [run.document for run in runs]
    if as_json:
        told = {"sets": documents} if name == ALL else documents[0]
        typer.echo(msgspec.json.encode(told).decode())
    else:
        for document in documents:
            _show(document)
    failures = [run.failure for run in runs if run.failure]
    if failures:
        raise RecordingError("; ".join(failures))


def _report(folders: Mapping[str, Path], page: Path) -> None:
    from gateway.app.validation import Mode
    from gateway.cli.validating import run_set
    from gateway.cli.validation_report import write_report

    pairs = [
        (run_set(one, place, Mode.LIVE), run_set(one, place, Mode.OFFLINE))
        for one, place in folders.items()
    ]
    try:
        write_report(pairs, page)
    except OSError as error:
        raise UsageError(f"{page}: cannot be written: {error.strerror or error}") from error
    say(f"{page} written")


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
