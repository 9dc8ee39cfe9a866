"""Plans: read from files, and played without a radio."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.errors import ConfigError
from gateway.journal import open_journal
from gateway.messages import BodyBlock, ImuBlock, Marker, Message, Place
from simulators.plans import Plan
from simulators.plans.files import load_plan, read_plan, ready_plans
from simulators.plans.recording import PlannedRecording
from simulators.sensing.faults import Fault, FaultKind
from tests.playing import played

ONE = '[[sensors]]\nplace = "pelvis"\n'


@pytest.mark.parametrize(("name", "worn"), [("mixed", 8), ("stairs", 3), ("trouble", 8)])
def test_the_ready_plans_play(name: str, worn: int) -> None:
    assert name in ready_plans()
    plan = dataclasses.replace(load_plan(name), seconds=10.0)
    assert len(plan.sensors) == worn
    body = [m for m in played(PlannedRecording(plan), 10.0) if isinstance(m, BodyBlock)]
    assert body[-1].valid[-200:-50].mean() > 0.95


@pytest.mark.parametrize(("model", "rate_hz"), [("h10", 50.0), ("oh1", 50.0), ("sense", 52.0)])
def test_a_polar_sensor_is_the_model_that_the_plan_names(model: str, rate_hz: float) -> None:
    """And has the rate next to the usual one that this model has."""
    plan = read_plan(
        f'seconds = 6\n{ONE}driver = "polar_pmd"\nsettings = {{ model = "{model}" }}', "f.toml"
    )
    assert plan.sensors[0].rate_hz == rate_hz
    made = played(PlannedRecording(plan), 6.0)
    turns = [m.stream == 1 for m in made if isinstance(m, ImuBlock)]
    assert sum(map(len, turns)) > 200
    assert np.concatenate(turns).any() == (model == "sense")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seconds = ", "f.toml: is not TOML"),
        ("", "f.toml: sensors: this key is missing"),
        (f"secnds = 3\n{ONE}", "f.toml: secnds: there is no such key; did you mean 'seconds'?"),
        (f"seconds = 0\n{ONE}", "f.toml: seconds: expected is a number from 1 to 3600, not 0"),
        (f"speed_mps = 9\n{ONE}", "f.toml: speed_mps: people walk at 0.3 to 2.1 m/s here"),
        (f'scenario = "wlk"\n{ONE}', "f.toml: scenario: did you mean 'walk'?"),
        (f"radio = 3\n{ONE}", "f.toml: radio: expected is a table"),
        (f"{ONE}[radio]\nloss = 2", "f.toml: radio loss: expected is a number from 0 to 0.99"),
        (f"{ONE}[radio]\ninterval_ms = 1e9", "radio interval_ms: expected is a number from 7.5"),
        (f"{ONE}drift_ppm = -1e6", "f.toml: sensors[0] drift_ppm: expected is a number from -1000"),
        (f"{ONE}clock_s = 1e300", "f.toml: sensors[0] clock_s: expected is a number from 0 to"),
        (f'{ONE}driver = "bluest"\nrate_hz = 1e300', "sensors[0] rate_hz: expected is a number"),
        (f'{ONE}driver = "layout"\nrate_hz = 60', "f.toml: sensors[0] Arduino IMU streams at 100"),
        (f'{ONE}driver = "layout"\nsettings = {{ layout = "own" }}', "f.toml: sensors[0] own: can"),
        ('[[sensors]]\nplace = ["pelvis"]', "f.toml: sensors[0] place: expected is one of pelvis"),
        (
            f'{ONE}[[faults]]\nkind = "adapter_off"\nplace = "pelvis"\nat_s = 1',
            "f.toml: faults[0] place: adapter_off strikes all sensors; leave it out",
        ),
        (
            f'{ONE}[[faults]]\nkind = "stall"\nplace = "pelvis"\nat_s = 1e300',
            "f.toml: faults[0] at_s: expected is a number from 0 to 3600",
        ),
        (ONE + ONE, "f.toml: sensors: 2 sensors are worn at pelvis"),
        (
            '[[sensors]]\ndriver = "standard"\nplace = "sternum"',
            "f.toml: sensors[0] place: a sensor of driver standard measures no motion; leave",
        ),
        ('[[sensors]]\nplace = "hip"', "f.toml: sensors[0] place: expected is one of pelvis"),
        (f"{ONE}rate_hz = 61", "f.toml: sensors[0] a Movella DOT streams at"),
        (
            f'{ONE}driver = "polar_pmd"\nrate_hz = 100\nsettings = {{ model = "oh1" }}',
            "f.toml: sensors[0] a Polar OH1 streams at 50 Hz, not at 100 Hz",
        ),
        (f"{ONE}settings = {{ moode = 3 }}", "did you mean 'mode'?"),
        (f'{ONE}[[faults]]\nkind = "stal"', "f.toml: faults[0] kind: did you mean 'stall'?"),
        (
            f'{ONE}[[faults]]\nkind = "stall"\nplace = "sternum"',
            "f.toml: faults[0] place: expected is one of pelvis, not 'sternum'",
        ),
        (f'{ONE}[[faults]]\nkind = "adapter_off"', "f.toml: faults[0] at_s: this key is missing"),
    ],
)
def test_a_mistake_is_told_with_its_key(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_plan(text, "f.toml")
    assert told in str(raised.value)


def test_a_file_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="ready to use are mixed, stairs, trouble"):
        load_plan("nowhere.toml")


def test_a_sensor_streams_at_the_rate_that_its_layout_fixes() -> None:
    assert read_plan(f'{ONE}driver = "layout"', "f").sensors[0].rate_hz == 100.0


def test_faults_become_remarks() -> None:
    plan = read_plan(f'{ONE}[[faults]]\nkind = "battery_flat"\nplace = "pelvis"\nat_s = 3', "f")
    (mark,) = plan.markers("p")
    assert isinstance(mark, Marker)
    assert (mark.t_s, mark.kind, mark.text) == (3.0, "fault:battery_flat", "pelvis, to the end")


def struck(kind: FaultKind) -> tuple[Plan, list[Message]]:
    """Twelve seconds in which something befalls the left foot from 6 s for 2 s."""
    text = '[[sensors]]\nplace = "left_foot"\n[[sensors]]\nplace = "right_foot"\n[radio]\nloss = 0'
    fault = Fault(kind, Place.LEFT_FOOT, 6.0, 2.0)
    plan = dataclasses.replace(read_plan(text, "f"), seconds=12.0, faults=(fault,))
    return plan, played(PlannedRecording(plan), 12.0)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_what_each_fault_leads_to(kind: FaultKind) -> None:
    _, produced = struck(kind)
    body = next(m for m in produced if isinstance(m, BodyBlock))
    left, right = body.valid[620:780].T
    silent = kind in {
        FaultKind.DISCONNECT, FaultKind.OUT_OF_RANGE, FaultKind.REFUSED, FaultKind.ELSEWHERE,
        FaultKind.RESTART, FaultKind.BATTERY_FLAT, FaultKind.STALL, FaultKind.OVERFLOW,
        FaultKind.ADAPTER_OFF,
    }  # fmt: skip
    assert left.any() != silent
    assert right.all()
    turn = body.gyr[620:780, 0, 2]
    known = turn[np.isfinite(turn)]  # once an axis is found to be stuck, there is nothing more
    same = len(known) > 0 and bool(np.ptp(known) < 1e-9)
    assert same == (kind in {FaultKind.STUCK_AXIS, FaultKind.DEAD_AXIS})


def test_a_restart_begins_a_new_segment() -> None:
    _, produced = struck(FaultKind.RESTART)
    segments = {
        int(s) for m in produced if isinstance(m, ImuBlock) for s in m.segment[m.stream == 0]
    }
    assert segments == {0, 1}


def test_a_session_of_a_plan_holds_truth_and_faults(tmp_path: Path) -> None:
    out = tmp_path / "s.gaitwire"
    asked = ["simulate", "--scenario-file", "trouble", "--seconds", "20", "--out", str(out)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    with open_journal(out) as journal:
        marks = [told for told in journal.truth() if isinstance(told, Marker)]
    assert sorted(mark.kind for mark in marks) == sorted(
        f"fault:{fault.kind}" for fault in load_plan("trouble").faults
    )
