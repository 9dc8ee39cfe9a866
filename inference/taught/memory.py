"""The newest motion, kept until a repetition in it is over."""

from __future__ import annotations

from collections import deque

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray

_Part = tuple[int, FloatArray, BoolArray]


class Memory:
    """Keeps the newest block and at least ``count`` samples before it."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._parts: deque[_Part] = deque()

    def snapshot(self) -> list[_Part]:
        """Return what is kept; it is never changed in place, so the list alone is copied."""
        return list(self._parts)

    def resume(self, snapshot: list[_Part]) -> None:
        """Go on from ``snapshot``."""
        self._parts = deque(snapshot)

    def add(self, start: int, up: FloatArray, real: BoolArray) -> None:
        """Keep ``up`` (T, P, 3) and ``real`` (T, P) of the samples from ``start`` on."""
        self._parts.append((start, up, real))
        while len(self._parts) > 1 and self._parts[1][0] <= start - self._count:
            self._parts.popleft()

    def up(self, first: int, last: int) -> FloatArray:
        """Return up (T, P, 3) of the samples from ``first`` up to ``last``, all of them kept."""
        return np.concatenate([up for up, _ in self._cut(first, last)])

    def real_share(self, first: int, last: int, columns: IntArray) -> float:
        """Return the share of samples at which all ``columns`` were measured."""
        real = [part[:, columns].all(axis=1) for _, part in self._cut(first, last)]
        return float(np.concatenate(real).mean()) if last > first else 0.0

    def _cut(self, first: int, last: int) -> list[tuple[FloatArray, BoolArray]]:
        found: list[tuple[FloatArray, BoolArray]] = []
        for start, up, real in reversed(self._parts):
            inside = slice(max(0, first - start), max(0, last - start))
            if inside.start < min(inside.stop, len(up)):
                found.append((up[inside], real[inside]))
            if start <= first:
                break
        return found[::-1]
