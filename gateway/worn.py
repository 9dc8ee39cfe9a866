"""Which places are worn, and their columns, asked so that a live hop pays little."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.messages import BoolArray, IntArray, Places

Columns = slice | IntArray
"""Columns of the sensor axis, as an index."""


def everywhere(flags: BoolArray) -> bool:
    """Say whether all ``flags`` hold: for a hop a third of the cost of ``flags.all()``."""
    return bool(np.count_nonzero(flags) == flags.size)


def anywhere(flags: BoolArray) -> bool:
    """Say whether any of ``flags`` holds, as cheaply."""
    return bool(np.count_nonzero(flags))


@cache
def columns(places: Places, wanted: Places) -> Columns:
    """Return the columns of those of ``wanted`` that are among ``places``, in their order.

    Neighbours come as a slice, through which numpy reads without a copy.
    """
    found = [places.index(place) for place in wanted if place in places]
    if found and found == list(range(found[0], found[-1] + 1)):
        return slice(found[0], found[-1] + 1)
    return np.array(found, np.int64)


def at_places(values: NDArray[Any], places: Places, wanted: Places) -> NDArray[Any]:
    """Return ``values`` (T, S, …) of ``places`` at W ``wanted`` ones: (T, W, …).

    Where a place is not worn it is NaN, or False of flags.
    """
    picked: NDArray[Any] = values[:, columns(places, wanted)]
    if picked.shape[1] == len(wanted):
        return picked
    missing = np.nan if values.dtype.kind == "f" else False
    spread = np.full((len(values), len(wanted), *values.shape[2:]), missing, values.dtype)
    spread[:, _kept(places, wanted)] = picked
    return spread


@cache
def _kept(places: Places, wanted: Places) -> BoolArray:
    return np.array([place in places for place in wanted])
