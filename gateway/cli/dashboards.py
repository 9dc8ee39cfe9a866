"""``gaitwire dashboards``: write the Grafana dashboard as files, or push it to a Grafana."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.config.file import default_config, load_config

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from dashboards.grafana.provisioning import Database
    from dashboards.grafana.push import Pushed
    from gateway.config.settings import InfluxSection

app = typer.Typer(
    help="The Grafana dashboard: write it as files, or push it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]

_ADVICE = {
    "present": "",
    "created": "Its data source was made.",
    "missing": (
        "Grafana has no data source for it yet: push with -c and [influxdb] filled in, "
        "or provision it (gaitwire dashboards build)."
    ),
    "hidden": (
        "The token may not see data sources: check that Grafana has the one called "
        "Gaitwire InfluxDB."
    ),
}


@app.command()
def build(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder laid out as Grafana's own.")
    ] = Path("grafana"),
    as_json: AsJson = False,
) -> None:
    """Write the dashboard, its provider and its data source for Grafana's provisioning folder."""
    from dashboards.grafana.provisioning import HOME, write

    written = write(out, _dashboard())
    if as_json:
        typer.echo(json.dumps({"folder": str(out), "files": [str(path) for path in written]}))
        return
    for path in written:
        typer.echo(str(path))
    typer.echo(
        f"Put them into {HOME}, as they lie; docs/grafana.md says what Grafana must be told."
    )


@app.command()
def push(
    config: Annotated[
        Path | None,
        typer.Option("-c", "--config", metavar="FILE", help="Takes [grafana] and [influxdb]."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of Grafana.")] = None,
    token: Annotated[str | None, typer.Option(help="Service account token.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put the dashboard into a running Grafana, over an older one."""
    from dashboards.grafana.push import push as push_dashboard

    settings = default_config() if config is None else load_config(config)
    pushed = push_dashboard(
        settings.grafana.url if url is None else url,
        settings.grafana.token.get_secret_value() if token is None else token,
        _dashboard(),
        _database(settings.influxdb),
    )
    typer.echo(_document(pushed) if as_json else _sentences(pushed))


def _dashboard() -> Dashboard:
    """Return the dashboard, in which figures are called what people call them."""
    from dashboards.grafana.live import live_dashboard
    from inference.wordings import wordings

    return live_dashboard(wordings())


def _database(influx: InfluxSection) -> Database | None:
    """Return the database that Grafana is to read; None where it is not configured."""
    from dashboards.grafana.provisioning import Database

    token = influx.token.get_secret_value()
    if not influx.enabled or not token:
        return None
    return Database(influx.url, influx.org, influx.bucket, token)


def _document(pushed: Pushed) -> str:
    return json.dumps(
        {"url": pushed.url, "version": pushed.version, "datasource": str(pushed.datasource)}
    )


def _sentences(pushed: Pushed) -> str:
    lines = [f"Pushed version {pushed.version}: {pushed.url}", _ADVICE[pushed.datasource]]
    return "\n".join(line for line in lines if line)
