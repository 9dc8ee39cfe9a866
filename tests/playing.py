"""A recording through the whole pipe, in hops of any length."""

from __future__ import annotations

from gateway.app.pipeline import build_pipe
from gateway.config import Config
from gateway.messages import Message, Tick
from gateway.recordings import Recording


def played(recording: Recording, hop_s: float) -> list[Message]:
    """What the pipe makes of a recording, with the default configuration."""
    pipe = build_pipe(
        Config(),
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
        produced += pipe.push(Tick(recording.origin_ns + round(number * hop_s * 1e9)))
    return [*produced, *pipe.flush()]
