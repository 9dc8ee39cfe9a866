"""``gaitwire calibrate``: a simulated person follows the guide, and a file is written."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.calibrating import Session, calibrated, measured
from gateway.config.file import load_config
from gateway.config.sensors import write_sensors
from gateway.config.settings import (
    CalibrationSection,
    Config,
    JournalSection,
    MqttSection,
    PagesSection,
)
from gateway.decoding.accelerometer import GRAVITY, Accelerometer, fitted
from gateway.errors import ConfigError, SourceError, UsageError
from gateway.messages import BodyBlock, Calibration, FloatArray, Place
from gateway.sources.playback import Playback
from inference.calibration.file import (
    StoredCalibration,
    StoredSensor,
    read_calibration,
    write_calibration,
)
from inference.calibration.stage import STORED
from simulators.box import SimulatedBox
from simulators.recording import SimulatedRecording
from tests.playing import played

QUIETLY = Config(
    mqtt=MqttSection(enabled=False),
    pages=PagesSection(enabled=False),
    journal=JournalSection(enabled=False),
)


def person(seconds: float, scenario: str = "calibration") -> Playback:
    return Playback(SimulatedRecording(scenario, seed=2, seconds=seconds), speed=20.0)


def session(source: Playback) -> Session:
    return Session(QUIETLY, source, 60.0, browser=False)


def test_a_person_is_led_through_and_the_file_keeps_what_was_found(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "calibration.toml"
    first = calibrated(session(person(60.0)), file)
    assert (first.version, first.remarks) == (1, [])
    assert [one.place for one in first.sensors] == [one.told for one in first.sensors]
    assert all(one.front and one.confidence > 0.95 for one in first.sensors)
    assert calibrated(session(person(60.0)), file).version == 2
    assert read_calibration(file.with_name("calibration.v1.toml")).version == 1
    kept = read_calibration(file)
    assert [one.sensor for one in kept.sensors] == [one.sensor for one in first.sensors]


def test_places_that_were_told_wrongly_are_corrected(tmp_path: Path) -> None:
    recording = SimulatedRecording("calibration", seed=3, seconds=60.0)
    told = [spec.place for spec in recording.sensors]
    told[3:5] = told[4], told[3]
    specs = [replace(s, place=p) for s, p in zip(recording.sensors, told, strict=True)]
    recording.sensors = tuple(specs)
    config, file = tmp_path / "gaitwire.toml", tmp_path / "calibration.toml"
    config.write_text('[source]\nkind = "simulator"\n')
    write_sensors(config, recording.sensors)
    found = calibrated(session(Playback(recording, speed=20.0)), file, config)
    assert found.remarks[0].startswith("the sensors of left shank and right shank are exchanged")
    assert found.remarks[-1].endswith("the places were corrected")
    places = {one.sensor: one.place for one in load_config(config).sensors}
    assert places["sim-left-shank"] is Place.LEFT_SHANK
    assert places["sim-right-shank"] is Place.RIGHT_SHANK


def test_sensors_in_a_box_show_what_they_are_off(tmp_path: Path) -> None:
    file = tmp_path / "calibration.toml"
    write_calibration(file, StoredCalibration(person="p", sensors=(A_SENSOR,)))
    box = SimulatedBox(seed=4)
    found = measured(session(Playback(box, speed=20.0)), file)
    assert (found.version, found.remarks) == (2, [])
    bias = np.array([one.bias_mps2 for one in found.sensors])
    assert np.abs(bias - box.errors.acc_bias).max() < 0.03
    assert np.abs(box.errors.acc_bias).max() > 0.15
    kept = read_calibration(file)
    assert [one.sensor for one in kept.sensors] == ["A"]
    assert kept.accelerometers.keys() == {spec.sensor for spec in box.sensors}


def test_a_file_that_is_none_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "calibration.toml"
    file.write_text("nothing of the kind")
    found = measured(session(Playback(SimulatedBox(seed=5), speed=20.0)), file)
    assert found.version == 1
    assert file.with_name("calibration.v0.toml").read_text() == "nothing of the kind"


def test_what_was_not_finished_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "calibration.toml"
    with pytest.raises(SourceError, match="nothing was written"):
        calibrated(session(person(8.0, "squat")), file)
    assert not file.exists()


A_SENSOR = StoredSensor("A", Place.LEFT_THIGH, np.array([0.5, -0.5, -0.5, -0.5]), True, 0.98, 3.0)


@given(
    turn=st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(
        lambda turn: np.linalg.norm(turn) > 0.1
    ),
    sure=st.floats(0, 1),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, turn: list[float], sure: float
) -> None:
    file = tmp_path_factory.mktemp("kept") / "calibration.toml"
    quat = np.array(turn) / np.linalg.norm(turn)
    one = StoredSensor("A", Place.LEFT_THIGH, quat, front=False, confidence=sure, spread_deg=2.0)
    two = StoredSensor("B", Place.PELVIS, quat, True, 1.0, float("nan"))
    known = Accelerometer(np.array([0.1, 0.0, -0.1]), np.ones(3), np.full(3, 0.01))
    made = StoredCalibration(person="p", sensors=(one, two), accelerometers={"A": known})
    write_calibration(file, made)
    kept = read_calibration(file)
    assert [(s.sensor, s.place, s.front) for s in kept.sensors] == [
        ("A", Place.LEFT_THIGH, False),
        ("B", Place.PELVIS, True),
    ]
    assert np.abs(kept.sensors[0].quat - quat).max() < 1e-5
    assert abs(kept.sensors[0].confidence - sure) < 1e-3
    assert np.isnan(kept.sensors[1].spread_deg)
    assert kept.accelerometers["A"].bias.tolist() == [0.1, 0.0, -0.1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("schema = 1", "schema = 7", "schema: this version of Gaitwire reads schema 1 alone"),
        ('place = "left_thigh"', 'place = "left_tigh"', r"did you mean 'left_thigh'\? expected is"),
        ("mounting = [0.5", "mounting = [3.5", "expected is a quaternion of length 1, not of 3.6"),
        ("mounting = [0.5", f"mounting = [{10**400}", "expected is a list of 4 numbers"),
        ("mounting = [0.5", "mounting = [nan", "expected is a list of 4 numbers"),
        ("confidence = 0.98", "confidence = 98", "expected is a number from 0 to 1, not 98"),
        ("[[sensors]]", "[[sensors]", "is not TOML: .*; correct it, or calibrate again"),
        ("[[sensors]]", '[[sensors]]\nsensor = "A"', "is not TOML"),
        ("front = true", "", "front: this key is missing; .* true or false; correct it, or cal"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    file = tmp_path / "calibration.toml"
    write_calibration(file, StoredCalibration(person="p", sensors=(A_SENSOR,)))
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(ConfigError, match=said):
        read_calibration(file)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`gaitwire calibrate` makes one"):
        read_calibration(tmp_path / "none.toml")


def test_a_place_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "calibration.toml"
    write_calibration(file, StoredCalibration(person="p", sensors=(A_SENSOR, A_SENSOR)))
    with pytest.raises(ConfigError, match="a place is there twice"):
        read_calibration(file)


def test_the_file_is_toml_with_a_schema(tmp_path: Path) -> None:
    file = tmp_path / "calibration.toml"
    write_calibration(file, StoredCalibration(person="p", sensors=(A_SENSOR,)))
    kept = tomllib.loads(file.read_text())
    assert (kept["schema"], kept["version"], kept["person"]) == (1, 1, "p")


def test_the_command_refuses_a_configuration_that_is_none() -> None:
    told = CliRunner().invoke(app, ["calibrate", "-c", "none.toml", "--headless"])
    assert told.exit_code != 0
    assert isinstance(told.exception, ConfigError)


def test_a_configuration_to_correct_must_be_named() -> None:
    told = CliRunner().invoke(app, ["calibrate", "--correct", "--headless"])
    assert isinstance(told.exception, UsageError)


def poses(bias: FloatArray, scale: FloatArray, count: int, seed: int) -> FloatArray:
    """What an accelerometer reads on the sides of its case, held a little askew."""
    rng = np.random.default_rng(seed)
    sides = np.concatenate([np.eye(3), -np.eye(3)])[:count]
    sides = sides + rng.normal(0, 0.1, sides.shape)
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    return np.asarray(sides * GRAVITY / scale + bias + rng.normal(0, 0.003, sides.shape))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_six_poses_show_bias_and_scale(seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201, reproduces the poses
    rng = np.random.default_rng(seed)
    bias, scale = rng.normal(0, 0.2, 3), 1 + rng.normal(0, 0.01, 3)
    found = fitted(poses(bias, scale, 6, seed))
    assert np.abs(found.bias - bias).max() < 0.02
    assert np.abs(found.scale - scale).max() < 0.004
    assert found.bias_sd.max() < 0.02


def test_fewer_poses_say_how_little_they_show() -> None:
    found = fitted(poses(np.array([0.2, 0.0, 0.0]), np.ones(3), 3, 4))
    assert found.bias_sd.max() > 0.1
    none = fitted(np.empty((0, 3)))
    assert np.array_equal(none.bias, np.zeros(3))
    assert np.array_equal(none.scale, np.ones(3))


def with_file(tmp_path: Path, place: Place = Place.PELVIS, offset: float = 0.0) -> Config:
    """A configuration with a calibration of the simulated person's pelvis sensor."""
    file = tmp_path / "calibration.toml"
    one = StoredSensor("sim-pelvis", place, np.array([0.5, -0.5, -0.5, -0.5]), True, 1.0, 1.0)
    off = Accelerometer(np.full(3, offset), np.ones(3), np.full(3, 0.01))
    known = {"sim-pelvis": off} if offset else {}
    made = StoredCalibration(person="p", sensors=(one,), accelerometers=known)
    write_calibration(file, made)
    return Config(calibration=CalibrationSection(file=file))


