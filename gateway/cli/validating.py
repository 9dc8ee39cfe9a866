"""What ``gaitwire validate`` does: score the trials of sets one by one, and sum up."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gateway.app.validation import Mode, TrialScore, ValidationSet, validation_sets
from gateway.cli.options import progress
from gateway.errors import GaitwireError, UsageError
from gateway.hints import did_you_mean

Outcomes = Mapping[str, TrialScore | GaitwireError]


class Validated(msgspec.Struct, frozen=True):
    """The document: every trial with its metrics and a remark, and the summary over all trials.

    A metric is None where there is no truth for it, or where it could not be told.
    """

    set: str
    mode: str
    look_ahead_ms: float
    people: int
    strides: int
    took_s: float
    trials: list[dict[str, Any]]
    summary: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Run:
    """A set that was scored, trial by trial, and the document of it."""

    chosen: ValidationSet
    outcomes: Outcomes
    document: Validated

    @property
    def failure(self) -> str:
        """Why not one trial could be scored; empty where one was."""
        if any(isinstance(outcome, TrialScore) for outcome in self.outcomes.values()):
            return ""
        remarks = "; ".join(str(outcome) for outcome in self.outcomes.values())
        return f"no trial of {self.chosen.name} could be scored: {remarks}"


def folders_of(name: str, folder: Path) -> dict[str, Path]:
    """Return the folder of the set ``name``, or of every set where it is ``all``.

    Raises UsageError.
    """
    if name != "all":
        return {name: folder}
    found = {one: folder / one for one in validation_sets() if (folder / one).is_dir()}
    if not found:
        raise UsageError(
            f"{folder}: holds no folder of a set's name ({', '.join(validation_sets())})"
        )
    return found


def run_set(name: str, folder: Path, mode: Mode) -> Run:
    """Score the trials of the set ``name`` that lie in ``folder``.

    A trial that cannot be scored gets a remark and the others are scored. Raises UsageError.
    """
    chosen = _chosen(name)
    trials = _trials(chosen, folder)
    began_s = time.perf_counter()
    outcomes = _outcomes(chosen, trials, mode)
    return Run(chosen, outcomes, _document(chosen, outcomes, mode, time.perf_counter() - began_s))


def _chosen(name: str) -> ValidationSet:
    known = validation_sets()
    if name not in known:
        hint = did_you_mean(name, known)
        raise UsageError(f"there is no set {name}; {hint}Known are {', '.join(known)}")
    return known[name]


def _trials(chosen: ValidationSet, folder: Path) -> Mapping[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name the one that holds the trials")
    trials = chosen.trials(folder)
    if not trials:
        raise UsageError(
            f"{folder}: no trial of {chosen.name} lies in it; laid out as the set is, it has "
            f"{chosen.about.layout}"
        )
    return trials


def _outcomes(chosen: ValidationSet, trials: Mapping[str, Path], mode: Mode) -> Outcomes:
    outcomes: dict[str, TrialScore | GaitwireError] = {}
    with progress() as bar:
        task = bar.add_task(chosen.name, total=len(trials))
        for name, path in trials.items():
            try:
                outcomes[name] = chosen.score(path, mode)
            except GaitwireError as error:
                outcomes[name] = error
            bar.advance(task)
    return outcomes


def _document(chosen: ValidationSet, outcomes: Outcomes, mode: Mode, took_s: float) -> Validated:
    scores = [outcome for outcome in outcomes.values() if isinstance(outcome, TrialScore)]
    none = dict.fromkeys((metric.name for metric in chosen.metrics), math.nan)
    return Validated(
        set=chosen.name,
        mode=mode,
        look_ahead_ms=round(chosen.look_ahead_s * 1e3, 1),
        people=len({score.person for score in scores}),
        strides=sum(score.strides for score in scores),
        took_s=round(took_s, 2),
        trials=[_line(trial, outcome) for trial, outcome in outcomes.items()],
        summary=_told(chosen.summary(scores) if scores else none),
    )


def _line(trial: str, outcome: TrialScore | GaitwireError) -> dict[str, Any]:
    if isinstance(outcome, GaitwireError):
        return {"name": trial, "remark": str(outcome)}
    remark = {"remark": outcome.remark} if outcome.remark else {}
    about = {"name": trial, "person": outcome.person, "strides": outcome.strides}
    return {**about, **_told(outcome.values), **remark}


def _told(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return the values as a document has them: rounded, None where there is none."""
    return {name: round(v, 5) if math.isfinite(v) else None for name, v in values.items()}
