"""``gaitwire days``: what was walked on each day, from the sessions stored."""

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
from gateway.errors import UsageError

if TYPE_CHECKING:
    from gateway.app.days import Day, Days

Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="Another folder than configured.")
]

_COLUMNS = {
    "bouts": ("wb_all__count", "{:.0f}"),
    "strides": ("wb_all__stride_count__sum", "{:.0f}"),
    "walked s": ("wb_all__duration_s__sum", "{:.0f}"),
    "1/min": ("wb_all__cadence_spm__avg", "{:.0f}"),
    "m/s": ("wb_all__walking_speed_mps__avg", "{:.2f}"),
    "m": ("wb_all__stride_length_m__avg", "{:.2f}"),
}


def days(folder: Folder = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Tell what was walked on each day: walking bouts by length, and how."""
    # Imported only now: other commands need not wait for it.
    from gateway.app.days import days as days_of

    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    found = days_of((folder or configuration(config).journal.folder).expanduser())
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found)


def _show(found: Days) -> None:
    console = Console()
    if found.days:
        console.print(_table(found.days))
    for day in found.days:
        shown = [day.outcomes[name] for name, _ in _COLUMNS.values() if name in day.outcomes]
        for reason in dict.fromkeys(outcome.withheld for outcome in shown if outcome.withheld):
            console.print(f"{day.person}, {day.date}: {reason}", markup=False, highlight=False)
    for file, problem in found.problems.items():
        console.print(f"{Path(file).name}: {problem}", markup=False, highlight=False)
    console.print(f"This {found.note}.", markup=False, highlight=False)


def _table(found: Sequence[Day]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("person", overflow="fold", min_width=6)
    table.add_column("day", no_wrap=True)
    for heading in ("hours", *_COLUMNS):
        table.add_column(heading, justify="right", no_wrap=True)
    for day in found:
        cells = [_cell(day, name, form) for name, form in _COLUMNS.values()]
        table.add_row(day.person, day.date, f"{day.recorded_s / 3600:.1f}", *cells)
    return table


def _cell(day: Day, name: str, form: str) -> str:
    outcome = day.outcomes.get(name)
    return "–" if outcome is None or outcome.value is None else form.format(outcome.value)
