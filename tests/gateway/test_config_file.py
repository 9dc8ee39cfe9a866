"""Configuration mistakes are told with file, line, key, what was expected and what is close."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from gateway.app.pipeline import build_pipe
from gateway.config import Config
from gateway.config_file import load_config
from gateway.config_reference import reference
from gateway.errors import ConfigError, UsageError

ROOT = Path(__file__).parents[2]


def load(folder: Path, text: str) -> Config:
    """Load a configuration that consists of ``text``."""
    path = folder / "gaitwire.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def sensors(line: str) -> str:
    """Two sensors with a radio, the second at a rate that there is not."""
    return f"""\
source.kind = "bluetooth"
[[sensors]]
sensor = "A"
place = "pelvis"
{line}
[[sensors]]
sensor = "B"
place = "sternum"
rate_hz = 61
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[mqtt]\nhots = 'x'", r"gaitwire.toml, line 2: mqtt.hots: .*did you mean 'host'\?"),
        ("[mqt]\nhost = 'x'", r"line 1: mqt: .*did you mean 'mqtt'\?"),
        ("\n[pages]\nport = 'web'", r"line 3: pages.port: .*integer.*not 'web'"),
        ("[pages]\nport = 70000", r"line 2: pages.port: .*less than or equal to 65535, not 70000"),
        ("[pipe]\ngrid_rate_hz = -1", r"line 2: pipe.grid_rate_hz: .*equal to 10, not -1"),
        ("[pipe]\ngrid_rate_hz = 1e9", r"line 2: pipe.grid_rate_hz: .*equal to 1000, not 10000"),
        ("[source]\nseed = -1", r"line 2: source.seed: .*equal to 0, not -1"),
        ("[pipe]\ngrid_rate_hz = nan", r"line 2: pipe.grid_rate_hz"),
        ("[person]\nid = 'Anna B'", r"line 2: person.id: .*pattern"),
        ("[[sensors]]\nsensor = 'a'", r"line 1: sensors.0.place: this key is missing"),
        (
            "[[sensors]]\nsensor = 'a'\nplace = 'pelvis'\n[[sensors]]\nsensor = 'b'\nplace = 'hip'",
            r"line 6: sensors.1.place: .*'pelvis'.*not 'hip'",
        ),
        (
            "[[sensors]]\nsensor='a'\nplace='pelvis'\n[[sensors]]\nsensor='b'\nplace='pelvis'",
            r"gaitwire.toml: sensors a and b both claim place pelvis",
        ),
        (
            "[[feedback.rules]]\nkind='cadence'\nlow_spm=100\nhigh_spm=90",
            r"line 1: feedback.rules.0: .*low_spm must lie below high_spm",
        ),
        ("[mqtt]\npassword = 5", r"line 2: mqtt.password: input should be a valid string$"),
        ("[sinks.json_lins]", r"line 1: sinks.json_lins: .*did you mean 'json_lines'\?"),
        ("[sinks.json_lines]\nfoldr = 'x'", r"line 2: sinks.json_lines.foldr: .*mean 'folder'\?"),
        ("[sinks.json_lines]\nenabled = 'maybe'", r"line 2: sinks.json_lines.enabled: .*'maybe'"),
        ("mqtt = [", r"is not TOML: Invalid value"),
        (
            sensors("driver = 'movela_dot'"),
            r"line 5: sensors.0.driver: there is no sensor driver.*did you mean 'movella_dot'\?",
        ),
        (
            sensors("driver = 'sample_frame'"),
            r"line 5: sensors.0.driver: .*reads recordings and has no radio \(sensor A\)",
        ),
        (sensors("rate_hz = 50"), r"line 5: sensors.0.rate_hz: .* 60 Hz.*, not at 50 Hz"),
        (sensors("rate_hz = 60"), r"line 9: sensors.1.rate_hz: .*, not at 61 Hz \(sensor B\)"),
        (
            sensors("settings = { mod = 26 }"),
            r"line 5: sensors.0.settings.mod: .*no setting 'mod'; did you mean 'mode'\?",
        ),
        (
            sensors("settings = { mode = 27 }"),
            r"line 5: sensors.0.settings.mode: .* 27, which is not among .*26 \(sensor A\)",
        ),
    ],
)
def test_mistakes_are_told_where_they_are(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        load(tmp_path, text)
    assert error.value.exit_code == 2


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, "[mqtt]\nhots = 'x'\n[pages]\nport = -1\n")
    assert len(str(error.value).splitlines()) == 2


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a text file"):
        load_config(tmp_path / "binary.toml")


def test_the_environment_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAITWIRE_MQTT__PASSWORD", "from outside")
    config = load(tmp_path, "[mqtt]\npassword = 'inside'\nusername = 'u'")
    assert config.mqtt.password.get_secret_value() == "from outside"
    assert config.mqtt.username == "u"
    monkeypatch.setenv("GAITWIRE_PAGES__PORT", "web")
    with pytest.raises(ConfigError, match="environment variable GAITWIRE_PAGES__PORT"):
        load(tmp_path, "")


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_loaded_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        found: Config | ConfigError = load(tmp_path_factory.mktemp("config"), text)
    except ConfigError as error:
        found = error
    assert isinstance(found, Config) or "gaitwire.toml" in str(found)


def test_secrets_stay_out_of_what_is_shown(tmp_path: Path) -> None:
    config = load(tmp_path, "[mqtt]\npassword = 'hush'\n[influxdb]\ntoken = 'hush'")
    assert "hush" not in repr(config)
    assert "hush" not in config.model_dump_json()


def test_unknown_exercises_drivers_and_models_are_refused(tmp_path: Path) -> None:
    rules = "[[feedback.rules]]\nkind='range'\nexercise='sqat'\nlow_deg=1\nhigh_deg=2"
    with pytest.raises(UsageError, match="no exercise 'sqat'; did you mean 'squat'"):
        build_pipe(load(tmp_path, rules), "p", (), 0, 100.0, 0.02)
    sensor = "[[sensors]]\nsensor='a'\nplace='pelvis'\ndriver='nosuch'"
    config = load(tmp_path, sensor)
    with pytest.raises(UsageError, match="no sensor driver 'nosuch'; known are"):
        build_pipe(config, "p", config.sensor_specs(), 0, 100.0, 0.02)


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == reference(), (
        "run: python -m gateway.config_reference > docs/configuration.md"
    )


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        (
            "GAITWIRE_MQT__PORT",
            "5",
            "GAITWIRE_MQT__PORT: there is no key 'mqt'; did you mean 'MQTT'",
        ),
        ("GAITWIRE_MQTT__PROT", "5", "no key 'prot'; did you mean 'PORT'"),
        ("GAITWIRE_SINKS__JSON_LINES__FOLDR", "x", "no key 'foldr'; did you mean 'FOLDER'"),
        ("GAITWIRE_SENSORS", '[{"sensor":"x"}', "is not JSON"),
        ("GAITWIRE_INFLUXDB__URL", "ftp://x", "environment variable GAITWIRE_INFLUXDB__URL"),
    ],
)
def test_mistakes_in_the_environment_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=told):
        load(tmp_path, "")
