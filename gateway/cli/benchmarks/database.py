"""How many lines a second go from a journal into InfluxDB."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.app.playing import play
from gateway.app.service import session_info
from gateway.cli.benchmarks.servers import influxd
from gateway.cli.benchmarks.throughput import prepare
from gateway.config.settings import Config
from gateway.journal import SUFFIX, Journal, SessionRecorder
from gateway.messages import LEGS_AND_TRUNK
from gateway.sinks.influx import InfluxSink
from gateway.sources.playback import Playback


class UnboundedInfluxSink(InfluxSink):
    """The sink without the bound that keeps its catching up from crowding out everything else."""

    rate_per_s = float("inf")


def lines_per_s(seconds: float) -> float | None:
    """Deliver a recorded session of ``seconds``; None where there is no InfluxDB here."""
    with TemporaryDirectory(prefix="gaitwire-bench-") as folder, influxd() as section:
        if section is None:
            return None
        path = _session(Path(folder), seconds)
        sink = UnboundedInfluxSink(section, grace_s=600)
        took_s = asyncio.run(_deliver(sink, path))
        return round(sink.written / took_s, 0)


def _session(folder: Path, seconds: float) -> Path:
    config, prepared = Config(), prepare(LEGS_AND_TRUNK, 100.0, seconds)
    path = folder / f"bench{SUFFIX}"
    journal = Journal.create(path, session_info(config, Playback(prepared), path))
    recorder = SessionRecorder(journal, prepared.origin_ns)
    play(prepared, config, recorder)
    recorder.close()
    return path


async def _deliver(sink: InfluxSink, path: Path) -> float:
    stop = asyncio.Event()
    stop.set()
    began_s = time.perf_counter()
    await sink.run(path, stop)
    return time.perf_counter() - began_s
