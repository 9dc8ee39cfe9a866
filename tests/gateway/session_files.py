"""Sessions and recorded messages that the tests of the journal share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.journal import Journal, SessionInfo, open_journal
from gateway.journal.seconds import SECOND_NS
from gateway.messages import (
    EstimateBlock,
    JointAngleBlock,
    Marker,
    PacketBlock,
    Place,
    SensorSpec,
)

ORIGIN_NS = 5_000_000_000
INFO = SessionInfo(
    session="2026-01-02-p1",
    person="p1",
    origin_ns=ORIGIN_NS,
    wall_origin_ns=1_800_000_000_000_000_000,
    grid_rate_hz=100.0,
    sensors=(SensorSpec("AA:01", Place.LEFT_FOOT, "movella_dot", 60.0, {"mode": 26}),),
    configuration={"person": {"id": "p1"}},
    source="simulator",
    truth=False,
    version="0.1.0",
)


def marker(index: int) -> Marker:
    return Marker("p1", float(index), "note", f"number {index}")


def packets(sensor: str, count: int, rate_hz: float, first_ns: int = 0) -> PacketBlock:
    """Packets of 1 to 7 bytes at a steady rate from the origin on."""
    lengths = 1 + np.arange(count) % 7
    arrival = ORIGIN_NS + first_ns + (np.arange(count) * SECOND_NS / rate_hz).astype(np.int64)
    payload = bytes(index % 251 for index in range(int(lengths.sum())))
    return PacketBlock(sensor, "motion", arrival, payload, np.cumsum(lengths))


def angles(start: int, count: int, rate_hz: float = 100.0) -> JointAngleBlock:
    values = np.sin(np.arange(start, start + count)[:, None] * np.arange(1, 7))
    real = np.ones(values.shape, np.bool_)
    return JointAngleBlock("p1", start, rate_hz, 0, values, real, real)


def estimates(start: int, count: int, rate_hz: float = 100.0) -> EstimateBlock:
    values = np.cos(np.arange(start, start + count)[:, None] * np.arange(1, 3))
    units = ("m/s", "1")
    return EstimateBlock(
        "p1", start, rate_hz, 0, ("speed", "phase"), units, values, values, 0.1, "m"
    )


def written(path: Path, count: int = 5) -> Path:
    journal = Journal.create(path, INFO)
    for index in range(count):
        journal.append(marker(index), index * SECOND_NS)
    journal.close()
    return path


def numbers(path: Path) -> list[float]:
    with open_journal(path) as journal:
        return [message.t_s for message in journal.messages(["marker"])]  # type: ignore[union-attr]  # a marker
