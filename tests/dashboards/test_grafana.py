"""The dashboard and its files have the shape that Grafana documents."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dashboards.grafana import palette, planes
from dashboards.grafana.flux import DATASOURCE_UID
from dashboards.grafana.live import GRID_WIDTH, UID, as_json, live_dashboard
from dashboards.grafana.provisioning import HOME, Database, files, write
from gateway.cli.dashboards import app
from gateway.errors import GaitwireError
from inference.model.contract import TARGETS
from inference.wordings import wordings

DASHBOARD = live_dashboard(wordings())
MODEL: dict[str, Any] = json.loads(as_json(DASHBOARD))
PANELS: list[dict[str, Any]] = [panel for panel in MODEL["panels"] if panel["type"] != "row"]
REF = {"type": "influxdb", "uid": DATASOURCE_UID}
CLAIMS = re.compile(
    r"\b(normal|abnormal|healthy|patholog|diagnos|risk|disease|impair)", re.IGNORECASE
)


def test_identity_and_schema() -> None:
    assert MODEL["uid"] == UID
    assert MODEL["title"] == "Gaitwire live"
    assert MODEL["schemaVersion"] >= 36
    assert "id" not in MODEL
    assert len(UID) <= 40


def test_it_is_live() -> None:
    assert MODEL["refresh"] == "1s"
    assert "1s" in MODEL["timepicker"]["refresh_intervals"]
    assert MODEL["timepicker"]["nowDelay"] == "2s"
    assert MODEL["time"] == {"from": "now-1m", "to": "now"}
    assert MODEL["liveNow"] is False


def test_rows_in_order() -> None:
    titles = [panel["title"] for panel in MODEL["panels"] if panel["type"] == "row"]
    assert titles == ["Gait", "Measures", "Joints", planes.TITLE, "Exercises", "Model", "Sensors"]


def test_panels_have_numbers_of_their_own() -> None:
    numbers = [panel["id"] for panel in MODEL["panels"]]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_panels_lie_in_the_grid_without_overlap() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in MODEL["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= GRID_WIDTH
        taken = set(
            itertools.product(
                range(place["x"], place["x"] + place["w"]),
                range(place["y"], place["y"] + place["h"]),
            )
        )
        assert not taken & cells, panel["title"]
        cells |= taken


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_and_asks_our_data_source(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"]
    assert len(panel["description"]) > 15
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["noValue"]
    assert panel["datasource"] == REF
    letters = [target["refId"] for target in panel["targets"]]
    assert letters == ["A", "B", "C"][: len(letters)]
    assert all(target["datasource"] == REF for target in panel["targets"])
    assert all("${person:regex}" in target["query"] for target in panel["targets"])


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_neither_halves_its_points_nor_adds_empty_ones(panel: dict[str, Any]) -> None:
    assert panel["maxDataPoints"] == 1500
    assert panel["interval"] == "10ms"
    for target in panel["targets"]:
        windows = re.findall(r"aggregateWindow\((.*)\)", target["query"])
        assert all("createEmpty: false" in window for window in windows)
        assert all("every: v.windowPeriod" in window for window in windows)
    if panel["type"] == "timeseries":
        assert "aggregateWindow" in panel["targets"][0]["query"]
        assert panel["fieldConfig"]["defaults"]["custom"]["insertNulls"] >= 500


def test_no_panel_makes_a_claim_about_health() -> None:
    for panel in PANELS:
        assert not CLAIMS.search(panel["title"] + panel["description"])
    assert "not a diagnosis" in MODEL["description"]


def test_colours_are_those_that_everyone_tells_apart() -> None:
    known = {*palette.SERIES, palette.LEFT, palette.RIGHT, palette.POOR, palette.WATCH}
    used = set(re.findall(r"#[0-9A-Fa-f]{6}\b", as_json(DASHBOARD)))
    assert used <= known
    assert not re.search(r'"(color|fixedColor)": "(red|green)"', as_json(DASHBOARD))


def test_the_model_row_asks_for_figures_that_the_model_gives() -> None:
    given = {target.name for target in TARGETS} | {f"{target.name}_sd" for target in TARGETS}
    queries = [t["query"] for p in PANELS for t in p["targets"] if '"estimate"' in t["query"]]
    asked = {name for query in queries for name in re.findall(r'r\._field == "(\w+)"', query)}
    assert asked
    assert asked <= given


def test_variables_choose_person_session_and_figure() -> None:
    variables = MODEL["templating"]["list"]
    assert [variable["name"] for variable in variables] == ["person", "session", "figure"]
    assert all(v["type"] == "query" and v["datasource"] == REF for v in variables)
    for variable in variables[1:]:
        assert variable["allValue"] == ".*"
        assert "${person:regex}" in variable["query"]


def test_the_sdk_reads_its_own_dashboard_back() -> None:
    # Imported here, once ours has quietened the warning that comes with it.
    from grafana_foundation_sdk.models.dashboard import Dashboard

    again = Dashboard.from_json(MODEL)
    assert [panel.title for panel in again.panels or []] == [p["title"] for p in MODEL["panels"]]


def test_building_twice_gives_the_same_bytes() -> None:
    assert files(DASHBOARD) == files(DASHBOARD)
    assert as_json(DASHBOARD) == as_json(live_dashboard(wordings()))


def test_files_lie_as_grafana_looks_for_them(tmp_path: Path) -> None:
    written = write(tmp_path, DASHBOARD)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == {
        "datasources/gaitwire.yaml",
        "dashboards/gaitwire.yaml",
        f"dashboards/{UID}.json",
    }
    provider = yaml.safe_load((tmp_path / "dashboards/gaitwire.yaml").read_text())
    (folder,) = provider["providers"]
    assert provider["apiVersion"] == 1
    assert folder["type"] == "file"
    assert Path(folder["options"]["path"]) == HOME / "dashboards"
    assert json.loads((tmp_path / f"dashboards/{UID}.json").read_text()) == MODEL


def test_the_provisioned_data_source_is_the_one_that_is_pushed() -> None:
    document = yaml.safe_load(files(DASHBOARD)[Path("datasources/gaitwire.yaml")])
    (provisioned,) = document["datasources"]
    assert document["apiVersion"] == 1
    assert provisioned.pop("editable") is False
    names = ("$INFLUXDB_URL", "$INFLUXDB_ORG", "$INFLUXDB_BUCKET", "$INFLUXDB_TOKEN")
    assert provisioned == Database(*names).datasource()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "datasources").write_text("a file where a folder must be")
    with pytest.raises(GaitwireError, match=r"datasources.*cannot be written.*--out"):
        write(tmp_path, DASHBOARD)


def test_the_command_writes_and_lists_the_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["build", "--out", str(tmp_path / "a"), "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert len(document["files"]) == 3
    assert all(Path(path).is_file() for path in document["files"])
    plain = CliRunner().invoke(app, ["build", "--out", str(tmp_path / "b")])
    assert f"{UID}.json" in plain.stdout
