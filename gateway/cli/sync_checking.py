"""What ``gaitwire sync-check`` does: play recordings up to alignment, and compare the motion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from gateway.cli.options import progress
from gateway.config.settings import Config
from gateway.decoding.stage import Decode
from gateway.grid.hold_back import hold_back
from gateway.grid.stage import Align
from gateway.messages import BodyBlock, Message, SensorSpec, SensorStatus, Tick
from gateway.recordings import Recording, chunk_end_ns, open_recording
from gateway.stage import Chain
from inference.synchrony.motion_sync import MotionSync, SensorSync

BLOCK_S = 60.0


class CheckedSensor(msgspec.Struct, frozen=True):
    """One sensor; ``lag_ms`` is positive where its samples are stamped too late.

    Figures are None where nothing can be told; ``clock_error_ms`` is the middle of what the clock
    fit states, None where it states nothing.
    """

    sensor: str
    place: str
    lag_ms: float | None
    uncertainty_ms: float | None
    compared_with: tuple[str, ...]
    clock_error_ms: float | None
    verdict: str


class Checked(msgspec.Struct, frozen=True):
    """One recording."""

    recording: str
    seconds: float
    sensors: list[CheckedSensor]


def check_all(files: Sequence[Path], config: Config) -> list[Checked]:
    """Check the sensors of all recordings; raises GaitwireError."""
    return [_check(recording, config) for recording in [open_recording(file) for file in files]]


def _check(recording: Recording, config: Config) -> Checked:
    sync, errors_s = MotionSync(), dict[str, list[float]]()
    for message in _aligned(recording, config):
        if isinstance(message, BodyBlock):
            sync.add(message)
        elif isinstance(message, SensorStatus) and math.isfinite(message.clock_error_s):
            errors_s.setdefault(message.sensor, []).append(message.clock_error_s)
    worn = {spec.place: spec for spec in recording.sensors if spec.place}
    found = {one.place: one for one in sync.result(list(worn))}
    sensors = [
        _checked(spec, found[place], errors_s.get(spec.sensor, [])) for place, spec in worn.items()
    ]
    return Checked(recording.name, round(recording.duration_s, 2), sensors)


def _aligned(recording: Recording, config: Config) -> Iterator[Message]:
    """Yield what alignment makes of ``recording``, in blocks of ``BLOCK_S``."""
    align = Align(
        recording.person,
        recording.sensors,
        recording.origin_ns,
        recording.grid_rate_hz,
        hold_back_s=hold_back(config.pipe.hold_back_ms, recording.sensors).seconds,
        bridge_s=config.pipe.bridge_ms / 1000,
        hop_samples=round(BLOCK_S * recording.grid_rate_hz),
    )
    chain = Chain([Decode(recording.sensors), align])
    with progress() as bar:
        task = bar.add_task(recording.name, total=recording.duration_s)
        for number, blocks in enumerate(recording.chunks(BLOCK_S), start=1):
            for block in blocks:
                yield from chain.push(block)
            yield from chain.push(Tick(chunk_end_ns(recording, number, BLOCK_S)))
            bar.update(task, completed=number * BLOCK_S)
        yield from chain.flush()


def _checked(spec: SensorSpec, sync: SensorSync, errors_s: Sequence[float]) -> CheckedSensor:
    told = not sync.withheld
    return CheckedSensor(
        sensor=spec.sensor,
        place=sync.place.value,
        lag_ms=round(sync.lag_s * 1e3, 1) if told else None,
        uncertainty_ms=round(sync.uncertainty_s * 1e3, 1) if told else None,
        compared_with=tuple(place.value for place in sync.compared_with),
        clock_error_ms=round(float(np.median(errors_s)) * 1e3, 2) if errors_s else None,
        verdict=verdict(sync),
    )


def verdict(sync: SensorSync) -> str:
    """Return in words what ``sync`` comes to."""
    if sync.withheld:
        return f"cannot be told: {sync.withheld}"
    if abs(sync.lag_s) <= sync.uncertainty_s:
        return "agrees"
    size = f"{abs(sync.lag_s) * 1e3:.0f} ms"
    if len(sync.compared_with) == 1:
        other = sync.compared_with[0].replace("_", " ")
        return f"{'later' if sync.lag_s > 0 else 'earlier'} than {other} by {size}; one of the two"
    return f"{'late' if sync.lag_s > 0 else 'early'} by {size}"
