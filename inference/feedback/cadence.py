"""The cue for walking slower or faster than a band."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from gateway.messages import Cue, CueKind, Quality, Stride
from gateway.rules import CadenceRule

STRIDES = 6
"""Cadence is the median of so many strides of both feet: three of each."""

BREAK_S = 3.0
"""A longer break ends a bout of walking, as in Mobilise-D's definition; the next begins anew."""

_TEXTS = {CueKind.CADENCE_LOW: "A little faster", CueKind.CADENCE_HIGH: "A little slower"}


@dataclass(slots=True)
class CadenceWatch:
    """Follows a ``CadenceRule`` over the strides of a bout that could be measured."""

    watches: ClassVar[tuple[type, ...]] = (Stride,)

    rule: CadenceRule
    strides: list[Stride] = field(default_factory=list)
    told: CueKind | None = None
    told_s: float = -math.inf

    def see(self, message: Stride) -> Iterator[Cue]:
        """Take a message; return the cue of a stride."""
        if message.quality.withheld:
            return
        if self.strides and message.start_s - self.strides[-1].end_s > BREAK_S:
            self.strides, self.told = [], None
        self.strides = [*self.strides[1 - STRIDES :], message]
        if len(self.strides) == STRIDES:
            yield from self._judge(message)

    def _judge(self, stride: Stride) -> Iterator[Cue]:
        cadence = statistics.median(known.cadence_spm for known in self.strides)
        if self._back_inside(cadence):
            self.told = None
        kind = self._outside(cadence)
        interval_s = stride.end_s - self.told_s
        if kind in (None, self.told) or interval_s < self.rule.min_interval_s:
            return
        self.told, self.told_s = kind, stride.end_s
        share = min(known.quality.real_share for known in self.strides)
        yield Cue(stride.person, stride.end_s, kind, _TEXTS[kind], "cadence", Quality(share))

    def _outside(self, cadence_spm: float) -> CueKind | None:
        if cadence_spm < self.rule.low_spm:
            return CueKind.CADENCE_LOW
        return CueKind.CADENCE_HIGH if cadence_spm > self.rule.high_spm else None

    def _back_inside(self, cadence_spm: float) -> bool:
        margin = self.rule.hysteresis_spm
        return self.rule.low_spm + margin <= cadence_spm <= self.rule.high_spm - margin
