"""The cue for how a repetition was done: too fast, or too small."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.messages import Cue, CueKind, Execution, Repetition
from gateway.rules import FormRule
from inference.exercises import Guided


@dataclass(slots=True)
class FormWatch:
    """Follows a ``FormRule``; of exercises in ``ranged`` a range rule tells what is too small.

    Nothing is said of a repetition whose figures are withheld.
    """

    watches: ClassVar[tuple[type, ...]] = (Repetition,)

    rule: FormRule
    known: Mapping[str, Guided]
    ranged: frozenset[str]
    told_s: float = -math.inf

    def see(self, message: Repetition) -> Iterator[Cue]:
        """Take a message; return the cue of a repetition."""
        if message.quality.withheld or self.rule.exercise not in ("", message.exercise):
            return
        if message.end_s - self.told_s < self.rule.min_interval_s:
            return
        guided = self.known[message.exercise]
        if message.execution is Execution.TOO_FAST:
            yield self._cue(message, CueKind.TOO_FAST, guided.slower)
        elif message.execution is Execution.TOO_SMALL and message.exercise not in self.ranged:
            yield self._cue(message, CueKind.TOO_SMALL, guided.further)

    def _cue(self, repetition: Repetition, kind: CueKind, text: str) -> Cue:
        self.told_s = repetition.end_s
        rule = ":".join(filter(None, ["form", self.rule.exercise]))
        return Cue(repetition.person, repetition.end_s, kind, text, rule, repetition.quality)
