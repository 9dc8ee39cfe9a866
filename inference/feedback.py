"""Turns motion into cues for the person, by the rules of the configuration.

Each rule is a small watcher of its own: it sees the messages in order, keeps what it has to
remember, and takes its time from them alone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol

from gateway.errors import ConfigError
from gateway.messages import Cue, ExerciseState, Message, Repetition, Stride
from gateway.rules import CadenceRule, RangeRule, RepetitionRule, Rule
from inference.cadence_cues import CadenceWatch
from inference.exercises import exercises
from inference.range_cues import RangeWatch
from inference.repetition_cues import RepetitionWatch


class Watch(Protocol):
    """Follows one rule, by messages of the types that it ``watches``."""

    watches: ClassVar[tuple[type, ...]]

    def see(self, message: Any) -> Iterable[Cue]:
        """Take a message of a watched type; return the cues it leads to."""


class Feedback:
    """Turns ``ExerciseState``, ``Repetition`` and ``Stride`` into ``Cue``, by ``rules``.

    Cues of one rule come in order of time; those that exercise and gait lead to within one block
    come in the order in which the stages before told of them. Raises ConfigError if a rule
    watches an exercise that there is not.
    """

    consumes: tuple[type, ...] = (ExerciseState, Repetition, Stride)

    def __init__(self, rules: Sequence[Rule]) -> None:
        for rule in rules:
            _check_exercise(rule)
        self._watches: list[Watch] = [_watch(rule) for rule in rules]

    def push(self, message: Message) -> list[Message]:
        """Return the cues of all rules, in the rules' order."""
        kind = type(message)
        return [
            cue for watch in self._watches if kind in watch.watches for cue in watch.see(message)
        ]

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.deepcopy(self._watches)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, list)
        self._watches = copy.deepcopy(snapshot)


def _check_exercise(rule: Rule) -> None:
    name = "" if isinstance(rule, CadenceRule) else rule.exercise
    if name and name not in exercises():
        known = ", ".join(sorted(exercises()))
        raise ConfigError(
            f"a feedback rule of kind {rule.kind!r} watches the exercise {name!r}, which there is "
            f"not; choose one of {known}"
        )


def _watch(rule: Rule) -> Watch:
    match rule:
        case RangeRule():
            return RangeWatch(rule)
        case CadenceRule():
            return CadenceWatch(rule)
        case RepetitionRule():
            return RepetitionWatch(rule)
