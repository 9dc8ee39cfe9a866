"""How fast the whole pipe runs on recordings, with the model and a journal."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from gateway.app.playing import CHUNK_S, play
from gateway.app.service import session_info
from gateway.config.settings import Config
from gateway.journal import SUFFIX, Journal, SessionRecorder
from gateway.messages import (
    LEGS_AND_TRUNK,
    UNKNOWN_SIZE,
    BodySize,
    PacketBlock,
    Place,
    SensorSpec,
)
from gateway.sources.playback import Playback
from simulators.recording import Equipment, SimulatedRecording

REPEATS = 3
FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)


class RealTimeFactor(msgspec.Struct, frozen=True):
    """Seconds of recording played in a second; the median of three plays."""

    two_feet_200hz: float
    eight_100hz: float


@dataclass
class Prepared:
    """A recording whose packets lie ready in memory, so that only the pipe is timed."""

    name: str
    person: str
    sensors: Sequence[SensorSpec]
    origin_ns: int
    duration_s: float
    grid_rate_hz: float
    blocks: list[list[PacketBlock]]
    size: BodySize = UNKNOWN_SIZE

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield what was prepared; only in chunks of the length it was prepared in."""
        assert seconds == CHUNK_S
        return iter(self.blocks)


def prepare(places: Sequence[Place], rate_hz: float, seconds: float) -> Prepared:
    """Simulate the default scenario with sensors at ``places``."""
    simulated = SimulatedRecording(
        "clinic", 1, seconds, rate_hz, equipment=Equipment(places=tuple(places))
    )
    return Prepared(
        simulated.name,
        simulated.person,
        simulated.sensors,
        simulated.origin_ns,
        seconds,
        rate_hz,
        list(simulated.chunks(CHUNK_S)),
    )


def real_time_factor(quick: bool) -> RealTimeFactor:
    """Play both reference set-ups."""
    return RealTimeFactor(
        two_feet_200hz=_factor(prepare(FEET, 200.0, 200.0 if quick else 600.0)),
        eight_100hz=_factor(prepare(LEGS_AND_TRUNK, 100.0, 100.0 if quick else 300.0)),
    )


def _factor(prepared: Prepared) -> float:
    # The first play loads and warms everything up.
    times_s = [_play(prepared) for _ in range(REPEATS + 1)][1:]
    return round(prepared.duration_s / statistics.median(times_s), 1)


def _play(prepared: Prepared) -> float:
    config = Config()
    with TemporaryDirectory(prefix="gaitwire-bench-") as folder:
        path = Path(folder) / f"bench{SUFFIX}"
        info = session_info(config, Playback(prepared), path)
        began_s = time.perf_counter()
        recorder = SessionRecorder(Journal.create(path, info), prepared.origin_ns)
        play(prepared, config, recorder)
        recorder.close()
        return time.perf_counter() - began_s
