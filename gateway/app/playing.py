"""Play a recording through the pipe as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.app.pipeline import build_pipe
from gateway.config import Config
from gateway.journal import SessionRecorder
from gateway.messages import Message, Tick
from gateway.pump import Counter
from gateway.recordings import Recording

CHUNK_S = 10.0
"""Long blocks make the pipe cheap; what it makes of them is the same."""
COMMIT_EVERY_S = 1.0


def play(
    recording: Recording,
    config: Config,
    recorder: SessionRecorder | None = None,
    advanced: Callable[[float], None] = lambda _: None,
) -> Counter:
    """Play ``recording`` to its end; ``advanced`` is told the seconds played so far.

    The counter's delays are the times that the pipe took for a chunk.
    """
    chain = build_pipe(
        config,
        recording.person,
        recording.sensors,
        recording.origin_ns,
        recording.grid_rate_hz,
        CHUNK_S,
    )
    counter = Counter()
    committed_s = time.monotonic()

    def take(produced: list[Message]) -> None:
        counter.count(produced)
        nonlocal committed_s
        if recorder is None:
            return
        recorder.messages(produced)
        if time.monotonic() - committed_s >= COMMIT_EVERY_S:
            recorder.commit()
            committed_s = time.monotonic()

    for number, blocks in enumerate(recording.chunks(CHUNK_S), start=1):
        began_s = time.perf_counter()
        if recorder is not None:
            recorder.packets(blocks)
        produced = [message for block in blocks for message in chain.push(block)]
        produced += chain.push(Tick(recording.origin_ns + round(number * CHUNK_S * 1e9)))
        counter.delays_ms.append((time.perf_counter() - began_s) * 1e3)
        take(produced)
        advanced(number * CHUNK_S)
    take(chain.flush())
    return counter
