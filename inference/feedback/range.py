"""The cues for the target range of an exercise: reached, held long enough, missed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from gateway.messages import Cue, CueKind, ExerciseState, Quality, Repetition, Side
from gateway.rules import RangeRule
from inference.exercises import Guided

REACHED = "That is far enough"
HELD = "Held long enough, well done"


@dataclass(slots=True)
class _Visit:
    """The stay in the zone under way on one side, if any, and what was said of it."""

    since_s: float | None = None
    reached: bool = False
    held: bool = False


@dataclass(slots=True)
class RangeWatch:
    """Follows a ``RangeRule``: one visit of the zone a repetition, each side for itself.

    That the zone is reached is told the moment the angle enters it. The visit ends when the angle
    has fallen back towards rest by the hysteresis.
    """

    watches: ClassVar[tuple[type, ...]] = (ExerciseState, Repetition)

    rule: RangeRule
    exercise: Guided
    visits: dict[Side | None, _Visit] = field(default_factory=dict)
    told_s: float = -math.inf

    def see(self, message: ExerciseState | Repetition) -> Iterable[Cue]:
        """Take a message; return the cues it leads to."""
        if message.exercise != self.rule.exercise:
            return ()
        if isinstance(message, ExerciseState):
            return self._follow(message)
        return self._conclude(message)

    def _follow(self, state: ExerciseState) -> Iterator[Cue]:
        beyond_deg = self._beyond_near_end(math.degrees(state.value_rad))
        visit = self._visit(state, beyond_deg)
        if visit.since_s is None or not (beyond_deg >= 0 and self._may_tell(state.t_s)):
            return
        if not visit.reached:
            visit.reached = True
            yield self._cue(state.person, state.t_s, CueKind.TARGET_REACHED, REACHED)
        elif 0 < self.rule.hold_s <= state.t_s - visit.since_s and not visit.held:
            visit.held = True
            yield self._cue(state.person, state.t_s, CueKind.HOLD_DONE, HELD)

    def _visit(self, state: ExerciseState, beyond_deg: float) -> _Visit:
        """Return the visit of the state's side; time beyond the far end does not count as held."""
        if beyond_deg < -self.rule.hysteresis_deg:
            self.visits[state.side] = _Visit()
        visit = self.visits.setdefault(state.side, _Visit())
        if self._is_too_far(beyond_deg):
            visit.since_s = None
        elif beyond_deg >= 0 and visit.since_s is None:
            visit.since_s = state.t_s
        return visit

    def _conclude(self, repetition: Repetition) -> Iterator[Cue]:
        """Say what to change if the repetition's extreme lies outside the zone."""
        beyond_deg = self._beyond_near_end(math.degrees(repetition.peak_rad))
        if beyond_deg < 0:
            text = self.exercise.further
        elif self._is_too_far(beyond_deg):
            text = self.exercise.less
        else:
            return
        if self._may_tell(repetition.end_s):
            yield self._cue(repetition.person, repetition.end_s, CueKind.TARGET_MISSED, text,
                            repetition.quality)  # fmt: skip

    def _beyond_near_end(self, angle_deg: float) -> float:
        """Return how far beyond the near end of the zone the angle is; NaN where unknown."""
        if self.exercise.direction > 0:
            return angle_deg - self.rule.low_deg
        return self.rule.high_deg - angle_deg

    def _is_too_far(self, beyond_deg: float) -> bool:
        width_deg = self.rule.high_deg - self.rule.low_deg
        return beyond_deg > width_deg + self.rule.hysteresis_deg

    def _may_tell(self, t_s: float) -> bool:
        return t_s - self.told_s >= self.rule.min_interval_s

    def _cue(
        self, person: str, t_s: float, kind: CueKind, text: str, quality: Quality | None = None
    ) -> Cue:
        self.told_s = t_s
        rule = f"range:{self.rule.exercise}"
        return Cue(person, t_s, kind, text, rule, quality or Quality(1.0))
