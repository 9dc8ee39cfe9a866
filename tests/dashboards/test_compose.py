"""compose.yaml: its structure, its two configurations, and that no secret is in it.

There is no container engine here, so nothing is started from images; Mosquitto's configuration
is tried with the real broker.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import yaml

from dashboards.grafana.live import UID, live_dashboard
from dashboards.grafana.provisioning import HOME, files
from gateway.config.file import load_config
from tests.services.programs import program
from tests.services.server import LOOPBACK, Server, free_port, listens

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
EXAMPLE = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
SECRETS = {"MQTT_PASSWORD", "INFLUXDB_PASSWORD", "INFLUXDB_TOKEN", "GRAFANA_PASSWORD"}
LONG_RUNNING = {"mosquitto", "influxdb", "grafana", "gaitwire"}


def interpolated(text: str) -> str:
    """Return what Compose makes of a text, with a value for everything in the example."""
    filled = {name: value or f"{name.lower()}-1" for name, value in EXAMPLE.items()}
    return re.sub(r"\$\{(\w+)(?::[?-][^}]*)?\}", lambda m: filled[m[1]], text).replace("$$", "$")


def test_the_services_are_these() -> None:
    assert SERVICES.keys() == LONG_RUNNING | {"dashboards"}


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_a_service_is_watched_and_published_on_loopback_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert ":latest" not in service["image"]


def test_nothing_starts_before_what_it_needs() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            watched = "healthcheck" in SERVICES[needed]
            assert how["condition"] == (
                "service_healthy" if watched else "service_completed_successfully"
            )


def test_volumes_and_configurations_are_declared() -> None:
    for service in SERVICES.values():
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= COMPOSE["volumes"].keys()
        assert {config["source"] for config in service.get("configs", [])} <= COMPOSE[
            "configs"
        ].keys()


def test_every_variable_is_in_the_example_and_no_secret_has_a_value() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", text)) == EXAMPLE.keys()
    assert EXAMPLE.keys() >= SECRETS
    assert not any(EXAMPLE[name] for name in SECRETS)
    required = re.findall(r"(?<!\$)\$\{(\w+):\?", text)
    assert set(required) == EXAMPLE.keys()


def test_grafana_gets_all_that_its_provisioning_names() -> None:
    environment = SERVICES["grafana"]["environment"]
    named = set(
        re.findall(r"\$(\w+)", files(live_dashboard({}))[Path("datasources/gaitwire.yaml")])
    )
    assert named <= environment.keys()
    assert environment["GF_DASHBOARDS_MIN_REFRESH_INTERVAL"] == "1s"
    home = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home) == HOME / f"dashboards/{UID}.json"
    assert f"grafana-provisioning:{HOME}:ro" in SERVICES["grafana"]["volumes"]
    (written,) = SERVICES["dashboards"]["volumes"]
    assert written.split(":") == ["grafana-provisioning", SERVICES["dashboards"]["command"][-1]]


def test_gaitwires_configuration_is_valid_and_points_at_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SERVICES["gaitwire"]["environment"].items():
        monkeypatch.setenv(name, interpolated(value))
    file = tmp_path / "gaitwire.toml"
    file.write_text(COMPOSE["configs"]["gaitwire"]["content"])
    config = load_config(file)
    assert config.mqtt.host in SERVICES
    assert config.mqtt.password.get_secret_value() == "mqtt_password-1"
    assert config.influxdb.enabled
    assert config.influxdb.url == SERVICES["grafana"]["environment"]["INFLUXDB_URL"]
    assert config.influxdb.token.get_secret_value() == "influxdb_token-1"
    assert SERVICES["gaitwire"]["ports"] == [f"127.0.0.1:{config.pages.port}:{config.pages.port}"]


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    """Return a file made as the container makes its own."""
    path = tmp_path / "passwords"
    command = [program("mosquitto_passwd"), "-b", "-c", str(path), "someone", "a-password"]
    subprocess.run(command, check=True, capture_output=True)
    return path


async def test_the_real_mosquitto_takes_its_configuration(tmp_path: Path, passwords: Path) -> None:
    port = free_port()
    text = interpolated(COMPOSE["configs"]["mosquitto"]["content"])
    text = text.replace("listener 1883", f"listener {port} {LOOPBACK}\nuser {Path.home().owner()}")
    text = text.replace("/tmp/passwords", str(passwords))
    text = text.replace("/mosquitto/data/", f"{tmp_path}/")
    (tmp_path / "mosquitto.conf").write_text(text)
    server = Server(
        [program("mosquitto"), "-c", tmp_path / "mosquitto.conf"],
        port,
        lambda: listens(port),
        tmp_path / "mosquitto.log",
    )
    with server:
        async with aiomqtt.Client(LOOPBACK, port, username="someone", password="a-password"):
            pass
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
            async with aiomqtt.Client(LOOPBACK, port):
                pass
