"""Yurtman and Barshan: eight exercises, each ten times as asked, ten fast and ten small.

As in their publication, a person's exercises are known by one repetition of each kind that the
same person showed in the template sessions, and every exercise is looked for in every session.
Nothing else is learned from the set, and nothing from a session that is scored.

The set says in which order the repetitions were done; boundaries were marked for one person
only, by others. So what was told is split into three sets at its two longest pauses, and of each
set ten are counted as done. A repetition that was missed is neither the right exercise nor the
right kind. Idle intervals are those before, between and after the thirty.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gateway.app.teaching import up_in_recording
from gateway.app.validation import About, Metric, Mode, TrialScore, named
from gateway.app.validation.hearing import Heard
from gateway.config.settings import Config, ExercisesSection
from gateway.errors import GaitwireError, RecordingError
from gateway.messages import (
    Execution,
    Repetition,
)
from gateway.recordings import open_recording
from gateway.recordings.table import read_table
from inference.taught import TaughtExercise
from inference.taught.file import write_taught
from inference.taught.teaching import Shown, teach

KINDS = (Execution.AS_ASKED, Execution.TOO_FAST, Execution.TOO_SMALL)
TIMES = 10
_TRIAL = re.compile(r"s\d+/e[1-8]")
_MULTI_MATCH = "multi-template DTW of the set's authors, offline: {}"


@dataclass(frozen=True, slots=True)
class Counts:
    """What a session came to: how many of its ``done`` repetitions were told, and how well.

    ``exercise`` and ``kind`` count those told as the right exercise, and as done the right way
    besides; ``missed`` those not told; ``false`` those told beyond, in ``idle`` intervals.
    ``sets_counted`` of its ``sets`` came to ten, or one more or less.
    """

    done: int
    exercise: int
    kind: int
    missed: int
    false: int
    idle: int
    sets: int
    sets_counted: int


class UciSet:
    """Repetitions of the exercises that the same person has shown."""

    name = "uci_physical_therapy"
    about = About(
        who="five healthy people doing eight exercises of physical therapy, seated and lying",
        truth="the order in which each session was done: ten as asked, ten fast, ten small",
        source="https://doi.org/10.24432/C5JK60",
        licence="CC BY 4.0 by the publisher's page, to our knowledge",
        layout="s1/e1/u1/test.txt, one a unit, with template_session.txt beside it and "
        "s1/e1/template_times.txt",
    )
    look_ahead_s = 0.0
    metrics = (
        Metric("count_within_1", "", 0.97, "0.93 (RecoFit, another set)", larger_is_better=True),
        Metric("exercise_accuracy", "", 0.95, _MULTI_MATCH.format("0.935"), larger_is_better=True),
        Metric("type_accuracy", "", 0.90, _MULTI_MATCH.format("0.887"), larger_is_better=True),
        Metric("missed", "", 0.05, _MULTI_MATCH.format("0.086")),
        Metric("false_alarms", "", 0.04, _MULTI_MATCH.format("0.049")),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return a file of every session ``sS/eE``: that of its first sensor."""
        root = folder.resolve()
        found: dict[Path, Path] = {}
        for path in sorted(root.rglob("u*/test.txt")):
            if _TRIAL.fullmatch("/".join(path.parts[-4:-2])):
                found.setdefault(path.parents[1], path)
        return named((("-".join(path.parts[-4:-2]), path) for path in found.values()), root)

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Score the repetitions of one session; raises RecordingError."""
        recording = open_recording(path)
        session = path.parents[1]
        with tempfile.TemporaryDirectory() as folder:
            config = _taught(session, Path(folder))
            heard = Heard(recording, Repetition, config=config)
        told = sorted(heard.all(Repetition), key=lambda one: one.end_s)
        counts = _counts(session.name, told)
        return TrialScore(
            recording.person, counts.done, _values([counts]), counts, remark=heard.remark
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Pool the repetitions of all sessions."""
        return _values([score.evidence for score in scores])


def _taught(session: Path, folder: Path) -> Config:
    """Return a configuration with all that the person has shown, kept in ``folder``.

    Raises RecordingError where the exercise of ``session`` itself was not shown.
    """
    files: dict[str, Path] = {}
    for shown in sorted(session.parent.glob("e[1-8]")):
        try:
            exercise = _shown(shown)
        except GaitwireError as error:
            if shown == session:
                raise RecordingError(
                    f"{session}: nobody has shown its exercise: {error}"
                ) from error
            continue
        files[exercise.name] = folder / f"{exercise.name}.toml"
        write_taught(files[exercise.name], exercise)
    return Config(exercises=ExercisesSection(programme=tuple(files), taught=tuple(files.values())))


@lru_cache(maxsize=32)
def _shown(session: Path) -> TaughtExercise:
    """Return the exercise of the template session; raises GaitwireError."""
    templates = sorted(session.glob("u*/template_session.txt"))
    if not templates:
        raise RecordingError(f"{session}: there is no template_session.txt in it")
    recording = open_recording(templates[0])
    places, up = up_in_recording(recording, Config())
    times = session / "template_times.txt"
    rows = read_table(times, ";", heading=1).columns("execution type", "start", "end")
    rows = rows[(rows[:, 1] >= 0) & (rows[:, 1] < rows[:, 2]) & (rows[:, 2] < len(up))]
    right, fast, small = (
        [(int(first), int(np.ceil(last))) for number, first, last in rows if number == kind]
        for kind in (1, 2, 3)
    )
    if not right:
        raise RecordingError(f"{times}: no repetition of type 1, done as asked")
    shown = Shown(right, fast, small)
    return teach(session.name, None, places, up, shown, recording.grid_rate_hz)


def _counts(exercise: str, told: Sequence[Repetition]) -> Counts:
    sets = list(zip(_sets(told), KINDS, strict=True))
    named = [[one for one in part if one.exercise == exercise] for part, _ in sets]
    return Counts(
        done=TIMES * len(KINDS),
        exercise=sum(min(TIMES, len(part)) for part in named),
        kind=sum(min(TIMES, sum(one.execution is kind for one in part)) for part, kind in sets),
        missed=sum(max(0, TIMES - len(part)) for part, _ in sets),
        false=sum(max(0, len(part) - TIMES) for part, _ in sets),
        idle=TIMES * len(KINDS) + 1,
        sets=len(KINDS),
        sets_counted=sum(abs(len(part) - TIMES) <= 1 for part in named),
    )


def _sets(told: Sequence[Repetition]) -> list[Sequence[Repetition]]:
    """Split what was told at the two longest pauses, which lie between the sets."""
    pauses = [after.start_s - before.end_s for before, after in itertools.pairwise(told)]
    cuts = sorted(int(at) + 1 for at in np.argsort(pauses)[-2:])
    return (
        [told[a:b] for a, b in itertools.pairwise([0, *cuts, len(told)])]
        if len(cuts) == 2
        else [told, (), ()]
    )


def _values(counts: Sequence[Counts]) -> dict[str, float]:
    def total(name: str) -> int:
        return sum(getattr(one, name) for one in counts)

    return {
        "count_within_1": total("sets_counted") / total("sets"),
        "exercise_accuracy": total("exercise") / total("done"),
        "type_accuracy": total("kind") / total("done"),
        "missed": total("missed") / total("done"),
        "false_alarms": total("false") / total("idle"),
    }


SET = UciSet()
