"""Step time of each foot, and how far apart the two feet are in it.

A step goes from the initial contact of one foot to that of the other, and is named by the foot
that lands. Asymmetry is the symmetry index |L − R| / (0.5 (L + R)) of the mean step times (Robinson
et al. 1987), as a share rather than in per cent: 0 where both feet take the same time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from gateway.messages import Figure, GaitEvent, GaitEventKind, Message, Quality, Side
from gateway.wording import Wording
from inference.measures import Measure
from inference.strides import LEAST_REAL_SHARE, LONGEST_S, SHORTEST_S

STEPS = 12
"""Asymmetry is told over so many steps of each foot: six strides, the least for any figure of
gait (PMC7558375), are too few for it."""

BREAK_S = 3.0
"""A longer break ends a bout of walking (Mobilise-D); the next begins anew."""

Taken = Mapping[Side, tuple[Figure, ...]]


class Steps:
    """GaitEvent → Figure ``step_time`` (s) and ``step_time_asymmetry`` (1), told with each step.

    There is no step where contacts do not connect: after a gap (an event whose
    ``quality.real_share`` is 0), where one foot lands twice, or where half a stride cannot last so
    long. A step is as real as the landing foot's samples since it left the ground.
    """

    consumes: tuple[type, ...] = (GaitEvent,)

    def __init__(self) -> None:
        self._last: GaitEvent | None = None
        self._taken: Taken = dict.fromkeys(Side, ())

    def push(self, message: Message) -> list[Message]:
        """Take a contact and return the figures of the step that it ends, if any."""
        assert isinstance(message, GaitEvent)
        last = self._last
        told_late = last is not None and message.t_s <= last.t_s
        if message.kind is not GaitEventKind.INITIAL_CONTACT or told_late:
            return []
        self._last = message
        if last is None or message.t_s - last.t_s > BREAK_S:
            self._taken = dict.fromkeys(Side, ())
        elif _connected(last, message):
            return self._figures(_step_time(last, message))
        return []

    def flush(self) -> list[Message]:
        """Return nothing: a step without its end is none."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._last, copy.copy(self._taken)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._last, self._taken = snapshot[0], copy.copy(snapshot[1])

    def _figures(self, step: Figure) -> list[Message]:
        if step.side is not None and not step.quality.withheld:
            newest = (*self._taken[step.side], step)[-STEPS:]
            self._taken = {**self._taken, step.side: newest}
        return [step, _asymmetry(self._taken, step)]


def _connected(last: GaitEvent, contact: GaitEvent) -> bool:
    """Tell whether a step leads from one initial contact to the next."""
    half_a_stride = SHORTEST_S / 2 <= contact.t_s - last.t_s <= LONGEST_S / 2
    return half_a_stride and contact.side is not last.side and contact.quality.real_share > 0.0


def _step_time(last: GaitEvent, contact: GaitEvent) -> Figure:
    share = contact.quality.real_share
    unsure = last.quality.withheld or contact.quality.withheld
    withheld = f"a contact is not sure: {unsure}" if unsure else ""
    if share < LEAST_REAL_SHARE:
        withheld = f"only {share:.0%} of the samples were measured"
    return Figure(
        person=contact.person,
        t_s=contact.t_s,
        name="step_time",
        side=contact.side,
        value=math.nan if withheld else contact.t_s - last.t_s,
        unit="s",
        quality=Quality(share, withheld),
    )


def _asymmetry(taken: Taken, newest: Figure) -> Figure:
    """Return the asymmetry of the steps ``taken``, withheld while they are too few."""
    fewest = min(len(steps) for steps in taken.values())
    few = fewest < STEPS
    withheld = f"only {fewest} of {STEPS} steps of each foot" if few else ""
    shares = [step.quality.real_share for steps in taken.values() for step in steps]
    return Figure(
        person=newest.person,
        t_s=newest.t_s,
        name="step_time_asymmetry",
        side=None,
        value=math.nan
        if few
        else symmetry_index(_mean(taken[Side.LEFT]), _mean(taken[Side.RIGHT])),
        unit="1",
        quality=Quality(fmean(shares) if shares else 0.0, withheld),
    )


def symmetry_index(left: float, right: float) -> float:
    """Return |L − R| / (0.5 (L + R)) of two positive figures of the same unit."""
    return abs(left - right) / (0.5 * (left + right))


def _mean(steps: Sequence[Figure]) -> float:
    return fmean(step.value for step in steps)


MEASURE = Measure(
    "steps",
    Steps,
    {
        "step_time_asymmetry": Wording("Step time, asymmetry", "%"),
    },
)
