"""A recording through the whole pipe, in hops of any length."""

from __future__ import annotations

from gateway.app.pipeline import build_pipe
from gateway.config.settings import Config
from gateway.messages import Message, Tick
from gateway.recordings import Recording, chunk_end_ns


def played(recording: Recording, hop_s: float, config: Config | None = None) -> list[Message]:
    """What the pipe makes of a recording, with the default configuration unless told."""
    pipe = build_pipe(
        config or Config(),
        recording.person,
        recording.sensors,
        recording.origin_ns,
        recording.grid_rate_hz,
        hop_s,
    )
    produced: list[Message] = []
    for number, blocks in enumerate(recording.chunks(hop_s), start=1):
        for block in blocks:
            produced += pipe.push(block)
        produced += pipe.push(Tick(chunk_end_ns(recording, number, hop_s)))
    return [*produced, *pipe.flush()]
