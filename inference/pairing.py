"""Brings two block streams of one person together, sample by sample, however each is cut."""

from __future__ import annotations

import dataclasses
from typing import Any, Generic, TypeVar

import numpy as np

First = TypeVar("First", bound=Any)
Second = TypeVar("Second", bound=Any)


class Pairing(Generic[First, Second]):
    """Holds what came early of either stream until the other has the same samples.

    Both streams start at the same sample and have no holes, as the blocks of one pipe do.
    """

    def __init__(self, first: type[First], second: type[Second]) -> None:
        self._types = (first, second)
        self._held: tuple[list[Any], list[Any]] = ([], [])

    def push(self, block: First | Second) -> list[tuple[First, Second]]:
        """Take a block of either type; return all pairs of equal length now complete."""
        if len(block.valid) == 0:
            return []
        self._held[self._types.index(type(block))].append(block)
        pairs: list[tuple[First, Second]] = []
        while self._held[0] and self._held[1]:
            pairs.append(self._next())
        return pairs

    def _next(self) -> tuple[First, Second]:
        one, other = self._held
        count = min(len(one[0].valid), len(other[0].valid))
        return _take(one, count), _take(other, count)

    def snapshot(self) -> tuple[list[Any], list[Any]]:
        """Return what is held; blocks are frozen, so the lists alone are copied."""
        return list(self._held[0]), list(self._held[1])

    def resume(self, snapshot: tuple[list[Any], list[Any]]) -> None:
        """Go on from ``snapshot``."""
        self._held = (list(snapshot[0]), list(snapshot[1]))


def _take(held: list[Any], count: int) -> Any:
    """Take the first ``count`` samples of the first of the blocks ``held``."""
    block = held.pop(0)
    if len(block.valid) == count:
        return block
    held.insert(0, cut(block, count, len(block.valid)))
    return cut(block, 0, count)


def cut(block: Any, first: int, last: int) -> Any:
    """Return samples ``first`` to ``last`` of a block.

    Its sample arrays are those of two or more dimensions.
    """
    changed: dict[str, Any] = {
        field.name: value[first:last]
        for field in dataclasses.fields(block)
        if isinstance(value := getattr(block, field.name), np.ndarray) and value.ndim > 1
    }
    return dataclasses.replace(block, start=block.start + first, **changed)
