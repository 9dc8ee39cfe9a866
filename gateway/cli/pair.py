"""``gaitwire pair``: which sensor is worn where, told by shaking one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, configuration, finite, put_out, say
from gateway.messages import Place, SensorSpec
from gateway.radio.shaken import Verdict

SKIP = "s"

Judge = Callable[[Place], Verdict]


def pair(
    config: Annotated[
        Path, typer.Option("-c", "--config", metavar="FILE", help="TOML file; made if missing.")
    ],
    place: Annotated[
        list[Place] | None, typer.Option("--place", help="A place to ask for; else all of them.")
    ] = None,
    rate_hz: Annotated[
        float,
        typer.Option("--rate", min=1, max=1000, callback=finite, help="Samples a second, or near."),
    ] = 60.0,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=600, callback=finite, help="How long to look.")
    ] = 8.0,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="With the bundled virtual sensors, which are shaken.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give each sensor its place: shake one after the other, and the file is written."""
    # Imported only now: other commands need not wait for the radio to load.
    from anyio.from_thread import start_blocking_portal

    from gateway.cli.pairing import Pairing, streaming
    from gateway.config.sensors import write_sensors

    chosen = configuration(config if config.exists() else None)
    say(f"looking for sensors for {seconds:g} s …")
    # The conversation has this thread to itself, so that Ctrl-C ends it at any prompt.
    with start_blocking_portal() as portal:
        opened = streaming(chosen, seconds, rate_hz, virtual=virtual, say=say)
        with portal.wrap_async_context_manager(opened) as going:

            def judge(asked: Place) -> Verdict:
                return portal.call(Pairing.judge, going, asked)

            try:
                placed = _ask(place or list(Place), list(going.sensors), judge)
            except KeyboardInterrupt:
                # As an interrupt it would end the radio's loop before the sensors are stopped.
                raise typer.Abort from None
        specs = [going.spec(sensor, where) for sensor, where in placed.items()]
    if specs:
        write_sensors(config, specs)
    _tell(config, specs, as_json)


def _ask(places: list[Place], sensors: list[str], judge: Judge) -> dict[str, Place]:
    """Ask for one place after the other, as long as there are sensors; return who is where."""
    placed: dict[str, Place] = {}
    for asked in dict.fromkeys(places):
        while len(placed) < len(sensors):
            say(f"{_name(asked)}: press Enter, then shake its sensor for a moment ({SKIP} skips)")
            if _answer() == SKIP:
                break
            verdict = judge(asked)
            before = placed.get(verdict.sensor)
            if before:
                say(f"  not clear: that was {verdict.sensor}, which is on the {_name(before)}")
            elif verdict.sensor:
                say(f"  {verdict.sensor}")
                placed[verdict.sensor] = asked
                break
            else:
                say(f"  not clear: {verdict.why}")
    return placed


def _answer() -> str:
    """Read a line; raises Abort where there is none any more."""
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip().lower()


def _tell(file: Path, specs: list[SensorSpec], as_json: bool) -> None:
    rows = [
        {"sensor": s.sensor, "place": str(s.place), "driver": s.driver, "rate_hz": s.rate_hz}
        for s in specs
    ]
    if as_json:
        put_out({"file": str(file), "sensors": rows}, as_json)
        return
    typer.echo(f"{file}: {len(rows)} sensors written" if rows else f"{file}: left as it was")
    for row in rows:
        typer.echo(f"  {row['place']}: {row['sensor']} ({row['driver']}, {row['rate_hz']:g} Hz)")


def _name(place: Place) -> str:
    return str(place).replace("_", " ")
