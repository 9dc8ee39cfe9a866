"""The README is true: its commands exist, its links lead somewhere, its examples run."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import stdev
from typing import Any

import msgspec
import numpy as np
import pytest
from typer.main import get_command

from gateway.cli import app
from gateway.cli.replaying import replay_all
from gateway.config.file import default_config, load_config
from gateway.discovery import discover
from gateway.drivers import Driver
from gateway.drivers.talk import Subscribe
from gateway.messages import Figure, JointAngleBlock, PacketBlock, Quality, Side, Stride
from gateway.pump import Counter
from gateway.sinks.follower import follow, undelivered
from gateway.sinks.plugins import Sink
from inference.exercises import Exercise, Pose
from inference.joints.flexion import JointAngles
from inference.measures import Measure
from inference.repetitions.excursions import EFFORT, ELSEWHERE, MOVING, REST, phases
from simulators.recording import SimulatedRecording
from tests.contract import assert_stage_contract, run
from tests.data import shared
from tests.gateway.made_sessions import Session
from tests.gateway.test_cli import program
from tests.inference.figure import THIGHS, segments, standing
from tests.playing import played

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = sorted((ROOT / "docs").glob("*.md"))
EXAMPLE = "readme_example"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


Find = Callable[[str, str], Any]


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Find]:
    """Finds the example that defines an attribute as the program does, as a file of a folder."""

    def found(package: str, attribute: str) -> Any:
        (source,) = (block for block in blocks("python") if f"\n{attribute} = " in block)
        (tmp_path / f"{EXAMPLE}.py").write_text(source, encoding="utf-8")
        folder = importlib.import_module(package)
        known = set(discover(package, attribute))
        monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
        monkeypatch.delitem(sys.modules, f"{package}.{EXAMPLE}", raising=False)
        importlib.invalidate_caches()
        discover.cache_clear()
        (name,) = discover(package, attribute).keys() - known
        return discover(package, attribute)[name]

    yield found
    discover.cache_clear()


def commands() -> set[str]:
    """Every command of the program by its full name, groups left out."""
    found = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]  # a group
        parts = getattr(command, "commands", None)
        found |= {f"{name} {part}" for part in parts} if parts else {name}
    return found


def test_the_table_names_every_command_and_no_other() -> None:
    table = set(re.findall(r"^\| `gaitwire ([a-z -]+)` \|", README, re.MULTILINE))
    assert table == commands()


@pytest.mark.parametrize("page", [ROOT / "README.md", *DOCS], ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = [t for t in LINK.findall(page.read_text("utf-8")) if "://" not in t and t[0] != "#"]
    missing = [t for t in targets if not (page.parent / t.partition("#")[0]).exists()]
    assert missing == []


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(LINK.findall(README))
    assert {f"docs/{page.name}" for page in DOCS} <= linked


def test_the_commands_that_are_shown_exist() -> None:
    shown = set(re.findall(r"gaitwire ((?:model|dashboards) [a-z]+|[a-z-]+)", README))
    assert shown
    assert shown <= commands()


def shape(line: str) -> str:
    """A line of the program without what differs from run to run: files, times, counts."""
    return re.sub(r"[\d.:]+", "0", re.sub(r"/\S+\.gaitwire", "FILE", line)).strip()


def test_the_demo_prints_what_is_shown(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^\$ gaitwire demo .*\n((?:.+\n)+?)```", README, re.MULTILINE)
    *lines, document = shown.splitlines()
    with program(tmp_path, "demo", "--headless", "--seconds", "3", "--json") as process:
        assert process.wait(60) == 0
    said = (tmp_path / "err").read_text("utf-8").splitlines()
    assert sorted(shape(line) for line in said if line.strip()) == sorted(map(shape, lines))
    summed_up = json.loads((tmp_path / "out").read_text("utf-8"))
    assert list(summed_up) == list(json.loads(document))


def test_the_demo_counts_what_is_shown() -> None:
    (document,) = re.findall(r"^{\"seconds.*latency_ms\":{[^}]*}}$", README, re.MULTILINE)
    told = json.loads(document)
    made = played(SimulatedRecording("clinic", 1, told["seconds"]), 5.0)
    counted = Counter()
    counted.count(made)
    assert (counted.repetitions, counted.cues) == (told["repetitions"], told["cues"])
    assert abs(counted.strides - told["strides"]) <= 1  # the last is under way


def test_the_replay_prints_what_is_shown() -> None:
    shown = re.findall(r"^\$ gaitwire replay \.\./(\S+) .*\n({.*})$", README, re.MULTILINE)
    ((path, document),) = shown
    told = json.loads(document)
    replayed = replay_all([shared(*Path(path).parts[1:])], default_config(), None, record=False)
    found = msgspec.to_builtins(replayed)
    assert list(found) == list(told)
    for measured in ("latency_ms", "real_time_factor"):
        del found[measured], told[measured]
    assert found == told


def test_the_configuration_is_one(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    file = tmp_path / "clinic.toml"
    file.write_text(text, encoding="utf-8")
    config = load_config(file)
    assert config.source.kind == "bluetooth"
    assert config.influxdb.enabled
    assert len(config.sensor_specs()) == 2


def test_the_driver_reads_its_packets_and_counts_others(find: Find) -> None:
    driver: Driver = find("gateway.drivers", "DRIVER")
    one_g_and_a_turn = np.array([0, 0, 2048, 0, 164, 0], "<i2").tobytes()
    payload = b"\x05\x00" + one_g_and_a_turn + b"short"
    packets = PacketBlock("s", "motion", np.array([1, 2]), payload, np.array([14, 19]))
    decoded = driver.decode("motion", packets, {})
    (samples,) = decoded.samples
    assert samples.ticks is not None
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.ticks.tolist() == [5]
    np.testing.assert_allclose(samples.acc, [[0, 0, 9.80665]])
    np.testing.assert_allclose(samples.gyr, [[0, np.radians(10), 0]])
    assert decoded.refused == {"too short": 1}
    assert [step for step in driver.start({}, 100.0) if isinstance(step, Subscribe)]


def test_the_measure_keeps_the_contract(find: Find) -> None:
    times_s = [1.0 + 0.1 * (n % 2) for n in range(24)]
    strides = [
        Stride("p", Side.LEFT, n, n + time_s, time_s, 120 / time_s, 0.6, Quality(1.0))
        for n, time_s in enumerate(times_s)
    ]
    measure: Measure = find("inference.measures", "MEASURE")
    made = [figure for figure in run(measure.make(), strides) if isinstance(figure, Figure)]
    assert [figure.quality.withheld for figure in made[:2]] == [
        "19 more strides are needed", "18 more strides are needed",
    ]  # fmt: skip
    assert made[-1].value == pytest.approx(stdev(times_s[:20]) / 1.05)
    assert_stage_contract(measure.make, strides, seed=1)


def test_the_measure_is_part_of_the_pipe(find: Find) -> None:
    find("inference.measures", "MEASURE")
    made = played(SimulatedRecording("walk", 1, 20.0), 5.0)
    assert "stride_time_cv" in {figure.name for figure in made if isinstance(figure, Figure)}


async def test_the_sink_is_given_every_stride_once(find: Find, tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.record(3)
    session.close()
    written = tmp_path / "strides.csv"
    found: Sink = find("gateway.sinks.plugins", "SINK")
    sink = found.make(found.settings.model_validate({"enabled": True, "file": written}))
    stop = asyncio.Event()
    stop.set()
    for _ in range(2):
        await follow(session.path, sink, stop)
    lines = written.read_text("utf-8").splitlines()
    assert lines == [f"s-01,left,{end}.000,1.000" for end in (1, 2, 3)]
    assert undelivered(session.path, sink) == 0


@pytest.mark.parametrize(
    ("thighs_deg", "expected"),
    [((0, 0), REST), ((30, 0), MOVING), ((80, 0), EFFORT), ((80, 80), ELSEWHERE)],
)
def test_the_exercise_is_told_by_its_posture(
    find: Find, thighs_deg: tuple[float, float], expected: int
) -> None:
    exercise: Exercise = find("inference.exercises", "EXERCISE")
    pitch = standing(0.01)
    pitch[:, THIGHS] = np.radians(thighs_deg)
    block = segments(pitch)
    (angles,) = JointAngles().push(block)
    assert isinstance(angles, JointAngleBlock)
    course = exercise.course(Pose.of(angles, block), Side.LEFT)
    assert phases(exercise, course).tolist() == [expected]
