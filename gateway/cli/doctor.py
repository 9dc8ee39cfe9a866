"""``gaitwire doctor``: what is wrong with this machine and the services, and what to do."""

from __future__ import annotations

import msgspec
import typer

from gateway.cli.options import AsJson, ConfigFile, configuration

MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


def doctor(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Look at Bluetooth, ports, services, disk and clock; say what to do about each."""
    from gateway.app.diagnosis import examine

    findings = examine(configuration(config))
    if as_json:
        typer.echo(msgspec.json.encode({"findings": findings}).decode())
    else:
        for finding in findings:
            typer.echo(f"{MARKS[finding.state]} {finding.subject}: {finding.text}")
            if finding.advice:
                typer.echo(f"  → {finding.advice}")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
