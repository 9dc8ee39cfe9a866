"""``gaitwire teach``: an exercise of one's own, from a recording in which it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigFile, configuration, finite, put_out
from gateway.messages import Side


def teach(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called: arm-raise.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A session or trial in which it is shown.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Else NAME.toml.")
    ] = None,
    side: Annotated[Side | None, typer.Option("--side", help="The side it is done on.")] = None,
    first_s: Annotated[
        float, typer.Option("--from", min=0, callback=finite, help="Seconds where it begins.")
    ] = 0.0,
    last_s: Annotated[
        float | None, typer.Option("--to", min=0, callback=finite, help="Seconds where it ends.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Learn an exercise that is shown three times, beginning and ending at rest."""
    # Imported only now: other commands need not wait for it.
    from gateway.cli.teaching import teach_from

    target = Path(f"{name}.toml") if out is None else out
    put_out(teach_from(file, name, side, (first_s, last_s), target, configuration(config)), as_json)
