"""Play a recording through the pipe as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from gateway.app.pipeline import build_pipe
from gateway.config.settings import Config
from gateway.journal import SessionRecorder
from gateway.messages import Message, PacketBlock, Tick
from gateway.pump import Counter
from gateway.recordings import Recording, chunk_end_ns

CHUNK_S = 60.0
"""Long blocks make the pipe cheap; what it makes of them is the same."""


def play(
    recording: Recording,
    config: Config,
    recorder: SessionRecorder | None = None,
    advanced: Callable[[float], None] = lambda _: None,
) -> Counter:
    """Play ``recording`` to its end; ``advanced`` is told the seconds played so far.

    The counter's delays are the times that the pipe took for a chunk. Raises JournalError.
    """
    counter = Counter()
    with ThreadPoolExecutor(max_workers=1) as worker:
        beside = _Beside(recorder, worker)
        for number, (blocks, produced, took_s) in enumerate(played(recording, config), start=1):
            counter.delays_ms.append(took_s * 1e3)
            counter.count(produced)
            beside.record(blocks, produced)
            advanced(number * CHUNK_S)
        beside.wait()
    return counter


def played(
    recording: Recording, config: Config
) -> Iterator[tuple[Sequence[PacketBlock], list[Message], float]]:
    """Yield the packets of each chunk, what the pipe makes of them, and the seconds that it took.

    Last comes what the pipe still held, without packets.
    """
    chain = build_pipe(
        config,
        recording.person,
        recording.sensors,
        recording.origin_ns,
        recording.grid_rate_hz,
        CHUNK_S,
        recording.size,
    )
    for number, blocks in enumerate(recording.chunks(CHUNK_S), start=1):
        began_s = time.perf_counter()
        produced = [message for block in blocks for message in chain.push(block)]
        produced += chain.push(Tick(chunk_end_ns(recording, number, CHUNK_S)))
        yield blocks, produced, time.perf_counter() - began_s
    began_s = time.perf_counter()
    yield [], chain.flush(), time.perf_counter() - began_s


class _Beside:
    """Records what is played; SQLite and the disk work on another thread while the pipe goes on."""

    def __init__(self, recorder: SessionRecorder | None, worker: Executor) -> None:
        self._recorder = recorder
        self._worker = worker
        self._commit: Future[None] | None = None

    def record(self, packets: Sequence[PacketBlock], messages: Sequence[Message]) -> None:
        """Record, and commit unless the last commit is still under way."""
        if self._recorder is None:
            return
        self._recorder.packets(packets)
        self._recorder.messages(messages)
        if self._commit is None or self._commit.done():
            self.wait()
            self._commit = self._worker.submit(self._recorder.commit)

    def wait(self) -> None:
        """Wait for the commit under way; raises JournalError where it failed."""
        if self._commit is not None:
            self._commit.result()
