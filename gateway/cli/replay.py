"""``gaitwire replay``: recordings through the same pipe, live or as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.playing import play
from gateway.app.service import Service, new_session_path, session_info
from gateway.cli.options import AsJson, ConfigFile, configuration, progress, put_out, say
from gateway.cli.serving import serve
from gateway.config import Config
from gateway.errors import UsageError
from gateway.journal import Journal, SessionRecorder
from gateway.pump import Figures, percentiles
from gateway.recordings import Recording, open_recording
from gateway.sources.playback import Playback


class Replayed(Figures, frozen=True):
    """What one recording came to; with ``--max`` the latency is the pipe's time for a chunk."""

    recording: str
    real_time_factor: float


class ReplayedAll(Figures, frozen=True):
    """The sums over all recordings, and each of them."""

    real_time_factor: float
    recordings: list[Replayed]


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Sessions, or the main files of data-set trials."),
    ],
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.01, help="Times real time; 1 without it.")
    ] = None,
    at_once: Annotated[bool, typer.Option("--max", help="As fast as it goes, not live.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Record a session of it.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Play recordings through the pipe: live with pages and MQTT, or at full speed."""
    if at_once and speed is not None:
        raise UsageError("--speed and --max exclude each other: give one of them")
    chosen = configuration(config)
    recordings = [open_recording(file) for file in files]
    if at_once:
        done = [_at_once(recording, chosen, record) for recording in recordings]
    else:
        done = [_live(recording, chosen, speed or 1.0, record) for recording in recordings]
    put_out(done[0] if len(done) == 1 else _total(done), as_json)


def _live(recording: Recording, config: Config, speed: float, record: bool) -> Replayed:
    source = Playback(recording, speed, label=f"recording {recording.name}")
    journal = config.journal.model_copy(update={"enabled": record})
    service = Service(config.model_copy(update={"journal": journal}), source)
    began_s = time.monotonic()
    figures = serve(service, None, total_s=recording.duration_s / speed)
    played_s = (source.now_ns() - source.origin_ns) * 1e-9
    return _replayed(recording, figures, played_s, time.monotonic() - began_s)


def _at_once(recording: Recording, config: Config, record: bool) -> Replayed:
    recorder = _recorder(recording, config) if record else None
    began_s = time.perf_counter()
    with progress() as bar:
        task = bar.add_task(recording.name, total=recording.duration_s)
        try:
            counter = play(
                recording, config, recorder, lambda done_s: bar.update(task, completed=done_s)
            )
        finally:
            if recorder is not None:
                recorder.close()
    took_s = time.perf_counter() - began_s
    return _replayed(recording, counter.figures(recording.duration_s), recording.duration_s, took_s)


def _recorder(recording: Recording, config: Config) -> SessionRecorder:
    path = new_session_path(config, recording.person)
    source = Playback(recording, label=f"recording {recording.name}")
    say(f"recording       {path}")
    return SessionRecorder(
        Journal.create(path, session_info(config, source, path)), recording.origin_ns
    )


def _replayed(recording: Recording, figures: Figures, played_s: float, took_s: float) -> Replayed:
    values = {name: getattr(figures, name) for name in Figures.__struct_fields__}
    values["seconds"] = round(played_s, 2)
    return Replayed(
        **values, recording=recording.name, real_time_factor=round(played_s / took_s, 2)
    )


def _total(done: Sequence[Replayed]) -> ReplayedAll:
    def total(name: str) -> int:
        return sum(getattr(one, name) for one in done)

    seconds = sum(one.seconds for one in done)
    took_s = sum(one.seconds / one.real_time_factor for one in done)
    return ReplayedAll(
        seconds=round(seconds, 2),
        samples=total("samples"),
        lost=total("lost"),
        strides=total("strides"),
        repetitions=total("repetitions"),
        cues=total("cues"),
        mqtt_messages=total("mqtt_messages"),
        latency_ms=percentiles([one.latency_ms.p50 for one in done if one.latency_ms.p50]),
        real_time_factor=round(seconds / took_s, 2),
        recordings=list(done),
    )
