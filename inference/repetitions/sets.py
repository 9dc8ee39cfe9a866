"""Where a set of repetitions stands: how many it has, and when it is over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gateway.messages import ExerciseState, FloatArray, Places
from inference.repetitions.walking_off import WalkingOff

END_OF_SET_S = 10.0
"""After a longer pause the next repetition is the first of a new set."""

STATE_S = 0.04
"""The state of the exercise under way is told at multiples of this on the grid."""

LEAST_REAL = 0.8
"""With a smaller share of measured samples a repetition counts, but its figures are withheld."""


class SetCount:
    """Counts the repetitions of one exercise on one side, by samples of the grid."""

    def __init__(self, rate_hz: float) -> None:
        self._pause = END_OF_SET_S * rate_hz
        self.count = 0
        self.under_way = False
        self.begun = 0
        self.ended = 0

    def snapshot(self) -> tuple[Any, ...]:
        """Return a copy of the state."""
        return self.count, self.under_way, self.begun, self.ended

    def resume(self, snapshot: tuple[Any, ...]) -> None:
        """Go on from ``snapshot``."""
        self.count, self.under_way, self.begun, self.ended = snapshot

    def begin(self, at: int) -> None:
        """Effort begins; after a long pause it is that of a new set."""
        if at - self.ended > self._pause:
            self.count = 0
        self.under_way = True
        self.begun = at

    def end(self, at: int) -> None:
        """Effort has ended, in a repetition or not."""
        self.under_way = False
        self.ended = at

    def over(self, at: int) -> bool:
        """Say whether the set has ended before sample ``at``."""
        return not self.under_way and at - self.ended > self._pause

    @property
    def busy(self) -> bool:
        """Say whether a repetition after the first is under way."""
        return self.under_way and self.count > 0


class Sets:
    """The sets of several exercises, of which one at most is ``shown`` as the one under way."""

    def __init__(self, counts: Sequence[SetCount], rate_hz: float) -> None:
        self._counts = counts
        self._rate_hz = rate_hz
        self._walking = WalkingOff(rate_hz)
        self.shown: int | None = None

    def snapshot(self) -> tuple[Any, ...]:
        """Return a copy of the state."""
        return [one.snapshot() for one in self._counts], self._walking.snapshot(), self.shown

    def resume(self, snapshot: tuple[Any, ...]) -> None:
        """Go on from ``snapshot``."""
        counts, walking, self.shown = snapshot
        for one, state in zip(self._counts, counts, strict=True):
            one.resume(state)
        self._walking.resume(walking)

    def __getitem__(self, number: int) -> SetCount:
        return self._counts[number]

    def latest_under_way(self) -> int | None:
        """Return which has begun its effort last, of those that have not ended it."""
        begun = {number: one.begun for number, one in enumerate(self._counts) if one.under_way}
        return max(begun, key=lambda number: begun[number], default=None)

    def states(self, first: int, gyr: FloatArray, places: Places) -> tuple[list[int], int | None]:
        """Take ``gyr`` (T, S, 3) rad/s of the samples from ``first`` on, in which no effort turns.

        Return at which of them the state of what is shown is told, and at which it is over, if it
        is: after a long pause, or because the person walks off.
        """
        if self.shown is None:
            return [], None
        if any(one.under_way for one in self._counts):
            self._walking.rest()
            walked = None
        else:
            walked = self._walking.after(gyr, places)
        over = first + (len(gyr) if walked is None else walked)
        points = state_samples(first, over, self._rate_hz)
        told = [at for at in points if not self[self.shown].over(at)]
        if len(told) < len(points):
            return told, points[len(told)]
        return told, None if walked is None else over

    def close(self) -> None:
        """Nothing is shown, and the next repetition of any exercise is the first of its set."""
        self.shown = None
        for one in self._counts:
            one.count = 0


def no_exercise(person: str, t_s: float) -> ExerciseState:
    """Return the state that says that no exercise is under way."""
    return ExerciseState(
        person=person,
        t_s=t_s,
        exercise="",
        side=None,
        count=0,
        value_rad=math.nan,
        target_low_rad=math.nan,
        target_high_rad=math.nan,
        progress=0.0,
    )


def state_samples(first: int, last: int, rate_hz: float) -> range:
    """Return the samples from ``first`` up to ``last`` at which the state is told."""
    step = max(1, round(STATE_S * rate_hz))
    return range(-(-first // step) * step, last, step)


def too_poor(share: float) -> str:
    """Say why figures of which only ``share`` was measured are withheld."""
    return f"only {share:.0%} of its samples were measured"
