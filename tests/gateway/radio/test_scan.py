"""``gaitwire scan`` and ``gaitwire demo --radio``: the virtual radio from the outside."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from gateway.app.service import Service
from gateway.app.source import configured_source
from gateway.cli import app
from gateway.cli.scan import sensor_table
from gateway.config.file import load_config
from gateway.config.settings import Config, JournalSection, MqttSection, PagesSection, SourceSection
from gateway.errors import UsageError
from gateway.journal import SUFFIX, open_journal
from gateway.link_state import read_settings, read_state
from gateway.messages import (
    FloatArray,
    GaitEvent,
    GaitEventKind,
    JointAngleBlock,
    LinkState,
    Marker,
)
from gateway.radio.bleak_link import BleakRadio
from gateway.radio.link import Sighting
from gateway.radio.survey import Found, known_as, survey
from gateway.recordings import open_recording
from simulators.peripherals import Advertisement, movella_dot
from simulators.places import PLACES
from simulators.radio_world.world import open_world
from tests.gateway.radio.living import dots
from tests.gateway.radio.scripted import ScriptedRadio


def test_sensors_in_range_are_listed_for_programs_and_for_people() -> None:
    done = CliRunner().invoke(app, ["scan", "--virtual", "--seconds", "1", "--json"])
    assert done.exit_code == 0
    sensors = json.loads(done.stdout)["sensors"]
    assert len(sensors) == len(PLACES)
    assert sensors[0] == {
        "name": "Movella DOT",
        "maker": "Movella (Xsens)",
        "address": sensors[0]["address"],
        "rssi_dbm": -60,
        "battery": None,
        "driver": "movella_dot",
        "adapter": sensors[0]["adapter"],
    }
    shown = CliRunner().invoke(app, ["scan", "--virtual", "--seconds", "1"])
    assert all(sensor["address"] in shown.stdout for sensor in sensors)


async def test_a_name_is_shown_whatever_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str, **others: Any) -> Advertisement:
        return Advertisement(f"{name}[/x]\x1b[2J\0", **others)

    monkeypatch.setattr(movella_dot, "Advertisement", named)
    async with open_world(dots(1)) as world:
        found = await survey(BleakRadio((), **world.backend), 0.5)
    assert [(device.name, device.driver) for device in found] == [
        ("Movella DOT[/x]·[2J·", "movella_dot")
    ]
    console = Console(width=200, file=io.StringIO())
    console.print(sensor_table(found))
    assert isinstance(console.file, io.StringIO)
    assert "Movella DOT[/x]·[2J·" in console.file.getvalue()


async def test_the_known_come_first_and_then_the_near() -> None:
    heard = {"FAR": -90, "NEAR": -40, "MIDDLE": -60}
    changes: list[list[Found]] = []
    found = await survey(ScriptedRadio({"": heard}), 0.1, changes.append)
    assert [device.address for device in found] == ["NEAR", "MIDDLE", "FAR"]
    assert changes[-1] == found
    assert [device.driver for device in found] == ["", "", ""]


def test_a_device_is_known_by_any_of_its_signs() -> None:
    assert known_as(Sighting("A", "Xsens DOT", (), (), -50, "")) == "movella_dot"
    assert known_as(Sighting("A", "", (), (0x0886,), -50, "")) == "movella_dot"
    assert known_as(Sighting("A", "a keyboard", (), (), -50, "")) == ""


def config(folder: Path) -> Config:
    """Virtual sensors, no servers."""
    return Config(
        source=SourceSection(kind="virtual-radio", scenario="walk"),
        journal=JournalSection(folder=folder),
        mqtt=MqttSection(enabled=False),
        pages=PagesSection(enabled=False),
    )


PLAN = """
scenario = "walk"
seed = 1
[[sensors]]
place = "left_foot"
driver = "movella_dot"
rate_hz = 60
[[sensors]]
place = "right_foot"
driver = "movella_dot"
rate_hz = 60
[[faults]]
kind = "duplicated"
place = "left_foot"
at_s = 5
for_s = 1
"""


def test_a_live_session_of_a_plan_holds_truth_and_faults_in_its_own_time(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    chosen = config(tmp_path).model_copy(
        update={"source": SourceSection(kind="virtual-radio", plan=str(plan))}
    )
    source = configured_source(chosen)
    asyncio.run(Service(chosen, source).run(asyncio.Event(), lambda _: None, seconds=14))
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    with open_journal(path) as journal:
        assert journal.info.truth
        truth = list(journal.truth())
        (fault,) = [told for told in truth if isinstance(told, Marker)]
        assert (fault.kind, fault.text) == ("fault:duplicated", "left_foot, for 1 s")
        assert 5 < fault.t_s < 9
        angles = [told for told in truth if isinstance(told, JointAngleBlock)]
        assert sum(len(block.angle_rad) for block in angles) > 900
        known = landings(truth)
        found = landings(list(journal.messages(["gait_event"])))
    assert len(found) >= 3
    nearest = [float(np.abs(known - t_s).min()) for t_s in found]
    assert np.median(nearest) < 0.08, (known, found)


def landings(messages: Sequence[object]) -> FloatArray:
    """Return the times of initial contacts."""
    return np.array(
        [
            m.t_s
            for m in messages
            if isinstance(m, GaitEvent) and m.kind is GaitEventKind.INITIAL_CONTACT
        ]
    )


def test_a_session_over_the_virtual_radio_records_what_the_radio_says(tmp_path: Path) -> None:
    chosen = config(tmp_path)
    source = configured_source(chosen)
    figures = asyncio.run(Service(chosen, source).run(asyncio.Event(), lambda _: None, seconds=6))
    assert figures.samples > 8 * 60
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    blocks = [block for chunk in open_recording(path).chunks(60.0) for block in chunk]
    for spec in source.sensors:
        told = {block.channel: block for block in blocks if block.sensor == spec.sensor}
        assert set(told) == {"state", "settings", "motion", "battery"}
        settings, state = told["settings"], told["state"]
        assert read_settings(settings.payload[: settings.ends[0]])["rate_hz"] == 60.0
        assert settings.arrival_ns[0] <= told["motion"].arrival_ns[0]
        streaming = state.payload[state.ends[1] : state.ends[2]]
        assert read_state(streaming).state == LinkState.STREAMING


def test_a_virtual_sensor_needs_an_address(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        '[source]\nkind = "virtual-radio"\n[[sensors]]\nsensor = "left one"\nplace = "pelvis"\n'
    )
    with pytest.raises(UsageError, match="'left one': a virtual sensor needs an address such as"):
        configured_source(load_config(path))
