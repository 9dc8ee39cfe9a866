"""Every query of the dashboard against the real InfluxDB, filled with the project's own lines."""

from __future__ import annotations

import dataclasses
import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dashboards.grafana.live import as_json, live_dashboard
from gateway.messages import Place
from gateway.sinks.lines import lines_of
from inference.wordings import wordings
from tests.dashboards.demo_data import PERSON, demo_messages, demo_session
from tests.dashboards.grafana_stand_in import Range, Table, asked, check, filled
from tests.services.influx import ORG, Influx

SECONDS = 120
SEED = 20
DASHBOARD = live_dashboard(wordings())
MODEL: dict[str, Any] = json.loads(as_json(DASHBOARD))
PANELS: dict[str, dict[str, Any]] = {
    f"{panel['id']} {panel['title']}": panel for panel in MODEL["panels"] if "targets" in panel
}


@dataclass(frozen=True)
class Demo:
    """A bucket with two sessions of the demo person, one after the other."""

    influx: Influx
    bucket: str
    shown: Range

    def ask(self, flux: str, **chosen: str) -> list[Table]:
        """Run one of the dashboard's queries as Grafana would."""
        variables = {"person": PERSON, "session": ".*", "figure": ".*", **chosen}
        return asked(self.influx, filled(flux, self.shown, self.bucket, variables))

    def panel(self, title: str, **chosen: str) -> list[Table]:
        """Run all queries of the panel called ``title``."""
        panel = next(p for p in PANELS.values() if p["title"] == title)
        return [table for t in panel["targets"] for table in self.ask(t["query"], **chosen)]


@pytest.fixture(scope="module")
def demo(influx: Influx) -> Demo:
    print(f"seed {SEED}")  # noqa: T201, shown by pytest on failure: reproduces the data
    bucket = influx.create_bucket()
    now_ns = time.time_ns()
    for name, ago_s in (("first", 2 * SECONDS), ("second", SECONDS)):
        info = demo_session(name, now_ns - ago_s * 10**9)
        messages = demo_messages(SECONDS, np.random.default_rng(SEED))
        write(influx, bucket, [line for message in messages for line in lines_of(message, info)])
    return Demo(influx, bucket, Range(now_ns - 2 * SECONDS * 10**9, now_ns))


