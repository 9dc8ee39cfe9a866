"""``gaitwire simulate``: a scenario into a session file with its truth."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gateway.cli.options import AsJson, finite, progress, put_out, say
from gateway.errors import UsageError
from gateway.journal import SUFFIX, Journal, SessionInfo, SessionRecorder
from gateway.messages import JointAngleBlock

WALL_ORIGIN_NS = 1_767_225_600 * 1_000_000_000
"""2026-01-01 00:00 UTC: simulated sessions share one moment, so that a seed fixes every byte."""
CHUNK_S = 1.0

if TYPE_CHECKING:
    from simulators.recording import SimulatedRecording


class Simulated(msgspec.Struct, frozen=True):
    """What was written."""

    file: str
    scenario: str
    seed: int
    seconds: float
    bytes: int


def simulate(
    scenario: Annotated[str, typer.Option("--scenario", help="What the person does.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The session file to write.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same bytes.")] = 1,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", min=1, max=86_400, callback=finite, help="How long, a day at most."
        ),
    ] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Simulate a person's session, with the truth of every figure in it."""
    if out.suffix != SUFFIX:
        raise UsageError(f"{out}: a session file ends in {SUFFIX}")
    if out.exists():
        raise UsageError(f"{out} is there already: remove it, or choose another name")
    # Imported only now: other commands need not wait for it.
    from simulators.recording import SimulatedRecording

    recording = SimulatedRecording(scenario, seed, seconds)
    recorder = SessionRecorder(Journal.create(out, _info(recording, scenario)), recording.origin_ns)
    with ExitStack() as undo:
        # Run in reverse: even where closing fails, as on a full disk, nothing half-made stays.
        undo.callback(_remove, out)
        undo.callback(recorder.close)
        _record(recording, recorder)
        recorder.close()
        undo.pop_all()
    put_out(Simulated(str(out), scenario, seed, seconds, out.stat().st_size), as_json)


def _remove(out: Path) -> None:
    """Take an unfinished session away: without its truth it is none."""
    for path in (out, *out.parent.glob(f"{out.name}-*")):
        path.unlink(missing_ok=True)
    say(f"{out} was not finished, and is removed")


def _record(recording: SimulatedRecording, recorder: SessionRecorder) -> None:
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
    recorder.messages([angles, *truth.events, *truth.strides, *truth.repetitions], truth=True)


def _info(recording: SimulatedRecording, scenario: str) -> SessionInfo:
    return SessionInfo(
        session=recording.name,
        person=recording.person,
        origin_ns=recording.origin_ns,
        wall_origin_ns=WALL_ORIGIN_NS,
        grid_rate_hz=recording.grid_rate_hz,
        sensors=recording.sensors,
        configuration={"scenario": scenario},
        source="simulated person",
        truth=True,
        version=version("gaitwire"),
    )
