"""The file of a calibration: how each sensor sits, and what its accelerometer is off.

TOML that a person can read. ``version`` rises with each writing, and the version before stays
beside it; ``schema`` is that of the file.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gateway import quaternion
from gateway.decoding.accelerometer import Accelerometer
from gateway.errors import ConfigError
from gateway.messages import FloatArray, GuidedCalibration, Place, SensorSpec
from gateway.text_file import read_text, write_text
from gateway.toml_table import TomlTable
from inference.calibration.kept import Kept

SCHEMA = 1
AGAIN = "correct it, or calibrate again"
_DECIMALS = 6


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
    worn = {spec.sensor.upper(): spec.place for spec in sensors if spec.place}
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


def read_calibration(path: Path) -> StoredCalibration:
    """Return the calibration in ``path``; raises ConfigError with what is wrong with it."""
    text = read_text(path, "`gaitwire calibrate` makes one")
    table = TomlTable.parse(text, str(path), AGAIN)
    if table.whole("schema", 1, 1_000_000) != SCHEMA:
        table.fail("schema", f"this version of Gaitwire reads schema {SCHEMA} alone")
    table.only(("schema", "version", "made", "person", "sensors", "accelerometers"))
    sensors = tuple(_read_sensor(one) for one in table.tables("sensors"))
    accelerometers = [_read_accelerometer(one) for one in table.tables("accelerometers")]
    for key, what, names in (
        ("sensors", "a place", [one.place for one in sensors]),
        ("sensors", "a sensor", [one.sensor for one in sensors]),
        ("accelerometers", "a sensor", [name for name, _ in accelerometers]),
    ):
        if len(set(names)) < len(names):
            table.fail(key, f"{what} is there twice")
    return StoredCalibration(
        version=table.whole("version", 1, 1_000_000),
        made=table.text("made"),
        person=table.text("person"),
        sensors=sensors,
        accelerometers=dict(accelerometers),
    )


def _read_sensor(table: TomlTable) -> StoredSensor:
    table.only(("sensor", "place", "mounting", "front", "confidence", "spread_deg"))
    quat = np.array(table.vector("mounting", 4))
    length = math.hypot(*quat)
    if abs(length - 1) > 0.01:
        table.fail("mounting", f"expected is a quaternion of length 1, not of {length:.3g}")
    return StoredSensor(
        sensor=table.text("sensor"),
        place=Place(table.choice("place", [str(place) for place in Place])),
        quat=quat / length,
        front=table.flag("front"),
        confidence=table.share("confidence"),
        spread_deg=table.at_least("spread_deg", 0.0, math.nan),
    )


def _read_accelerometer(table: TomlTable) -> tuple[str, Accelerometer]:
    table.only(("sensor", "bias_mps2", "scale", "bias_sd_mps2"))
    bias, scale, bias_sd = (
        np.array(table.vector(key, 3)) for key in ("bias_mps2", "scale", "bias_sd_mps2")
    )
    return table.text("sensor"), Accelerometer(bias, scale, bias_sd)


def write_calibration(path: Path, calibration: StoredCalibration) -> StoredCalibration:
    """Write ``calibration`` as the next version, of now; return it as written.

    The version before stays as ``NAME.vN.toml``. Raises ConfigError.
    """
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    written = dataclasses.replace(calibration, version=calibration.version + 1, made=made)
    write_text(path, _text(written), before=f"{path.stem}.v{calibration.version}{path.suffix}")
    return written


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
