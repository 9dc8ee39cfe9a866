"""The newest joint angles, kept until what is made of them is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from gateway.messages import BoolArray, FloatArray, JointAngleBlock

KEPT_S = 30.0
"""Strides are told within a second or two; a Tick after a stall brings many blocks at once."""


class AngleMemory:
    """Blocks of joint angles without a hole, of the last ``KEPT_S`` at least."""

    def __init__(self, blocks: Iterable[JointAngleBlock] = ()) -> None:
        self._blocks = deque(blocks)

    def take(self, block: JointAngleBlock) -> None:
        """Add the block that follows, and forget what is too old to be asked for."""
        self._blocks.append(block)
        oldest = block.start - KEPT_S * block.rate_hz
        while _end(self._blocks[0]) < oldest:
            self._blocks.popleft()

    @property
    def rate_hz(self) -> float:
        """Samples a second; 0 before the first block."""
        return self._blocks[-1].rate_hz if self._blocks else 0.0

    def blocks(self) -> tuple[JointAngleBlock, ...]:
        """Return what is kept."""
        return tuple(self._blocks)

    def window(self, first: int, last: int) -> tuple[FloatArray, BoolArray] | None:
        """Return angles (N, 6) in rad, and which were measured, from ``first`` up to ``last``.

        None where not all of these samples of the grid are kept.
        """
        wanted: list[JointAngleBlock] = []
        for block in reversed(self._blocks):  # what is asked for is among the newest
            if block.start < last:
                wanted.insert(0, block)
            if block.start <= first:
                break
        if first >= last or not wanted or wanted[0].start > first or _end(wanted[-1]) < last:
            return None
        parts = [slice(max(0, first - b.start), last - b.start) for b in wanted]
        angle = [b.angle_rad[part] for b, part in zip(wanted, parts, strict=True)]
        real = [b.real[part] for b, part in zip(wanted, parts, strict=True)]
        return np.concatenate(angle), np.concatenate(real)


def _end(block: JointAngleBlock) -> int:
    return block.start + len(block.angle_rad)
