"""Step time of each foot.

A step goes from the initial contact of one foot to that of the other, and is named by the foot
that lands.
"""

from __future__ import annotations

import math

from gateway.messages import Figure, GaitEvent, GaitEventKind, Message, Quality
from inference.gait.strides import LEAST_REAL_SHARE, LONGEST_S, SHORTEST_S
from inference.measures import Measure


class Steps:
    """GaitEvent → Figure ``step_time`` (s), told with each step.

    There is no step where contacts do not connect: after a gap (an event whose
    ``quality.real_share`` is 0), where one foot lands twice, or where half a stride cannot last so
    long. A step is as real as the landing foot's samples since it left the ground.
    """

    consumes: tuple[type, ...] = (GaitEvent,)

    def __init__(self) -> None:
        self._last: GaitEvent | None = None

    def push(self, message: Message) -> list[Message]:
        """Take a contact and return the figures of the step that it ends, if any."""
        assert isinstance(message, GaitEvent)
        last = self._last
        told_late = last is not None and message.t_s <= last.t_s
        if message.kind is not GaitEventKind.INITIAL_CONTACT or told_late:
            return []
        self._last = message
        if last is None or not _connected(last, message):
            return []
        return [_step_time(last, message)]

    def flush(self) -> list[Message]:
        """Return nothing: a step without its end is none."""
        return []

    def snapshot(self) -> object:
        """Return the state: it is never changed in place."""
        return self._last

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert snapshot is None or isinstance(snapshot, GaitEvent)
        self._last = snapshot


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


MEASURE = Measure("steps", Steps)
