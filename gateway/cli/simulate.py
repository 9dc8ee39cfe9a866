"""``gaitwire simulate``: a scenario into a session file with its truth."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gateway.cli.options import AsJson, finite, progress, put_out, say
from gateway.errors import UsageError
from gateway.journal import SUFFIX, Journal, SessionInfo, SessionRecorder
from gateway.messages import JointAngleBlock, Marker

WALL_ORIGIN_NS = 1_767_225_600 * 1_000_000_000
"""2026-01-01 00:00 UTC: simulated sessions share one moment, so that a seed fixes every byte."""
CHUNK_S = 1.0

if TYPE_CHECKING:
    from simulators.plans.recording import PlannedRecording
    from simulators.recording import SimulatedRecording

    Simulation = SimulatedRecording | PlannedRecording


class Simulated(msgspec.Struct, frozen=True):
    """What was written."""

    file: str
    scenario: str
    seed: int
    seconds: float
    bytes: int


def simulate(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The session file to write.")],
    scenario: Annotated[str, typer.Option("--scenario", help="What the person does.")] = "",
    scenario_file: Annotated[
        str,
        typer.Option(
            "--scenario-file",
            metavar="FILE",
            help="Who wears what, and what goes wrong; or `mixed`, `stairs`, `trouble`.",
        ),
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Same seed, same bytes; 1, or the file's.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=1,
            max=86_400,
            callback=finite,
            help="How long, a day at most; 60, or the file's.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a person's session, with the truth of every figure in it."""
    if out.suffix != SUFFIX:
        raise UsageError(f"{out}: a session file ends in {SUFFIX}")
    if out.exists():
        raise UsageError(f"{out} is there already: remove it, or choose another name")
    recording, marks = _simulation(scenario, scenario_file, seed, seconds)
    told = {"scenario": scenario or scenario_file}
    recorder = SessionRecorder(Journal.create(out, _info(recording, told)), recording.origin_ns)
    with ExitStack() as undo:
        # Run in reverse: even where closing fails, as on a full disk, nothing half-made stays.
        undo.callback(_remove, out)
        undo.callback(recorder.close)
        _record(recording, marks, recorder)
        recorder.close()
        undo.pop_all()
    size = out.stat().st_size
    put_out(
        Simulated(str(out), told["scenario"], recording.seed, recording.duration_s, size), as_json
    )


def _simulation(
    scenario: str, scenario_file: str, seed: int | None, seconds: float | None
) -> tuple[Simulation, list[Marker]]:
    """Return the recording that is asked for, and the remarks on it; raises UsageError."""
    if bool(scenario) == bool(scenario_file):
        raise UsageError("give either --scenario or --scenario-file")
    if scenario_file:
        return _planned(scenario_file, seed, seconds)
    return _performed(scenario, seed, seconds), []


def _performed(scenario: str, seed: int | None, seconds: float | None) -> SimulatedRecording:
    # Imported only now: other commands need not wait for it.
    from simulators.recording import SimulatedRecording

    return SimulatedRecording(scenario, 1 if seed is None else seed, seconds or 60.0)


def _planned(
    file: str, seed: int | None, seconds: float | None
) -> tuple[PlannedRecording, list[Marker]]:
    """Return what a plan says, and the remarks of what goes wrong; raises ConfigError."""
    from simulators.plans.files import load_plan
    from simulators.plans.recording import PlannedRecording

    plan = load_plan(file)
    plan = replace(plan, seed=plan.seed if seed is None else seed, seconds=seconds or plan.seconds)
    recording = PlannedRecording(plan)
    return recording, plan.markers(recording.person)


def _remove(out: Path) -> None:
    """Take an unfinished session away: without its truth it is none."""
    for path in (out, *out.parent.glob(f"{out.name}-*")):
        path.unlink(missing_ok=True)
    say(f"{out} was not finished, and is removed")


def _record(recording: Simulation, marks: list[Marker], recorder: SessionRecorder) -> None:
    with progress() as bar:
        task = bar.add_task("simulating", total=recording.duration_s)
        for blocks in recording.chunks(CHUNK_S):
            recorder.packets(blocks)
            recorder.commit()
            bar.advance(task, CHUNK_S)
    truth = recording.truth()
    angles = JointAngleBlock(
        person=recording.person,
        start=0,
        rate_hz=truth.rate_hz,
        ready_ns=recording.origin_ns,
        angle_rad=truth.joint_rad.copy(),
        valid=truth.joint_rad == truth.joint_rad,
        real=truth.joint_rad == truth.joint_rad,
    )
    recorder.messages(
        [angles, *truth.events, *truth.strides, *truth.repetitions, *marks], truth=True
    )


def _info(recording: Simulation, told: dict[str, str]) -> SessionInfo:
    return SessionInfo(
        session=recording.name,
        person=recording.person,
        origin_ns=recording.origin_ns,
        wall_origin_ns=WALL_ORIGIN_NS,
        grid_rate_hz=recording.grid_rate_hz,
        sensors=recording.sensors,
        configuration=told,
        source="simulated person",
        truth=True,
        version=version("gaitwire"),
    )
