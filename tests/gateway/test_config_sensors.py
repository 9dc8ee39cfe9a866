"""Sensors are written into a configuration file, and all else stays as it is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.config.file import load_config
from gateway.config.sensors import with_sensors, write_sensors
from gateway.errors import ConfigError
from gateway.messages import Place, SensorSpec

FILE = """\
# Room 2
[person]
id = "p-07"   # a pseudonym

[[sensors]]  # the old one
sensor = "D4:22:CD:00:00:01"
place = "left_foot"
rate_hz = 60.0
settings = { mode = 20 }  # with orientation

[[sensors]]
sensor = "D4:22:CD:00:00:09"
place = "right_foot"

[mqtt]
enabled = false
"""
OUT_OF_ORDER = """\
[[sensors]]
sensor = "x"
place = "pelvis"
[mqtt]
port = 1
[[sensors]]
sensor = "y"
place = "sternum"
"""
DOT = "D4:22:CD:00:00:0{}"


def spec(number: int, place: Place, rate_hz: float = 60.0) -> SensorSpec:
    return SensorSpec(DOT.format(number), place, "movella_dot", rate_hz)


def test_comments_settings_and_other_tables_stay(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    write_sensors(
        path, [spec(1, Place.RIGHT_FOOT), spec(2, Place.LEFT_FOOT, 30.0), spec(3, Place.PELVIS)]
    )
    text = path.read_text()
    for kept in ("# Room 2", "# a pseudonym", "# the old one", "{ mode = 20 }  # with orientation"):
        assert kept in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load_config(path)
    assert not loaded.mqtt.enabled
    found = {s.place: (s.sensor[-1], s.rate_hz, s.settings) for s in loaded.sensors}
    assert found == {
        Place.RIGHT_FOOT: ("1", 60.0, {"mode": 20}),
        Place.LEFT_FOOT: ("2", 30.0, {}),
        Place.PELVIS: ("3", 60.0, {}),
    }
    assert [path.name] == [p.name for p in tmp_path.iterdir()]


def test_a_sensor_without_a_place_stays() -> None:
    strap = '[[sensors]]\nsensor = "strap"\ndriver = "standard"\nrate_hz = 1.0\n'
    text = with_sensors(strap, [spec(3, Place.PELVIS)])
    assert text.startswith(strap)
    assert text.count("[[sensors]]") == 2
    assert with_sensors(text, [SensorSpec("strap", None, "standard", 1.0)]) == text


def test_a_place_that_was_not_given_away_keeps_its_sensor() -> None:
    text = with_sensors(FILE, [spec(3, Place.PELVIS)])
    assert text.startswith(FILE.split("[mqtt]", maxsplit=1)[0].rstrip())
    assert text.count("[[sensors]]") == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sensors = []\n",
        'sensors = [{ sensor = "x", place = "pelvis" }]\n',
        '[[sensors]]\nsensor = "x"\nplace = "pelvis"',
        OUT_OF_ORDER,
    ],
)
def test_however_sensors_stand_in_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    write_sensors(path, [spec(1, Place.PELVIS), spec(2, Place.LEFT_FOOT)])
    found = {s.place: s.sensor for s in load_config(path).sensors}
    assert found.pop(Place.STERNUM, "y") == "y"
    assert found == {Place.PELVIS: DOT.format(1), Place.LEFT_FOOT: DOT.format(2)}


def test_a_file_is_made_for_real_sensors(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    write_sensors(path, [spec(1, Place.PELVIS)])
    assert load_config(path).source.kind == "bluetooth"
    with pytest.raises(ConfigError, match=r"cannot be written: File exists"):
        write_sensors(path / "c.toml", [])
