"""``gaitwire bench``: the figures of the performance page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.progress import Progress, TaskID

from gateway.cli.options import AsJson, progress, put_out

if TYPE_CHECKING:
    from gateway.cli.benchmarks.throughput import RealTimeFactor
    from gateway.pump import Latency


class ArrivalToMqtt(msgspec.Struct, frozen=True):
    """Complete data to a subscriber's callback, in milliseconds, by broker; None: not here."""

    embedded: Latency
    mosquitto: Latency | None


class Report(msgspec.Struct, frozen=True):
    """All figures. None stands where the server is not on this machine."""

    real_time_factor: RealTimeFactor
    hop_ms: Latency
    arrival_to_mqtt_ms: ArrivalToMqtt
    influx_lines_per_s: float | None
    rss_mb: float
    start_to_first_angle_s: float | None
    stages: dict[str, float]


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Under 45 seconds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure throughput, hops, latency, database, memory and start on this machine."""
    with progress() as bar:
        report = _measure(quick, bar, bar.add_task("", total=5))
    put_out(report, as_json)


def _measure(quick: bool, bar: Progress, task: TaskID) -> Report:
    from gateway.cli.benchmarks.database import lines_per_s
    from gateway.cli.benchmarks.hops import measure_hops
    from gateway.cli.benchmarks.running import watch_service
    from gateway.cli.benchmarks.servers import mosquitto
    from gateway.cli.benchmarks.throughput import real_time_factor

    def step(text: str) -> None:
        bar.update(task, description=text, advance=1)

    # First, while nothing else runs: the service in a process of its own.
    step("live with the embedded broker")
    embedded = watch_service(8.0 if quick else 600.0)
    step("live with Mosquitto")
    with mosquitto() as port:
        real = None if port is None else watch_service(6.0 if quick else 30.0, port)
    step("hop by hop")
    hop_ms, stages = measure_hops(8.0 if quick else 60.0)
    step("into InfluxDB")
    lines = lines_per_s(100.0 if quick else 300.0)
    step("recordings at full speed")
    return Report(
        real_time_factor=real_time_factor(quick),
        hop_ms=hop_ms,
        arrival_to_mqtt_ms=ArrivalToMqtt(
            embedded.latency(), None if real is None else real.latency()
        ),
        influx_lines_per_s=lines,
        rss_mb=round(embedded.rss_mb, 1),
        start_to_first_angle_s=embedded.first_angle_s and round(embedded.first_angle_s, 2),
        stages=stages,
    )