def write(influx: Influx, bucket: str, lines: list[str]) -> None:
    request = urllib.request.Request(
        f"{influx.url}/api/v2/write?org={ORG}&bucket={bucket}&precision=ns",
        "\n".join(lines).encode(),
        {"Authorization": f"Token {influx.token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.status == 204


@pytest.mark.parametrize("name", PANELS)
def test_every_query_of_a_panel_returns_what_the_panel_shows(demo: Demo, name: str) -> None:
    panel, names = PANELS[name], set[str]()
    for target in panel["targets"]:
        tables = demo.ask(target["query"])
        assert any(table.rows for table in tables), target["query"]
        check(tables)
        names |= {name for table in tables for name in table.names()}
    styled = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
    assert styled <= names


@pytest.mark.parametrize("name", PANELS)
def test_an_answer_fits_whatever_the_time_shown(demo: Demo, name: str) -> None:
    for seconds in (5, 60):
        start_ns = demo.shown.stop_ns - seconds * 10**9
        last = dataclasses.replace(demo, shown=Range(start_ns, demo.shown.stop_ns))
        for target in PANELS[name]["targets"]:
            check(last.ask(target["query"]))


@pytest.mark.parametrize("name", PANELS)
def test_a_person_without_records_gives_no_rows_and_no_error(demo: Demo, name: str) -> None:
    for target in PANELS[name]["targets"]:
        assert not any(table.rows for table in demo.ask(target["query"], person="nobody"))


def test_variables_list_persons_sessions_and_figures(demo: Demo) -> None:
    texts = {variable["name"]: variable["query"] for variable in MODEL["templating"]["list"]}
    assert _values(demo.ask(texts["person"])) == [PERSON]
    assert _values(demo.ask(texts["session"])) == ["first", "second"]
    assert _values(demo.ask(texts["session"], person="nobody")) == []
    assert _values(demo.ask(texts["figure"])) == [
        "Step time|step_time",
        "Step time, asymmetry|step_time_asymmetry",
    ]


def test_a_session_chosen_leaves_out_the_others(demo: Demo) -> None:
    both, one = demo.panel("Strides"), demo.panel("Strides", session="second")
    assert _by_name(both) == {"left": 2 * SECONDS, "right": 2 * SECONDS}
    assert _by_name(one) == {"left": SECONDS, "right": SECONDS}


def test_figures_are_those_that_were_written(demo: Demo) -> None:
    assert _by_name(demo.panel("Cadence")) == {"left": 109.0909, "right": 109.0909}
    assert _by_name(demo.panel("Repetitions")) == {"squat": 20, "knee-extension, left": 20}
    assert _by_name(demo.panel("Target reached")) == {"squat": 0.5, "knee-extension, left": 0.5}
    ranges = _by_name(demo.panel("Range of motion"))
    assert ranges.keys() == {f"{joint}_deg" for joint in _joints()}
    assert all(value == pytest.approx(60, abs=0.1) for value in ranges.values())


def test_figures_of_measures_are_shown_in_words_and_units_of_people(demo: Demo) -> None:
    newest = {"Step time, left (s)": 0.56, "Step time, right (s)": 0.54}
    assert _by_name(demo.panel("Newest figures")) == {
        **newest,
        "Step time, asymmetry (%)": pytest.approx(3.6),
    }
    assert _by_name(demo.panel("Newest figures", figure="step_time")) == newest
    (table,) = demo.panel("Each figure", figure="step_time_asymmetry")
    assert {(row["name"], row["unit"]) for row in table.rows} == {("Step time, asymmetry", "%")}
    withheld = [row for row in table.rows if row["withheld"]]
    assert withheld
    assert {(row["value"], row["withheld"]) for row in withheld} == {("", "too few real samples")}


def test_a_withheld_stride_is_told_with_its_reason_and_has_no_figure(demo: Demo) -> None:
    reasons = [row for table in demo.panel("Figures that were withheld") for row in table.rows]
    assert len(reasons) == 2 * 2 * SECONDS / 10
    assert {row["withheld"] for row in reasons} == {"too few real samples"}
    points = sum(len(table.rows) for table in demo.panel("Cadence over time"))
    assert points == 2 * 2 * SECONDS - len(reasons)


def test_a_gap_in_the_angles_has_no_points(demo: Demo) -> None:
    left, _ = demo.panel("Knee angle", session="second")
    gaps = np.diff(left.times()) / np.timedelta64(1, "s")
    assert gaps.max() == pytest.approx(1.0, abs=0.3)
    assert np.median(gaps) == pytest.approx(0.2)


def test_the_band_lies_about_the_estimate(demo: Demo) -> None:
    tables = demo.panel("Left knee: measured and estimated")
    rows = [row for table in tables if not table.is_series for row in table.rows]
    below, at, above = (
        np.array([float(r[c]) for r in rows]) for c in ("below", "estimate", "above")
    )
    assert np.allclose(above - at, np.degrees(0.06), atol=0.01)
    assert np.allclose(at - below, np.degrees(0.06), atol=0.01)


def test_the_sensor_table_has_one_row_a_sensor(demo: Demo) -> None:
    (table,) = demo.panel("Sensors now")
    assert sorted(row["place"] for row in table.rows) == sorted(Place)
    batteries = {row["place"]: row["battery"] for row in table.rows}
    assert batteries["sternum"] == ""
    assert float(batteries["pelvis"]) == pytest.approx(0.9)


def _joints() -> list[str]:
    return [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")]


def _values(tables: list[Table]) -> list[str]:
    return [row["_value"] for table in tables for row in table.rows]


def _by_name(tables: list[Table]) -> dict[str, float]:
    return {row["_field"]: float(row["_value"]) for table in tables for row in table.rows}
