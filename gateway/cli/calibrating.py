"""What ``gaitwire calibrate`` does: show each step, and write down what it comes to."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from gateway.app.pipeline import Guidance
from gateway.app.service import Service
from gateway.cli.options import say
from gateway.cli.serving import serve
from gateway.config.sensors import write_sensors
from gateway.config.settings import Config
from gateway.decoding.accelerometer import Accelerometer
from gateway.errors import ConfigError, SourceError
from gateway.messages import (
    AccelerometerCalibration,
    GuidedCalibration,
    GuideState,
    Message,
    Places,
    SensorSpec,
)
from gateway.sources import Source
from gateway.stage import Stage
from inference.calibration.file import (
    StoredCalibration,
    StoredSensor,
    read_calibration,
    write_calibration,
)
from inference.guide.accelerometer import AccelerometerGuide
from inference.guide.stage import CalibrationGuide


class CalibratedSensor(msgspec.Struct, frozen=True):
    """Where a sensor is: ``told`` by the configuration, ``place`` by its motion."""

    sensor: str
    place: str
    told: str
    confidence: float
    front: bool
    spread_deg: float | None

    @property
    def told_in_words(self) -> str:
        """A line for a person."""
        front = "front found" if self.front else "front as it is meant to be"
        return f"{self.place}: {self.sensor} ({self.confidence:.0%} sure, {front})"


class Calibrated(msgspec.Struct, frozen=True):
    """What was found, and where it was written."""

    file: str
    version: int
    sensors: list[CalibratedSensor]
    remarks: list[str]


class MeasuredSensor(msgspec.Struct, frozen=True):
    """What an accelerometer is off; see `gateway.decoding.accelerometer`."""

    sensor: str
    bias_mps2: list[float]
    scale: list[float]
    bias_sd_mps2: list[float]

    @property
    def told_in_words(self) -> str:
        """A line for a person."""
        bias = ", ".join(f"{value:+.2f}" for value in self.bias_mps2)
        return f"{self.sensor}: off by {bias} m/s², within {max(self.bias_sd_mps2):.2f}"


class Measured(msgspec.Struct, frozen=True):
    """What was found of accelerometers, and where it was written."""

    file: str
    version: int
    sensors: list[MeasuredSensor]
    remarks: list[str]


Result = TypeVar("Result", GuidedCalibration, AccelerometerCalibration)


class Following(Generic[Result]):
    """Says each step and hint once, and stops when there is a result of a ``kind``."""

    def __init__(self, kind: type[Result]) -> None:
        self.result: Result | None = None
        self.done = asyncio.Event()
        self._kind: type[Result] = kind
        self._step: tuple[int, str] = (0, "")
        self._hints: set[str] = {""}

    def __call__(self, produced: Sequence[Message]) -> None:
        """Take what the pipe made."""
        for message in produced:
            if isinstance(message, GuideState):
                self._say(message)
            elif isinstance(message, self._kind):
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


@dataclass(frozen=True)
class Session:
    """With what a person is guided: for so many ``seconds`` at most, with a ``browser`` or not."""

    config: Config
    source: Source
    seconds: float
    browser: bool

    def guided(
        self, guide: Stage, kind: type[Result], known: Mapping[str, Accelerometer]
    ) -> Result:
        """Lead a person through; raises GaitwireError, also where it was not finished."""
        following = Following(kind)
        service = Service(self.config, self.source, Guidance(guide, following, known))
        serve(
            service,
            self.seconds,
            browser=self.browser,
            total_s=self.seconds,
            stop=following.done,
        )
        if following.result is None:
            raise SourceError(
                "the calibration was not finished, so nothing was written; begin again"
            )
        return following.result

    def names(self, places: Places) -> list[str]:
        """Return the addresses of the sensors that are said to be at ``places``."""
        names = {spec.place: spec.sensor for spec in self.source.sensors if spec.place}
        return [names[place] for place in places]


def calibrated(
    session: Session, file: Path, correct: Path | None = None, *, squats: bool = False
) -> Calibrated:
    """Find out how sensors are worn, and write ``file``; raises GaitwireError.

    What the file knows of accelerometers stays. Places that are others than told are written into
    the configuration to ``correct``.
    """
    before = _before(file)
    guide = CalibrationGuide(squats=squats)
    result = session.guided(guide, GuidedCalibration, before.accelerometers)
    written = write_calibration(file, before.of(result, session.names(result.places)))
    remarks = list(result.remarks)
    if correct is not None and result.found != result.places:
        _correct(correct, session.source.sensors, result)
        remarks.append(f"{correct}: the places were corrected")
    return Calibrated(
        str(file),
        written.version,
        [_told(one, str(told)) for one, told in zip(written.sensors, result.places, strict=True)],
        remarks,
    )


def measured(session: Session, file: Path) -> Measured:
    """Find out what accelerometers are off, and write ``file``; raises GaitwireError.

    What the file knows of how sensors are worn stays.
    """
    before = _before(file)
    result = session.guided(AccelerometerGuide(), AccelerometerCalibration, {})
    rows = zip(session.names(result.places), result.bias, result.scale, result.bias_sd, strict=True)
    found = {name: Accelerometer(bias, scale, sd) for name, bias, scale, sd in rows}
    written = write_calibration(file, before.measured(found))
    return Measured(
        str(file),
        written.version,
        [_off(name, one) for name, one in found.items()],
        list(result.remarks),
    )


def _off(name: str, one: Accelerometer) -> MeasuredSensor:
    bias, scale, sd = (values.round(4).tolist() for values in (one.bias, one.scale, one.bias_sd))
    return MeasuredSensor(name, bias, scale, sd)


def _before(file: Path) -> StoredCalibration:
    """Return what is known so far: a file that cannot be read is set aside."""
    if not file.exists():
        return StoredCalibration()
    try:
        return read_calibration(file)
    except ConfigError as error:
        say(f"{error}; it is set aside, as version 0")
        return StoredCalibration()


def _correct(file: Path, sensors: Sequence[SensorSpec], result: GuidedCalibration) -> None:
    found = dict(zip(result.places, result.found, strict=True))
    write_sensors(file, [replace(spec, place=found[spec.place]) for spec in sensors if spec.place])


def _told(one: StoredSensor, told: str) -> CalibratedSensor:
    spread = None if math.isnan(one.spread_deg) else round(one.spread_deg, 1)
    return CalibratedSensor(
        one.sensor, str(one.place), told, round(one.confidence, 3), one.front, spread
    )