def test_the_pipe_takes_what_was_kept(tmp_path: Path) -> None:
    recording = SimulatedRecording("squat", seed=3, seconds=5.0)
    messages = played(recording, 1.0, with_file(tmp_path))
    first = next(m for m in messages if isinstance(m, Calibration))
    assert first.method == STORED
    assert np.flatnonzero(first.front).tolist() == [0]


def test_the_pipe_corrects_accelerations(tmp_path: Path) -> None:
    recording = SimulatedRecording("squat", seed=3, seconds=3.0)
    plain, corrected = (
        np.concatenate([m.acc for m in played(recording, 1.0, config) if isinstance(m, BodyBlock)])
        for config in (Config(), with_file(tmp_path, offset=0.25))
    )
    heard = np.isfinite(plain[:, 0, 0])
    assert heard.mean() > 0.95
    assert np.allclose((plain - corrected)[heard, 0], 0.25, atol=1e-9)
    assert np.array_equal(plain[:, 1:], corrected[:, 1:], equal_nan=True)


def test_a_sensor_that_is_worn_elsewhere_is_refused(tmp_path: Path) -> None:
    recording = SimulatedRecording("squat", seed=3, seconds=3.0)
    with pytest.raises(ConfigError, match="said to be on the pelvis, and in the calibration of"):
        played(recording, 1.0, with_file(tmp_path, place=Place.STERNUM))
