"""How a foot is used in each stride: how long it stands and swings, and when both feet stand.

A stride goes from one initial contact of a foot to the next. The other foot leaves the ground at
the end of the first double support, lands at the beginning of the second, and this foot leaves at
its end (J. Perry, Gait Analysis, 1992).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gateway.messages import Figure, GaitEvent, GaitEventKind, Message, Quality
from gateway.wording import Wording
from inference.gait.strides import LEAST_REAL_SHARE, LONGEST_S, SHORTEST_S
from inference.measures import Measure

_LAND, _LEAVE = GaitEventKind.INITIAL_CONTACT, GaitEventKind.FINAL_CONTACT


class _Stride(NamedTuple):
    """The contacts of a stride in order of time; those of the other foot where they were seen."""

    landed: GaitEvent
    left: GaitEvent
    lands: GaitEvent
    between: Sequence[GaitEvent]

    @property
    def time_s(self) -> float:
        """How long it took."""
        return self.lands.t_s - self.landed.t_s


class Support:
    """GaitEvent → Figures of the stride that it ends.

    ``stance_time`` and ``swing_time`` (s) of the foot, and ``double_support`` (1), the share of the
    stride in which both feet stand. There is none where a contact was not seen or the feet ran
    (neither stood); where too few samples were measured it is withheld.
    """

    consumes: tuple[type, ...] = (GaitEvent,)

    def __init__(self) -> None:
        self._recent: tuple[GaitEvent, ...] = ()

    def push(self, message: Message) -> list[Message]:
        """Take a contact and return the figures of the stride that it ends, if any."""
        assert isinstance(message, GaitEvent)
        kept = (event for event in self._recent if event.t_s > message.t_s - LONGEST_S)
        self._recent = tuple(sorted((*kept, message), key=lambda event: event.t_s))
        stride = _stride(self._recent, message) if message.kind is _LAND else None
        return [] if stride is None else _figures(stride)

    def flush(self) -> list[Message]:
        """Return nothing: a stride without its end is none."""
        return []

    def snapshot(self) -> object:
        """Return the state: it is never changed in place."""
        return self._recent

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._recent = snapshot


def _stride(recent: Sequence[GaitEvent], lands: GaitEvent) -> _Stride | None:
    """Return the stride that ends with ``lands``; None where its contacts do not connect."""
    own = [event for event in recent if event.side is lands.side and event.t_s < lands.t_s]
    if len(own) < 2 or [event.kind for event in own[-2:]] != [_LAND, _LEAVE]:
        return None
    landed, left = own[-2:]
    if 0.0 in {left.quality.real_share, lands.quality.real_share}:
        return None
    between = [
        event
        for event in recent
        if event.side is not lands.side and landed.t_s <= event.t_s <= left.t_s
    ]
    stride = _Stride(landed, left, lands, between)
    return stride if SHORTEST_S <= stride.time_s <= LONGEST_S else None


def _figures(stride: _Stride) -> list[Message]:
    stance_s = stride.left.t_s - stride.landed.t_s
    swing_s = stride.time_s - stance_s
    real = stance_s * stride.left.quality.real_share + swing_s * stride.lands.quality.real_share
    share = min(1.0, real / stride.time_s)
    own = (stride.landed, stride.left, stride.lands)
    made: list[Message] = [
        _figure(stride, "stance_time", stance_s, "s", _quality(own, share)),
        _figure(stride, "swing_time", swing_s, "s", _quality(own, share)),
    ]
    if [event.kind for event in stride.between] == [_LEAVE, _LAND]:
        leaves, lands = stride.between
        both_s = (leaves.t_s - stride.landed.t_s) + (stride.left.t_s - lands.t_s)
        share = min(share, lands.quality.real_share)
        quality = _quality((*own, leaves, lands), share)
        made.append(_figure(stride, "double_support", both_s / stride.time_s, "1", quality))
    return made


def _quality(contacts: Sequence[GaitEvent], share: float) -> Quality:
    unsure = next((event.quality.withheld for event in contacts if event.quality.withheld), "")
    withheld = f"a contact is not sure: {unsure}" if unsure else ""
    if share < LEAST_REAL_SHARE:
        withheld = f"only {share:.0%} of the samples were measured"
    return Quality(share, withheld)


def _figure(stride: _Stride, name: str, value: float, unit: str, quality: Quality) -> Figure:
    given = math.nan if quality.withheld else value
    end = stride.lands
    return Figure(end.person, end.t_s, name, end.side, given, unit, quality)


MEASURE = Measure(
    "support",
    Support,
    {
        "double_support": Wording("Double support", "%"),
    },
)
