"""What ``gaitwire calibrate`` does: show each step, and write down what it comes to."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.app.service import Service
from gateway.cli.options import say
from gateway.cli.serving import serve
from gateway.config import Config
from gateway.errors import SourceError
from gateway.messages import GuidedCalibration, GuideState, Message
from gateway.sources import Source
from inference.stored_calibration import (
    StoredCalibration,
    StoredSensor,
    read_calibration,
    write_calibration,
)


class CalibratedSensor(msgspec.Struct, frozen=True):
    """Where a sensor is: ``told`` by the configuration, ``place`` by its motion."""

    sensor: str
    place: str
    told: str
    confidence: float
    front: bool
    spread_deg: float | None


class Calibrated(msgspec.Struct, frozen=True):
    """What was found, and where it was written."""

    file: str
    version: int
    sensors: list[CalibratedSensor]
    remarks: list[str]


class Following:
    """Says each step and hint once, and ends the service when there is a result."""

    def __init__(self) -> None:
        self.result: GuidedCalibration | None = None
        self.done = asyncio.Event()
        self._step: tuple[int, str] = (0, "")
        self._hints: set[str] = {""}

    def __call__(self, produced: Sequence[Message]) -> None:
        """Take what the pipe made."""
        for message in produced:
            if isinstance(message, GuideState):
                self._say(message)
            elif isinstance(message, GuidedCalibration):
                self.result = message
                self.done.set()

    def _say(self, state: GuideState) -> None:
        step = (state.number, state.instruction)
        if step != self._step:
            say(f"{state.number}/{state.steps}  {state.instruction}.")
            self._step, self._hints = step, {""}
        if state.hint not in self._hints:
            say(f"      {state.hint}")
            self._hints.add(state.hint)


def calibrated(
    config: Config, source: Source, file: Path, seconds: float, *, browser: bool
) -> Calibrated:
    """Lead a person through it, and write ``file``; raises GaitwireError.

    What the file knows of accelerometers stays.
    """
    before = read_calibration(file) if file.exists() else StoredCalibration()
    following = Following()
    serve(
        Service(config, source, following),
        seconds,
        browser=browser,
        total_s=seconds,
        stop=following.done,
    )
    result = following.result
    if result is None:
        raise SourceError("the calibration was not finished, so nothing was written; begin again")
    names = {spec.place: spec.sensor for spec in source.sensors}
    sensors = [names[place] for place in result.places]
    written = write_calibration(file, before.of(result, sensors))
    return Calibrated(
        str(file),
        written.version,
        [_told(one, str(told)) for one, told in zip(written.sensors, result.places, strict=True)],
        list(result.remarks),
    )


def _told(one: StoredSensor, told: str) -> CalibratedSensor:
    spread = None if math.isnan(one.spread_deg) else round(one.spread_deg, 1)
    return CalibratedSensor(
        one.sensor, str(one.place), told, round(one.confidence, 3), one.front, spread
    )
