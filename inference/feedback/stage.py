"""Turns motion into cues for the person, by the rules of the configuration.

Each rule is a small watcher of its own: it sees the messages in order, keeps what it has to
remember, and takes its time from them alone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from gateway.errors import ConfigError
from gateway.messages import Cue, ExerciseState, Message, Repetition, Stride
from gateway.rules import CadenceRule, FormRule, RangeRule, RepetitionRule, Rule
from inference.exercises import Guided, exercises
from inference.feedback.cadence import CadenceWatch
from inference.feedback.form import FormWatch
from inference.feedback.range import RangeWatch
from inference.feedback.repetition import RepetitionWatch


class Watch(Protocol):
    """Follows one rule, by messages of the types that it ``watches``."""

    watches: ClassVar[tuple[type, ...]]

    def see(self, message: Any) -> Iterable[Cue]:
        """Take a message of a watched type; return the cues it leads to."""


class Feedback:
    """Turns ``ExerciseState``, ``Repetition`` and ``Stride`` into ``Cue``, by ``rules``.

    Cues of one rule come in order of time; those that exercise and gait lead to within one block
    come in the order in which the stages before told of them. ``known`` are the exercises by
    name, those of the package where it is not given. Raises ConfigError if a rule watches one
    that there is not.
    """

    consumes: tuple[type, ...] = (ExerciseState, Repetition, Stride)

    def __init__(self, rules: Sequence[Rule], known: Mapping[str, Guided] | None = None) -> None:
        known = exercises() if known is None else known
        for rule in rules:
            _check_exercise(rule, known)
        ranged = frozenset(rule.exercise for rule in rules if isinstance(rule, RangeRule))
        self._watches: list[Watch] = [_watch(rule, known, ranged) for rule in rules]

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


def _check_exercise(rule: Rule, known: Mapping[str, Guided]) -> None:
    name = "" if isinstance(rule, CadenceRule) else rule.exercise
    if name and name not in known:
        raise ConfigError(
            f"a feedback rule of kind {rule.kind!r} watches the exercise {name!r}, which there is "
            f"not; choose one of {', '.join(sorted(known))}"
        )


def _watch(rule: Rule, known: Mapping[str, Guided], ranged: frozenset[str]) -> Watch:
    match rule:
        case RangeRule():
            return RangeWatch(rule, known[rule.exercise])
        case FormRule():
            return FormWatch(rule, known, ranged)
        case CadenceRule():
            return CadenceWatch(rule)
        case RepetitionRule():
            return RepetitionWatch(rule)
