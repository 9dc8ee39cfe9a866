"""What a measure makes of the newest samples of a body, worked out only when it looks at them.

A measure that looks once a second keeps the blocks in between as they come, so that the other
hops cost it next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.messages import BoolArray, FloatArray, SegmentBlock

Reader = Callable[[Sequence[SegmentBlock]], tuple[FloatArray, BoolArray]]
"""Makes values (..., T) of consecutive blocks of T samples, and (..., T) whether measured."""


@dataclass
class RecentMotion:
    """The newest samples before sample ``end`` of the grid: ``values`` and ``real`` (..., N).

    The blocks in ``waiting`` are not among them yet.
    """

    end: int
    values: FloatArray
    real: BoolArray
    waiting: list[SegmentBlock] = field(default_factory=list)

    @classmethod
    def beginning(cls, at: int, *rows: int) -> RecentMotion:
        """Return one without samples, for values (*rows, N), that begins at sample ``at``."""
        return cls(at, np.zeros((*rows, 0)), np.zeros((*rows, 0), bool))

    @property
    def start(self) -> int:
        """The sample of the first of ``values`` when no block waits."""
        known: int = self.values.shape[-1]
        return self.end - known

    def add(self, block: SegmentBlock) -> None:
        """Take the block that begins at ``end``."""
        self.waiting.append(block)
        self.end += len(block.valid)

    def gather(self, read: Reader) -> None:
        """Lay what ``read`` makes of the waiting blocks behind what is known."""
        values, real = read(self.waiting)
        self.values = np.concatenate([self.values, values], axis=-1)
        self.real = np.concatenate([self.real, real], axis=-1)
        self.waiting = []

    def keep(self, count: int) -> None:
        """Forget all but the newest ``count`` samples."""
        self.values = self.values[..., -count:].copy()
        self.real = self.real[..., -count:].copy()
