"""The cue that counts each repetition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from gateway.messages import Cue, CueKind, Repetition, Side
from gateway.rules import RepetitionRule


@dataclass(slots=True)
class RepetitionWatch:
    """Follows a ``RepetitionRule``: the number, with praise if the target was reached.

    Nothing is said of a target by a repetition whose figures are withheld.
    """

    watches: ClassVar[tuple[type, ...]] = (Repetition,)

    rule: RepetitionRule
    told_s: dict[Side | None, float] = field(default_factory=dict)

    def see(self, message: Repetition) -> Iterator[Cue]:
        """Take a message; return the cue of a repetition."""
        if self.rule.exercise not in ("", message.exercise):
            return
        if message.end_s - self.told_s.get(message.side, -math.inf) < self.rule.min_interval_s:
            return
        self.told_s[message.side] = message.end_s
        praised = message.target_reached and not message.quality.withheld
        yield Cue(
            person=message.person,
            t_s=message.end_s,
            kind=CueKind.REPETITION,
            text=f"Good: {message.count}" if praised else f"{message.count}",
            rule=":".join(filter(None, ["repetition", self.rule.exercise])),
            quality=message.quality,
        )
