"""Strides from foot contacts: stride time, cadence and share of stance."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gateway.messages import GaitEvent, GaitEventKind, Message, Quality, Side, Stride

SHORTEST_S = 0.2
LONGEST_S = 3.0
"""A stride lasts 0.2-3.0 s (Mobilise-D); anything else is two contacts, not a stride."""

LEAST_REAL_SHARE = 0.8
"""With fewer measured samples under it a stride's figures are withheld."""


@dataclass(frozen=True)
class _Chain:
    """The contacts of one foot since the initial contact that a stride may begin with.

    ``foot_off_s`` is NaN where that time is not sure. ``real_s`` is how much of the time up to the
    newest of them was measured; ``unsure`` says why the time of an initial contact is not sure.
    """

    start_s: float
    foot_off_s: float | None
    newest_s: float
    real_s: float
    unsure: str

    def joined(self, event: GaitEvent) -> _Chain:
        """Return the chain with ``event`` as its newest contact."""
        real_s = self.real_s + event.quality.real_share * (event.t_s - self.newest_s)
        leaves = event.kind is GaitEventKind.FINAL_CONTACT
        withheld = event.quality.withheld
        foot_off_s = self.foot_off_s
        if leaves:
            foot_off_s = np.nan if withheld else event.t_s
        unsure = self.unsure if leaves else self.unsure or withheld
        return _Chain(self.start_s, foot_off_s, event.t_s, real_s, unsure)


class Strides:
    """GaitEvent → Stride, told with the contact that ends it.

    A stride is dropped where its contacts do not connect: after a gap (an event whose
    ``quality.real_share`` is 0), where a foot leaves the ground twice, or where its time is not
    plausible. ``stance_share`` is NaN where the final contact was not seen or its time is not sure.
    All figures are withheld where the time of an initial contact is not sure, or what hid the final
    contact may hide another.
    """

    consumes: tuple[type, ...] = (GaitEvent,)

    def __init__(self) -> None:
        self._chains: dict[Side, _Chain] = {}

    def push(self, message: Message) -> Iterable[Message]:
        """Take a contact and return the stride that it ends, if any."""
        assert isinstance(message, GaitEvent)
        before = self._chains.pop(message.side, None)
        if before is not None and message.quality.real_share > 0.0:
            return self._went_on(before.joined(message), before, message)
        if message.kind is GaitEventKind.INITIAL_CONTACT:
            self._chains[message.side] = _begun(message)
        return []

    def flush(self) -> Iterable[Message]:
        """Return nothing: a stride without its end is none."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.copy(self._chains)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, dict)
        self._chains = copy.copy(snapshot)

    def _went_on(self, chain: _Chain, before: _Chain, event: GaitEvent) -> list[Message]:
        if event.kind is GaitEventKind.FINAL_CONTACT:
            if before.foot_off_s is None:
                self._chains[event.side] = chain
            return []
        self._chains[event.side] = _begun(event)
        time_s = chain.newest_s - chain.start_s
        return [_stride(chain, event)] if SHORTEST_S <= time_s <= LONGEST_S else []


def _begun(event: GaitEvent) -> _Chain:
    return _Chain(event.t_s, None, event.t_s, 0.0, event.quality.withheld)


def _stride(chain: _Chain, end: GaitEvent) -> Stride:
    """Return the stride from ``chain.start_s`` to ``end``; cadence counts two steps a stride."""
    time_s = end.t_s - chain.start_s
    real_share = min(1.0, chain.real_s / time_s)
    stance_s = np.nan if chain.foot_off_s is None else chain.foot_off_s - chain.start_s
    withheld = f"a contact is not sure: {chain.unsure}" if chain.unsure else ""
    if chain.foot_off_s is None and real_share < 1.0:
        withheld = "no final contact was seen, and samples are missing where it may have been"
    if real_share < LEAST_REAL_SHARE:
        withheld = f"only {real_share:.0%} of the samples were measured"
    given = np.nan if withheld else 1.0
    return Stride(
        person=end.person,
        side=end.side,
        start_s=chain.start_s,
        end_s=end.t_s,
        stride_time_s=time_s * given,
        cadence_spm=120.0 / time_s * given,
        stance_share=float(stance_s / time_s * given),
        quality=Quality(real_share, withheld),
    )
