"""What ``gaitwire replay`` does: play recordings live, or at full speed, and sum up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from gateway.app.playing import play
from gateway.app.service import Service, new_session_path, session_info
from gateway.cli.options import progress, say
from gateway.cli.serving import serve
from gateway.config.settings import Config
from gateway.journal import Journal, SessionRecorder
from gateway.pump import Figures, percentiles
from gateway.recordings import Recording, open_recording
from gateway.recordings.frames import FrameRecording
from gateway.sources.playback import Playback


class Replayed(Figures, frozen=True):
    """What one recording came to; with ``--max`` the latency is the pipe's time for a chunk."""

    recording: str
    real_time_factor: float


class ReplayedAll(Figures, frozen=True):
    """The sums over all recordings, and each of them."""

    real_time_factor: float
    recordings: list[Replayed]


def replay_all(
    files: Sequence[Path], config: Config, speed: float | None, record: bool
) -> Replayed | ReplayedAll:
    """Play all files, at ``speed`` or (None) as fast as it goes; Ctrl-C ends the one under way."""
    done: list[Replayed] = []
    for recording in [_opened(file) for file in files]:
        if speed is None:
            done.append(_at_once(recording, config, record))
            continue
        one, interrupted = _live(recording, config, speed, record)
        done.append(one)
        if interrupted:
            break
    return done[0] if len(done) == 1 else _total(done)


def _opened(file: Path) -> Recording:
    """Open a recording, and say what is odd about it; raises RecordingError."""
    recording = open_recording(file)
    if isinstance(recording, FrameRecording):
        for remark in recording.remarks:
            say(f"{file.name}: {remark}")
    return recording


def _live(
    recording: Recording, config: Config, speed: float, record: bool
) -> tuple[Replayed, bool]:
    source = Playback(recording, speed, label=f"recording {recording.name}")
    journal = config.journal.model_copy(update={"enabled": record})
    service = Service(config.model_copy(update={"journal": journal}), source)
    began_s = time.monotonic()
    figures, interrupted = serve(service, None, total_s=recording.duration_s / speed)
    played_s = (source.now_ns() - source.origin_ns) * 1e-9
    return _replayed(recording, figures, played_s, time.monotonic() - began_s), interrupted


def _at_once(recording: Recording, config: Config, record: bool) -> Replayed:
    recorder = _recorder(recording, config) if record else None
    began_s, ended_ns = time.perf_counter(), None
    with progress() as bar:
        task = bar.add_task(recording.name, total=recording.duration_s)
        try:
            counter = play(
                recording, config, recorder, lambda done_s: bar.update(task, completed=done_s)
            )
            ended_ns = recording.origin_ns + round(recording.duration_s * 1e9)
        finally:
            if recorder is not None:
                recorder.close(ended_ns)
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
    # A session that was killed before its first packet lasts no time.
    took_s = sum(one.seconds / one.real_time_factor for one in done if one.real_time_factor)
    return ReplayedAll(
        seconds=round(seconds, 2),
        samples=total("samples"),
        lost=total("lost"),
        strides=total("strides"),
        repetitions=total("repetitions"),
        cues=total("cues"),
        mqtt_messages=total("mqtt_messages"),
        latency_ms=percentiles([one.latency_ms.p50 for one in done if one.latency_ms.p50]),
        real_time_factor=round(seconds / took_s, 2) if took_s else 0.0,
        recordings=list(done),
    )
