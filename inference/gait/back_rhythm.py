"""Which rises of the lower back are steps, and of which foot.

Rules: a step does not follow another too soon, is not much weaker than those before, least of all
one that comes early, and walking is several steps in a row, so the first of a bout are told with
the one that confirms it.

A trunk that goes up and down once in two such rises, or by more than any walk lets it, is squatting
or rising on its toes: a step lifts it as high as the step before.

Where the trunk hardly rises, as on small slow steps, it may also rise between two landings. Then it
is not pushed to the other side with every rise, and steps are not known.

Which foot landed follows from the trunk, which the foot on the ground pushes away from itself:
over a step onto the left foot it is accelerated to the left, more than over the step before.
Steps alternate, so each adds to the evidence of those before with the opposite sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import fmean, median

from gateway.messages import Side

SHORTEST_S = 0.28
"""Nobody steps sooner; running has 0.3 s."""

LONGEST_S, LONGEST_AT_FIRST_S = 2.5, 1.5
"""A longer step is a pause: no stride lasts more than 3 s (Mobilise-D), and none begins a bout."""

BREAK_S = 3.0
"""A longer break ends a bout (Mobilise-D)."""

CONFIRMED_BY = 4
"""Landings in a row that are walking; sitting down, standing up and bending come one by one."""

LEAST_EXCURSION_M = 0.006
"""In the middle of the steps that confirm: a saddle or a chair hardly lets the pelvis rise."""

HIGHEST_M, AS_STEPS = 0.12, 2.5
"""Over two steps the trunk rises and falls by less than the first, which no walk and no run needs,
and by less than the second times what it does over both: as over one of them where they are alike,
as over both where it limps (up to 2.2 times was seen in real walks)."""

WEAK = 0.15
"""A rise of less than this share of the usual one is no step."""

SOON = 0.75
"""A rise that comes in less than this share of the usual time of a step is one only if it has this
share of the usual strength: a turn may hurry steps, but a trunk also sways between them."""

SURE_RISE_M_S3 = 1.5
"""A slow step of an impaired walker rises by twice as much; quiet standing stays far below."""

UNSTOPPED, DUE = 0.4, 0.8
"""After a landing with the first share of the usual strength the trunk still moves on, so the other
foot has to land too: a rise between the second share of the usual time and as much later is that,
however weak it is. So is the last step of a walk, which only sets one foot beside the other."""

SUDDEN = 1.5
"""A landing is so much steeper than the whole step; squats and sitting down are smooth."""

FIRST = 0.4
"""The first step of a bout is weak too, but not as weak as what leads to it."""

REMEMBERED = 5

HARDLY_M, LOW_M = 0.005, 0.007
"""Usual steps that rise less are not known, or only where pushes alternate: a pendulum of a leg
that rises by 6 mm goes 0.2 m, and what else moves the trunk is of that size."""

ALTERNATION, AGAIN = 0.2, 0.5
"""Pushes alternate no more where their correlation with the last but one is less than the first,
and do again when it is more than the second; it is 1 at best."""

LEAST_PUSHES, PUSHES = 6, 8
"""Of so many of the newest."""

NOT_KNOWN = "the trunk rises too little to tell a step from what else moves it"

PUSH_M_S2, BELIEF, KEPT = 0.1, 2.0, 0.9
"""What a step says of its side, in units of a weak push, against the most that is believed."""


@dataclass(frozen=True)
class Landing:
    """A foot's landing: ``rise_at`` and ``at`` are the samples of the smoothed rise and of contact.

    ``missing`` and ``real`` count samples up to it that are missing, and that were measured.
    ``push`` m/s² to the left, ``excursion_m`` and ``step``, its length in samples, are those of the
    step that ended with it; ``step`` is 0 where none leads to it from the landing before.
    ``over_two_m`` is the excursion over that step and the one before; 0 where there is none.
    """

    rise_at: int
    at: int
    strength: float
    missing: int
    real: int
    push: float
    excursion_m: float
    over_two_m: float
    step: int

    @property
    def joined(self) -> bool:
        """Tell whether a single step leads to it from the landing before."""
        return self.step > 0


@dataclass
class Rhythm:
    """The landings of a bout so far, and what they say of sides.

    ``waiting`` are landings not yet confirmed, ``recent`` the newest ones; ``leftward`` is the
    evidence that the newest was the left foot's. ``pushes`` are the newest ones, in m/s²;
    ``mixed`` says that they do not alternate.
    """

    rate_hz: float
    walking: bool = False
    leftward: float = 0.0
    pushes: tuple[float, ...] = ()
    mixed: bool = False
    recent: list[Landing] = field(default_factory=list)
    waiting: list[Landing] = field(default_factory=list)

    def is_step(self, rise_at: int, strength: float, missing: int) -> bool:
        """Tell whether a rise can be a step; forget a bout that is over, or that a gap ended."""
        sure = strength >= SURE_RISE_M_S3
        if not self.recent:
            return sure
        last = self.recent[-1]
        since_s = (rise_at - last.rise_at) / self.rate_hz
        if missing > last.missing or since_s > (BREAK_S if self.walking else LONGEST_AT_FIRST_S):
            self.forget()
            return sure
        least = SOON if since_s < SOON * self._usual_s() else WEAK
        enough = sure and strength >= least * self._usual_strength()
        return since_s >= SHORTEST_S and (enough or self._owed(since_s))

    def forget(self) -> None:
        """Begin a new bout."""
        self.walking, self.leftward = False, 0.0
        self.pushes, self.mixed = (), False
        self.recent, self.waiting = [], []

    def leads_to(self, at: int) -> bool:
        """Tell whether a single step leads from the newest landing to one ``at``."""
        if not self.recent:
            return False
        return 0 < at - self.recent[-1].at <= LONGEST_S * self.rate_hz

    def add(self, landing: Landing) -> list[tuple[Landing, Side]]:
        """Take a landing and return those that can now be told, with their feet."""
        self.leftward = self._evidence(landing)
        self.recent = [*self.recent, landing][-REMEMBERED:]
        self.pushes = (*self.pushes, landing.push)[-PUSHES:]
        if len(self.pushes) >= LEAST_PUSHES:
            self.mixed = alternation(self.pushes) < (AGAIN if self.mixed else ALTERNATION)
        bobs = self._bobs()
        self.walking = self.walking and landing.joined and not bobs
        if self.walking:
            return [(landing, self._side())]
        self.waiting.append(landing)
        confirmed = len(self.waiting) >= CONFIRMED_BY and self._moves() and not bobs
        if not confirmed or self._sways_first():
            self.waiting = self.waiting[-CONFIRMED_BY + 1 :]
            return []
        self.walking, told = True, [replace(self.waiting[0], step=0), *self.waiting[1:]]
        self.waiting = []
        return _alternating(told, self._side())

    @property
    def doubt(self) -> str:
        """Why the newest landings may not be those of steps; empty where they are."""
        rises = [landing.excursion_m for landing in self.recent if landing.joined]
        usual_m = median(rises) if rises else math.inf
        alternate = len(self.pushes) >= LEAST_PUSHES and not self.mixed
        return NOT_KNOWN if usual_m < (HARDLY_M if alternate else LOW_M) else ""

    def _evidence(self, landing: Landing) -> float:
        """Return what speaks for the left foot: a tilt adds the same to every push."""
        if not landing.joined:
            return landing.push / PUSH_M_S2
        believed = min(max(self.leftward, -BELIEF), BELIEF)
        return (landing.push - self.recent[-1].push) / (2 * PUSH_M_S2) - KEPT * believed

    def _owed(self, since_s: float) -> bool:
        """Tell whether a foot has to land about now: nobody stops with a step so strong."""
        usual_s = self._usual_s()
        due = self.walking and DUE * usual_s <= since_s <= usual_s / DUE
        return due and self.recent[-1].strength >= UNSTOPPED * self._usual_strength()

    def _usual_strength(self) -> float:
        return median(landing.strength for landing in self.recent)

    def _usual_s(self) -> float:
        """Return how long a step takes; 0 where not even two are known."""
        steps = [landing.step for landing in self.recent if landing.joined]
        return median(steps) / self.rate_hz if len(steps) > 1 else 0.0

    def _moves(self) -> bool:
        steps = [landing.excursion_m for landing in self.waiting[1:]]
        usual = median(landing.strength for landing in self.waiting)
        return median(steps) >= LEAST_EXCURSION_M and self.waiting[0].strength >= FIRST * usual

    def _bobs(self) -> bool:
        """Tell whether the trunk goes up and down as no walk lets it.

        One of the strides that confirm a walk says so, and then two of the newest three.
        """
        strides = pairwise(self.recent[-CONFIRMED_BY:])
        return sum(self._too_high(*stride) for stride in strides) > self.walking

    def _too_high(self, one: Landing, after: Landing) -> bool:
        """Tell whether over the two steps that end with these the trunk rises as over no stride.

        In a pause people bend, and walk on.
        """
        if max(one.step, after.step) > LONGEST_AT_FIRST_S * self.rate_hz:
            return False
        steps_m = one.excursion_m + after.excursion_m
        return after.over_two_m > min(HIGHEST_M, AS_STEPS * steps_m)

    def _sways_first(self) -> bool:
        """Tell whether the first that waits came too soon before the next, as weight is shifted."""
        first, *others = self.waiting
        usual = median(landing.strength for landing in others)
        steps = [landing.step for landing in others]
        return steps[0] < SOON * median(steps[1:]) and first.strength < SOON * usual

    def _side(self) -> Side:
        return Side.LEFT if self.leftward > 0.0 else Side.RIGHT


def alternation(pushes: Sequence[float]) -> float:
    """Return the unbiased autocorrelation of ``pushes`` at a lag of two: 1 where they alternate.

    It is negative where two to one side are followed by two to the other.
    """
    usual = fmean(pushes)
    free = [push - usual for push in pushes]
    squares = math.fsum(push * push for push in free)
    products = math.fsum(one * after for one, after in zip(free, free[2:], strict=False))
    return products / (len(free) - 2) / (squares / len(free)) if squares else 0.0


def _alternating(landings: Sequence[Landing], last: Side) -> list[tuple[Landing, Side]]:
    sides = [last if number % 2 == 0 else last.other for number in range(len(landings))]
    return list(zip(landings, reversed(sides), strict=True))
