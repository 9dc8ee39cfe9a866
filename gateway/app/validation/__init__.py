"""Validation: what the pipe makes of recordings, scored against what is known of them.

One module a data set in ``sets``, with a ``SET`` that `gateway.discovery.discover` finds by its
name. A set finds the trials in a folder, scores one, and says what the scores come to. Nothing
here is part of the pipe.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from gateway.discovery import discover
from gateway.messages import FloatArray


class Mode(StrEnum):
    """Live: causal, with the set's look-ahead; offline: with the whole recording at hand."""

    LIVE = "live"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class About:
    """What a reader must know of a set to judge a figure, and to get the same one.

    ``who`` moved and how, what the ``truth`` is, where the set is published (``source``, an
    address), its ``licence``, and its ``layout`` below the folder given; ``limits`` says what keeps
    figures from their target, and what the data allow.
    """

    who: str
    truth: str
    source: str
    licence: str
    layout: str
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure by its name, its ``unit`` as people read it, and what there is to reach.

    ``target`` is the least, where ``larger_is_better``, or the most; ``best_known`` says in words
    what others have published.
    """

    name: str
    unit: str
    target: float
    best_known: str
    larger_is_better: bool = False


@dataclass(frozen=True, slots=True)
class TrialScore:
    """What one trial came to.

    ``values`` has the set's metrics; one is NaN or absent where the trial has no truth for it.
    ``strides`` (or repetitions) were compared with truth. ``evidence`` is what the summary needs
    beyond the values, such as all errors where it pools them. ``remark`` says what is wrong with
    the trial, or why a figure is withheld. For the plots, by what is shown and its unit:
    ``agreement`` (N, 2) true and measured, ``course`` (N, 2) seconds and error.
    """

    person: str
    strides: int
    values: Mapping[str, float]
    evidence: Any = None
    remark: str = ""
    agreement: Mapping[str, FloatArray] = field(default_factory=dict)
    course: Mapping[str, FloatArray] = field(default_factory=dict)


class ValidationSet(Protocol):
    """A data set with truth; ``look_ahead_s`` is the most that a live figure waits for."""

    name: str
    about: About
    metrics: tuple[Metric, ...]
    look_ahead_s: float

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return the main file of every trial below ``folder`` by the trial's name, in order."""

    def score(self, path: Path, mode: Mode) -> TrialScore:
        """Run the trial through the pipe and score it; raises RecordingError."""

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the metrics over all trials."""


def validation_sets() -> dict[str, ValidationSet]:
    """Return every set by its name."""
    return discover("gateway.app.validation.sets", "SET")


def named(trials: Iterable[tuple[str, Path]], folder: Path) -> dict[str, Path]:
    """Return trials by name, in order; those of one name with their folder below ``folder``."""
    found = list(trials)
    count = Counter(name for name, _ in found)
    return {
        name if count[name] == 1 else f"{path.parent.relative_to(folder).as_posix()}/{name}": path
        for name, path in found
    }


def means(scores: Sequence[TrialScore], metrics: Sequence[Metric]) -> dict[str, float]:
    """Return the mean of each metric over the trials that have it; NaN where none has."""
    return {metric.name: _mean(scores, metric.name) for metric in metrics}


def _mean(scores: Sequence[TrialScore], name: str) -> float:
    known = [
        score.values[name] for score in scores if math.isfinite(score.values.get(name, math.nan))
    ]
    return math.fsum(known) / len(known) if known else math.nan
