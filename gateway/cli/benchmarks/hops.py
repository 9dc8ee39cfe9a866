"""How long one live hop takes, in all and by stage."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Iterable

from gateway.app.pipeline import build_pipe
from gateway.config.settings import Config
from gateway.messages import BodyBlock, Message, Tick
from gateway.pump import Latency, percentiles
from gateway.stage import Chain, Stage
from simulators.recording import SimulatedRecording

RATE_HZ = 100.0
HOP_S = 0.02
WARM_UP_S = 5.0


class TimedStage:
    """A stage that adds up the time it takes, and is otherwise the one it holds."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.consumes = stage.consumes
        self.taken_s = 0.0

    def push(self, message: Message) -> Iterable[Message]:
        """Push, timed."""
        began_s = time.perf_counter()
        produced = list(self.stage.push(message))
        self.taken_s += time.perf_counter() - began_s
        return produced

    def flush(self) -> Iterable[Message]:
        """Flush."""
        return self.stage.flush()

    def snapshot(self) -> object:
        """Return the stage's snapshot."""
        return self.stage.snapshot()

    def resume(self, snapshot: object) -> None:
        """Resume the stage."""
        self.stage.resume(snapshot)


def measure_hops(seconds: float) -> tuple[Latency, dict[str, float]]:
    """Push eight sensors at 100 Hz hop by hop.

    Returns the percentiles of a hop in milliseconds, and microseconds a hop by stage.
    """
    recording = SimulatedRecording("clinic", 1, seconds + WARM_UP_S, RATE_HZ)
    pipe = build_pipe(
        Config(),
        recording.person,
        recording.sensors,
        recording.origin_ns,
        RATE_HZ,
        HOP_S,
        recording.size,
    )
    stages = [TimedStage(stage) for stage in pipe.stages]
    chain = Chain(stages)
    # As the service does, so that collections of what was loaded are not counted as hops.
    gc.collect()
    gc.freeze()
    hops_ms: list[float] = []
    for number, blocks in enumerate(recording.chunks(HOP_S), start=1):
        if number == round(WARM_UP_S / HOP_S):
            hops_ms.clear()
            for stage in stages:
                stage.taken_s = 0.0
        began_s = time.perf_counter()
        produced = [message for block in blocks for message in chain.push(block)]
        produced += chain.push(Tick(recording.origin_ns + round(number * HOP_S * 1e9)))
        taken_ms = (time.perf_counter() - began_s) * 1e3
        # After a stall several hops come due at once; each counts with its share.
        hops = sum(isinstance(message, BodyBlock) for message in produced)
        hops_ms += [taken_ms / hops] * hops if hops else []
    return percentiles(hops_ms), _by_stage(stages, len(hops_ms))


def _by_stage(stages: Iterable[TimedStage], hops: int) -> dict[str, float]:
    taken: dict[str, float] = defaultdict(float)
    for stage in stages:
        taken[type(stage.stage).__name__] += stage.taken_s / hops * 1e6
    return {name: round(value, 1) for name, value in taken.items()}
