"""Pushing the dashboard: what Grafana gets, and what a person is told where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboards.grafana.live import UID, as_json, live_dashboard
from dashboards.grafana.provisioning import Database
from dashboards.grafana.push import Datasource, push
from gateway.cli.dashboards import app
from gateway.errors import ConfigError, ServiceError, UsageError
from inference.wordings import wordings
from tests.dashboards.grafana_server import (
    ADMIN,
    EDITOR,
    VIEWER,
    Grafana,
    grafana_server,
    other_server,
)
from tests.services.server import free_port

DASHBOARD = live_dashboard(wordings())
DATABASE = Database("http://127.0.0.1:8086", "gaitwire", "gaitwire", "secret")


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with grafana_server() as running:
        yield running


def test_the_dashboard_arrives_whole_in_its_folder(grafana: Grafana) -> None:
    pushed = push(grafana.url, ADMIN, DASHBOARD, DATABASE)
    assert grafana.dashboards == {UID: json.loads(as_json(DASHBOARD))}
    assert list(grafana.folders) == ["gaitwire"]
    assert pushed.url == f"{grafana.url}/d/{UID}/gaitwire-live"
    assert pushed.version == 1


def test_the_data_source_is_made_once_and_then_left_alone(grafana: Grafana) -> None:
    assert push(grafana.url, ADMIN, DASHBOARD, DATABASE).datasource == Datasource.CREATED
    (made,) = grafana.datasources.values()
    assert made == DATABASE.datasource()
    grafana.datasources["gaitwire-influxdb"] = changed = {"changed": "by hand"}
    again = push(grafana.url, ADMIN, DASHBOARD, DATABASE)
    assert (again.datasource, again.version) == (Datasource.PRESENT, 2)
    assert grafana.datasources["gaitwire-influxdb"] is changed


def test_without_a_database_a_missing_data_source_is_told(grafana: Grafana) -> None:
    assert push(grafana.url, ADMIN, DASHBOARD).datasource == Datasource.MISSING
    assert not grafana.datasources


def test_an_editor_can_push_though_data_sources_are_hidden_from_it(grafana: Grafana) -> None:
    assert push(grafana.url, EDITOR, DASHBOARD, DATABASE).datasource == Datasource.HIDDEN
    assert UID in grafana.dashboards


def test_missing_rights_are_told_with_the_role_that_helps(grafana: Grafana) -> None:
    with pytest.raises(ServiceError, match=r"lacks a right \(You'll need.*role Editor"):
        push(grafana.url, VIEWER, DASHBOARD, DATABASE)
    assert not grafana.dashboards


def test_a_wrong_token_is_told_with_where_to_make_one(grafana: Grafana) -> None:
    with pytest.raises(ServiceError, match=r"does not accept the token; make one in Grafana"):
        push(grafana.url, "wrong", DASHBOARD)


@pytest.mark.parametrize("token", ["", "with\nbreak", "nön-ascii"])
def test_what_cannot_be_a_token_is_refused_before_the_call(token: str) -> None:
    with pytest.raises(UsageError, match="needs a service account token"):
        push("http://127.0.0.1:1", token, DASHBOARD)


@pytest.mark.parametrize("url", ["", "grafana", "ftp://here", "http://", "http://here:port"])
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(UsageError, match=r"no address of a Grafana.*http://127\.0\.0\.1:3000"):
        push(url, ADMIN, DASHBOARD)


def test_an_unreachable_grafana_is_told() -> None:
    with pytest.raises(ServiceError, match=r"cannot be reached; start it, or correct url"):
        push(f"http://127.0.0.1:{free_port()}", ADMIN, DASHBOARD)


def test_another_server_is_not_taken_for_grafana() -> None:
    with other_server() as url, pytest.raises(ServiceError, match="is not Grafana"):
        push(url, ADMIN, DASHBOARD)


def test_a_path_below_the_address_is_kept(grafana: Grafana) -> None:
    with pytest.raises(ServiceError, match="status 404"):
        push(f"{grafana.url}/monitoring", ADMIN, DASHBOARD)


def test_the_command_takes_address_and_tokens_from_the_configuration(
    grafana: Grafana, tmp_path: Path
) -> None:
    config = tmp_path / "gaitwire.toml"
    config.write_text(
        f'[grafana]\nurl = "{grafana.url}"\ntoken = "{ADMIN}"\n'
        '[influxdb]\nenabled = true\ntoken = "secret"\nbucket = "gait"\n'
    )
    result = CliRunner().invoke(app, ["push", "-c", str(config), "--json"])
    document = json.loads(result.stdout)
    assert document == {
        "url": f"{grafana.url}/d/{UID}/gaitwire-live",
        "version": 1,
        "datasource": "created",
    }
    assert grafana.datasources["gaitwire-influxdb"]["jsonData"]["defaultBucket"] == "gait"


def test_the_command_says_in_words_what_is_still_missing(grafana: Grafana) -> None:
    environment = {"GAITWIRE_GRAFANA__TOKEN": ADMIN}
    result = CliRunner().invoke(app, ["push", "--url", grafana.url], env=environment)
    assert result.exit_code == 0
    assert f"Pushed version 1: {grafana.url}/d/{UID}" in result.stdout
    assert "no data source" in result.stdout


def test_the_command_asks_for_a_token_and_says_where_to_put_it() -> None:
    result = CliRunner().invoke(app, ["push"])
    assert isinstance(result.exception, UsageError)
    assert "--token" in str(result.exception)


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["push", "-c", str(tmp_path / "absent.toml")])
    assert isinstance(result.exception, ConfigError)
    assert "absent.toml" in str(result.exception)
