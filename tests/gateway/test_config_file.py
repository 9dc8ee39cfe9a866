"""Configuration mistakes are told with file, line, key, what was expected and what is close."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from gateway.app.pipeline import build_pipe
from gateway.cli.demo import run
from gateway.config.file import load_config
from gateway.config.reference import reference
from gateway.config.settings import Config
from gateway.errors import ConfigError, UsageError
from gateway.messages import Place

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
sensor = "D4:22:CD:00:00:0A"
place = "pelvis"
{line}
[[sensors]]
sensor = "D4:22:CD:00:00:0B"
place = "sternum"
rate_hz = 61
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[mqtt]\nhots = 'x'", r"gaitwire.toml, line 2: mqtt.hots: .*did you mean 'host'\?"),
        ("[mqt]\nhost = 'x'", r"line 1: mqt: .*did you mean 'mqtt'\?"),
        ("\n[pages]\nport = 'web'", r"line 3: pages.port: must be a whole number, not 'web'"),
        ("[pages]\nport = 70000", r"line 2: pages.port: must be at most 65535, not 70000"),
        ("[pages]\norigins = 'x'", r"line 2: pages.origins: must be a list, .*, not 'x'"),
        ("[pipe]\ngrid_rate_hz = -1", r"line 2: pipe.grid_rate_hz: must be at least 10, not -1"),
        ("[pipe]\ngrid_rate_hz = 1e9", r"line 2: pipe.grid_rate_hz: .*at most 1000, not 10000"),
        ("[pipe]\nhop_ms = '3'", r"line 2: pipe.hop_ms: must be a number, not '3'"),
        ("[pipe]\nhop_ms = true", r"line 2: pipe.hop_ms: must be a number, not true"),
        ("[pipe]\nhold_back_ms = '3'", r"line 2: pipe.hold_back_ms: must be a number, not '3'"),
        (
            "[journal]\nenabled = 'yes'",
            r"line 2: journal.enabled: must be true .*, not 'yes'",
        ),
        ("[journal]\nenabled = 1", r"line 2: journal.enabled: must be true or false, not 1"),
        ("[journal]\nfolder = 3", r"line 2: journal.folder: must be a path in quotes, not 3"),
        ("[source]\nseed = 1.0", r"line 2: source.seed: must be a whole number, not 1.0"),
        ("[source]\nseed = -1", r"line 2: source.seed: must be at least 0, not -1"),
        ("[source]\nkind = 'blue'", r"line 2: source.kind: must be 'simulator', .*, not 'blue'"),
        ("[pipe]\ngrid_rate_hz = nan", r"line 2: pipe.grid_rate_hz: must be a number, not nan"),
        ("[person]\nid = 'Anna B'", r"line 2: person.id: must be 1 to 64 .*, not 'Anna B'"),
        ("person = 5", r"line 1: person: must be a table, .*, not 5"),
        ("[mqtt]\ntopic = '/a//b/'", r"line 2: mqtt.topic: must be levels .*, not '/a//b/'"),
        ("[influxdb]\nurl = 'x'", r"line 2: influxdb.url: must be an address such as .*, not 'x'"),
        ("[[sensors]]\nsensor = 'a'", r"line 1: sensors.0.place: this key is missing"),
        (
            "[[sensors]]\nsensor = 'a'\nplace = 'pelvis'\n[[sensors]]\nsensor = 'b'\nplace = 'hip'",
            r"line 6: sensors.1.place: .*'pelvis'.*not 'hip'",
        ),
        (
            "[[sensors]]\nsensor = 'a'\ndriver = 'standard'\nplace = 'sternum'",
            r"line 4: sensors.0.place: sensor a measures no motion \(driver standard\).*leave this",
        ),
        (
            "[[sensors]]\nsensor='a'\nplace='pelvis'\n[[sensors]]\nsensor='b'\nplace='pelvis'",
            r"gaitwire.toml, line 6: sensors.1.place: sensors a and b both claim place pelvis",
        ),
        (
            "[[sensors]]\nsensor='a'\nplace='pelvis'\n[[sensors]]\nsensor='a'\nplace='sternum'",
            r"line 5: sensors.1.sensor: sensor a is there twice",
        ),
        (
            "[[feedback.rules]]\nkind='cadence'\nlow_spm=100\nhigh_spm=90",
            r"line 1: feedback.rules.0: low_spm must lie below high_spm$",
        ),
        (
            "[[feedback.rules]]\nkind='cadence'\nlow_spm=100\nhigh_spm=nan",
            r"line 4: feedback.rules.0.high_spm: must be a number, not nan",
        ),
        ("[[feedback.rules]]\nkind='x'", r"line 1: feedback.rules.0: its kind must be .*'cadence'"),
        ("[mqtt]\npassword = 5", r"line 2: mqtt.password: must be text in quotes$"),
        ("[sinks.json_lins]", r"line 1: sinks.json_lins: .*did you mean 'json_lines'\?"),
        ("[sinks.json_lines]\nfoldr = 'x'", r"line 2: sinks.json_lines.foldr: .*mean 'folder'\?"),
        ("[sinks.json_lines]\nenabled = 'maybe'", r"line 2: sinks.json_lines.enabled: .*'maybe'"),
        ("mqtt = [", r"is not TOML: Invalid value"),
        (f"mqtt = {'1' * 5000}", r"holds a number of too many digits"),
        (
            sensors("driver = 'movela_dot'"),
            r"line 5: sensors.0.driver: there is no sensor driver.*did you mean 'movella_dot'\?",
        ),
        (
            sensors("driver = 'sample_frame'"),
            r"line 5: sensors.0.driver: .*reads recordings and has no radio \(sensor .*0A\)",
        ),
        (sensors("rate_hz = 50"), r"line 5: sensors.0.rate_hz: .* 60 Hz.*, not at 50 Hz"),
        (sensors("rate_hz = 60"), r"line 9: sensors.1.rate_hz: .*, not at 61 Hz \(sensor .*0B\)"),
        (
            sensors("settings = { mod = 26 }"),
            r"line 5: sensors.0.settings.mod: .*no setting 'mod'; did you mean 'mode'\?",
        ),
        (
            sensors("settings = { mode = true }"),
            r"line 5: sensors.0.settings.mode: must be a number, or text in quotes, not true$",
        ),
        (
            sensors("settings = { mode = 27 }"),
            r"line 5: sensors.0.settings.mode: .* 27, which is not among .*26 \(sensor .*0A\)",
        ),
        (
            sensors("driver = 'bluest'\nrate_hz = 1e300"),
            r"line 6: sensors.0.rate_hz: must be at most 10000, not 1e\+300",
        ),
        (
            sensors("driver = 'polar_pmd'\nrate_hz = 52\nsettings = { model = 'h10' }"),
            r"line 6: sensors.0.rate_hz: a Polar H10 streams at 25, 50, 100, 200 Hz, not at 52 Hz",
        ),
        (
            sensors("driver = 'polar_pmd'\nrate_hz = 50\nsettings = { model = 'h10', acc_g = 16 }"),
            r"line 7: sensors.0.settings.acc_g: a Polar H10 measures up to 2, 4, 8 g, not 16 g",
        ),
        (
            sensors("driver = 'layout'"),
            r"line 2: sensors.0.settings: Arduino IMU streams at 100 Hz, .* rate_hz = 100 .*0A\)",
        ),
        (
            sensors("driver = 'layout'\nsettings = { layout = 'own' }"),
            r"line 6: sensors.0.settings: own: cannot be read: No such file .*0A\)",
        ),
        (
            sensors("driver = 'metamotion'\nrate_hz = 200\nsettings = { stream = 'plain' }"),
            r"line 7: sensors.0.settings: a MetaMotion sends at most 100 plain samples .*0A\)",
        ),
        (
            sensors("").replace("D4:22:CD:00:00:0B", "d4:22:cd:00:00:0a").replace("61", "60"),
            r"line 7: sensors.1.sensor: sensor d4:22:cd:00:00:0a is there twice",
        ),
        (
            sensors("").replace("D4:22:CD:00:00:0A", "left one").replace("61", "60"),
            r"line 3: sensors.0.sensor: 'left one' is no Bluetooth address; expected is one such",
        ),
        ("[person]\nheight_m = 170", r"line 2: person.height_m: must be at most 2.6, not 170"),
        ("[person]\nheight_m = 0.2", r"line 2: person.height_m: nobody is 0.2 m tall; expected is"),
        (
            "[person]\npelvis_height_m = 0.1",
            r"line 2: person.pelvis_height_m: no pelvis is 0.1 m above the ground in standing",
        ),
        (
            "[person]\nheight_m = 1.75\npelvis_height_m = 1.7",
            r"line 2: person.height_m: no pelvis is 1.7 m above the ground in somebody .* 1.75 m",
        ),
        ("a = " + "[" * 9000 + "]" * 9000, r"gaitwire.toml: is nested too deeply"),
        ("[pages]\nport = 0x" + "f" * 9000, r"line 2: pages.port: .*a number of too many digits"),
    ],
)
def test_mistakes_are_told_where_they_are(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        load(tmp_path, text)
    assert error.value.exit_code == 2


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    rule = "[[feedback.rules]]\nkind = 'cadence'\nlow_spm = 90\nhigh_spm = 125.5"
    assert load(tmp_path, f"[pipe]\nhop_ms = 20\n{rule}").pipe.hop_ms == 20.0


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
    monkeypatch.setenv("GAITWIRE_PAGES__PORT", "80")
    monkeypatch.setenv("GAITWIRE_JOURNAL__ENABLED", "no")
    monkeypatch.setenv("GAITWIRE_PIPE__HOP_MS", "30")
    config = load(tmp_path, "")
    assert (config.pages.port, config.journal.enabled, config.pipe.hop_ms) == (80, False, 30.0)
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


def test_sensors_that_measure_no_motion_take_up_no_place(tmp_path: Path) -> None:
    straps = [f"[[sensors]]\nsensor = '{name}'\ndriver = 'standard'\nrate_hz = 1" for name in "ab"]
    shown = ["[[sensors]]\nsensor = 'c'\nplace = 'sternum'", *straps]
    config = load(tmp_path, "\n".join(shown))
    assert [spec.place for spec in config.sensor_specs()] == [Place.STERNUM, None, None]


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[source]\nscenario = 'wlak'",
            r"line 2: source.scenario: .*no scenario 'wlak'",
        ),
        (
            "[exercises]\nprogramme = ['sqat']",
            r"line 2: exercises.programme.0: .*'sqat'; did you mean 'squat'\?",
        ),
        (
            "[[feedback.rules]]\nkind='range'\nexercise='sqat'\nlow_deg=1\nhigh_deg=2",
            r"line 3: feedback.rules.0.exercise: .*'sqat'; did you mean 'squat'\?",
        ),
        ("[model]\nfile = 'none.onnx'", r"line 2: model.file: none.onnx: the model cannot be read"),
        (
            "[calibration]\nfile = 'none.toml'",
            r"line 2: calibration.file: none.toml: cannot",
        ),
        ("[exercises]\ntaught = ['none.toml']", r"line 2: exercises.taught.0: none.toml: cannot"),
        ("[source]\nkind = 'bluetooth'", r"line 2: source.kind: no sensor is configured"),
    ],
)
def test_what_a_file_asks_for_and_is_not_there_is_told_before_anything_opens(
    tmp_path: Path, text: str, told: str
) -> None:
    path, folder = tmp_path / "gaitwire.toml", tmp_path / "sessions"
    path.write_text(f"{text}\n[journal]\nfolder = '{folder}'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=told) as error:
        run(path, seconds=0.1)
    assert error.value.exit_code == 2
    assert not folder.exists()


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == reference(), (
        "run: python -m gateway.config.reference > docs/configuration.md"
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
        (
            "GAITWIRE_SENSORS",
            '[{"sensor":"x"}',
            "GAITWIRE_SENSORS: sensors: must be a list in JSON, as in",
        ),
        ("GAITWIRE_PAGES__ORIGINS", "x", r"GAITWIRE_PAGES__ORIGINS: pages.origins: must be a list"),
        ("GAITWIRE_PAGES", "[" * 90_000, "GAITWIRE_PAGES: pages: must be a table in JSON"),
        ("GAITWIRE_PAGES", "x", 'GAITWIRE_PAGES: pages: must be a table in JSON, as in {"key"'),
        ("GAITWIRE_INFLUXDB__URL", "ftp://x", "environment variable GAITWIRE_INFLUXDB__URL"),
    ],
)
def test_mistakes_in_the_environment_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=told):
        load(tmp_path, "")
