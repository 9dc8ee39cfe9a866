"""The file of a calibration: how each sensor sits, and what its accelerometer is off.

TOML that a person can read. ``version`` rises with each writing, and the version before stays
beside it; ``schema`` is that of the file.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway import quaternion
from gateway.accelerometer import Accelerometer
from gateway.errors import ConfigError
from gateway.messages import FloatArray, GuidedCalibration, Place, SensorSpec
from inference.kept import Kept

SCHEMA = 1
_DECIMALS = 6
_Three = tuple[float, float, float]
_Share = Annotated[float, Field(ge=0, le=1)]


@dataclasses.dataclass(frozen=True, eq=False)
class StoredSensor:
    """How a ``sensor`` (address) sits at ``place``: ``quat`` (4,) segment → sensor.

    ``front``: movement has shown its front, within ``spread_deg`` (NaN: there was no second way of
    telling). ``confidence`` 0..1 that it is at that place.
    """

    sensor: str
    place: Place
    quat: FloatArray
    front: bool
    confidence: float
    spread_deg: float


@dataclasses.dataclass(frozen=True, eq=False)
class StoredCalibration:
    """A calibration as it was ``made`` (UTC, ISO 8601) of a ``person``; version 0 is none yet."""

    version: int = 0
    made: str = ""
    person: str = ""
    sensors: tuple[StoredSensor, ...] = ()
    accelerometers: Mapping[str, Accelerometer] = dataclasses.field(default_factory=dict)

    def of(self, guided: GuidedCalibration, sensors: Sequence[str]) -> StoredCalibration:
        """Return this with what was found of ``sensors`` (their addresses, in order of places)."""
        found = [
            StoredSensor(sensor, place, quat, bool(front), float(sure), float(np.degrees(spread)))
            for sensor, place, quat, front, sure, spread in zip(
                sensors,
                guided.found,
                guided.quat,
                guided.front,
                guided.confidence,
                guided.spread_rad,
                strict=True,
            )
        ]
        return dataclasses.replace(self, person=guided.person, sensors=tuple(found))

    def measured(self, accelerometers: Mapping[str, Accelerometer]) -> StoredCalibration:
        """Return this with these ``accelerometers``, by address."""
        return dataclasses.replace(self, accelerometers={**self.accelerometers, **accelerometers})


def kept_of(calibration: StoredCalibration, sensors: Sequence[SensorSpec]) -> Kept:
    """Return how those of ``sensors`` sit that it holds, where movement has shown their front.

    Raises ConfigError where one was worn elsewhere: the places that are told, or those that were
    found, are wrong.
    """
    worn = {spec.sensor.upper(): spec.place for spec in sensors}
    for one in calibration.sensors:
        place = worn.get(one.sensor.upper(), one.place)
        if place is not one.place:
            raise ConfigError(
                f"sensor {one.sensor} is said to be on the {place}, and in the calibration of "
                f"{calibration.made} it was on the {one.place}; correct its place, or calibrate "
                "again"
            )
    return Kept(
        calibration.made,
        {
            one.place: quaternion.to_matrix(one.quat)
            for one in calibration.sensors
            if one.front and one.sensor.upper() in worn
        },
    )


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Sensor(_Table):
    sensor: Annotated[str, Field(min_length=1)]
    place: Place
    mounting: tuple[float, float, float, float]
    front: bool
    confidence: _Share
    spread_deg: Annotated[float, Field(ge=0)] = math.nan


class _Accelerometer(_Table):
    sensor: Annotated[str, Field(min_length=1)]
    bias_mps2: _Three
    scale: _Three
    bias_sd_mps2: _Three


class _File(_Table):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    version: Annotated[int, Field(ge=1)]
    made: str
    person: str
    sensors: list[_Sensor] = []
    accelerometers: list[_Accelerometer] = []


def read_calibration(path: Path) -> StoredCalibration:
    """Return the calibration in ``path``; raises ConfigError with what is wrong with it."""
    try:
        kept = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror or error}; `gaitwire calibrate` makes one"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}; calibrate again") from error
    return _calibration(path, kept)


def write_calibration(path: Path, calibration: StoredCalibration) -> StoredCalibration:
    """Write ``calibration`` as the next version, of now; return it as written.

    The version before stays as ``NAME.vN.toml``. Raises ConfigError.
    """
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    written = dataclasses.replace(calibration, version=calibration.version + 1, made=made)
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(_text(written), encoding="utf-8")
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.v{calibration.version}{path.suffix}"))
        beside.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror or error}; name another file"
        ) from error
    return written


def _calibration(path: Path, kept: _File) -> StoredCalibration:
    quats = np.array([one.mounting for one in kept.sensors]).reshape(-1, 4)
    if not (np.abs(np.linalg.norm(quats, axis=1) - 1) < 0.01).all():  # nor where one is not finite
        raise ConfigError(f"{path}: sensors: a mounting must have length 1; calibrate again")
    for what, names in (
        ("a place", [one.place for one in kept.sensors]),
        ("a sensor", [one.sensor for one in kept.sensors]),
        ("a sensor's accelerometer", [one.sensor for one in kept.accelerometers]),
    ):
        if len(set(names)) < len(names):
            raise ConfigError(f"{path}: {what} is there twice; calibrate again")
    numbers = [
        value
        for one in kept.accelerometers
        for value in (*one.bias_mps2, *one.scale, *one.bias_sd_mps2)
    ]
    if not np.isfinite(numbers).all():
        raise ConfigError(f"{path}: accelerometers: a value is not a number; calibrate again")
    return StoredCalibration(
        version=kept.version,
        made=kept.made,
        person=kept.person,
        sensors=tuple(
            StoredSensor(
                one.sensor,
                one.place,
                quat / np.linalg.norm(quat),
                one.front,
                one.confidence,
                one.spread_deg,
            )
            for one, quat in zip(kept.sensors, quats, strict=True)
        ),
        accelerometers={
            one.sensor: Accelerometer(
                np.array(one.bias_mps2), np.array(one.scale), np.array(one.bias_sd_mps2)
            )
            for one in kept.accelerometers
        },
    )


def _text(calibration: StoredCalibration) -> str:
    # Imported only now: whoever uses a calibration need not wait for it.
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment('How sensors sit on a person, for [calibration] file = "…".'))
    for key, value in (
        ("schema", SCHEMA),
        ("version", calibration.version),
        ("made", calibration.made),
        ("person", calibration.person),
    ):
        document.add(key, tomlkit.item(value))
    sensors = [_sensor(one) for one in calibration.sensors]
    accelerometers = [
        {
            "sensor": name,
            "bias_mps2": _rounded(one.bias),
            "scale": _rounded(one.scale),
            "bias_sd_mps2": _rounded(one.bias_sd),
        }
        for name, one in calibration.accelerometers.items()
    ]
    for key, rows in (("sensors", sensors), ("accelerometers", accelerometers)):
        if rows:
            document.add(key, tomlkit.item(rows))
    return tomlkit.dumps(document)


def _sensor(one: StoredSensor) -> dict[str, Any]:
    told = {
        "sensor": one.sensor,
        "place": str(one.place),
        "mounting": _rounded(one.quat),
        "front": one.front,
        "confidence": round(one.confidence, 3),
    }
    return told if math.isnan(one.spread_deg) else {**told, "spread_deg": round(one.spread_deg, 1)}


def _rounded(values: FloatArray) -> list[float]:
    return [round(value, _DECIMALS) for value in values.tolist()]
