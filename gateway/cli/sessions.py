"""``gaitwire sessions``: what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from gateway.cli.options import AsJson, ConfigFile, configuration
from gateway.errors import UsageError
from gateway.journal.listing import StoredSession, stored_sessions

Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="Another folder than configured.")
]

_WIDEST = 1000
_NUMBERS = ("minutes", "sensors", "strides", "reps", "MB")


def sessions(folder: Folder = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the stored sessions: when, who, how long, what was counted, and what is damaged."""
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    place = (folder or configuration(config).journal.folder).expanduser()
    found = stored_sessions(place)
    if as_json:
        typer.echo(msgspec.json.encode({"folder": str(place), "sessions": found}).decode())
    else:
        _show(place, found)


def _show(place: Path, found: Sequence[StoredSession]) -> None:
    console = Console()
    whole = [stored for stored in found if not stored.problem]
    if whole:
        table = _table(whole)
        # A narrow terminal wraps lines itself; a name with letters left out opens no session.
        needed = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
        Console(width=max(console.width, needed)).print(table)
    for stored in found:
        if stored.problem:
            name = Path(stored.file).name
            console.print(f"{name}: {stored.problem}", markup=False, highlight=False)
    console.print(f"{len(found)} sessions in {place}", markup=False, highlight=False)


def _table(found: Sequence[StoredSession]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("started (UTC)", no_wrap=True)
    table.add_column("person", no_wrap=True)
    for heading in _NUMBERS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("file", no_wrap=True)
    table.add_column("ended", no_wrap=True)
    for stored in found:
        table.add_row(*_cells(stored))
    return table


def _cells(stored: StoredSession) -> tuple[str, ...]:
    return (
        stored.started[:16].replace("T", " "),
        stored.person,
        f"{stored.duration_s / 60:.1f}",
        str(len(stored.sensors)),
        str(stored.strides),
        str(stored.repetitions),
        f"{stored.size_bytes / 1e6:.1f}",
        Path(stored.file).stem,
        "well" if stored.closed else "not",
    )
