"""``gaitwire demo`` and ``gaitwire run``: the service with a simulated person, or as configured."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, finite, put_out
from gateway.config.file import default_config, load_config, traced
from gateway.config.settings import Config
from gateway.sources import Source

Seconds = Annotated[
    float | None,
    typer.Option("--seconds", min=0.1, callback=finite, help="End after so long; else on Ctrl-C."),
]


def demo(
    seconds: Seconds = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    scenario: Annotated[str, typer.Option("--scenario", help="What the person does.")] = "clinic",
    radio: Annotated[
        bool, typer.Option("--radio", help="With virtual sensors, over a virtual radio.")
    ] = False,
    scenario_file: Annotated[
        str,
        typer.Option(
            "--scenario-file",
            metavar="FILE",
            help="Over a virtual radio: who wears what, what goes wrong; or `mixed`, `stairs`, "
            "`trouble`.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show a simulated person live: the whole service, with nothing else needed."""
    kind = "virtual-radio" if radio or scenario_file else "simulator"
    asked = {"kind": kind, "scenario": scenario, "plan": scenario_file}
    config = for_demo(default_config(), asked)
    source = _source(config)  # as the options ask: no variable is to blame for it
    with traced(None):
        _serve(config, source, seconds, as_json, browser=not headless)


def run(
    config: Annotated[Path, typer.Option("-c", "--config", metavar="FILE", help="TOML file.")],
    seconds: Seconds = None,
    as_json: AsJson = False,
) -> None:
    """Run the service as a configuration file says."""
    with traced(config):
        loaded = load_config(config)
        _serve(loaded, _source(loaded), seconds, as_json, browser=False)


def _source(config: Config) -> Source:
    # Imported only now, as below: other commands need not wait for the whole service to load.
    from gateway.app.source import configured_source

    return configured_source(config)


def _serve(
    config: Config, source: Source, seconds: float | None, as_json: bool, *, browser: bool
) -> None:
    from gateway.app.service import Service
    from gateway.cli.serving import serve

    figures, _ = serve(Service(config, source), seconds, browser=browser)
    put_out(figures, as_json)


def for_demo(config: Config, source: dict[str, str]) -> Config:
    """Return the defaults with the source, and with free ports where the usual ones are taken."""
    pages, mqtt = config.pages, config.mqtt
    return config.model_copy(
        update={
            "source": config.source.model_copy(update=source),
            "pages": pages.model_copy(update={"port": _free(pages.host, pages.port)}),
            "mqtt": mqtt.model_copy(update={"port": _free("127.0.0.1", mqtt.port)})
            if not mqtt.host
            else mqtt,
        }
    )


def _free(host: str, port: int) -> int:
    """Return ``port`` if nobody listens there, else 0."""
    try:
        with socket.create_server((host, port)):
            return port
    except OSError:
        return 0
