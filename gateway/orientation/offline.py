"""Orientation with the whole recording at hand: what waiting for the end would buy.

The filter is VQF's offline variant, which runs forwards and backwards and so has no delay to
settle, with its default parameters (see ``gateway.orientation.stage`` for the source). No stage:
nothing live can use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from vqf import offlineVQF  # type: ignore[import-untyped]  # ships no types

from gateway.messages import BodyBlock, BoolArray, OrientationBlock


def offline_orientation(blocks: Sequence[BodyBlock]) -> OrientationBlock:
    """Return the orientation over all of the consecutive ``blocks``, at least one.

    Each stretch in which a sensor has values is filtered by itself, with the magnetic field where
    it has one throughout.
    """
    first = blocks[0]
    acc, gyr, valid = (
        np.concatenate([getattr(b, name) for b in blocks]) for name in ("acc", "gyr", "valid")
    )
    mag = np.concatenate([np.full(b.acc.shape, np.nan) if b.mag is None else b.mag for b in blocks])
    quat, absolute = np.full((2, *valid.shape, 4), np.nan)
    undisturbed = np.zeros(valid.shape, np.bool_)
    for column in range(len(first.places)):
        for part in _stretches(valid[:, column]):
            turn, force, field = (np.ascontiguousarray(v[part, column]) for v in (gyr, acc, mag))
            magnetic = bool(np.isfinite(field).all())
            made = offlineVQF(turn, force, field if magnetic else None, 1 / first.rate_hz)
            quat[part, column] = made["quat6D"]
            if magnetic:
                absolute[part, column] = made["quat9D"]
                undisturbed[part, column] = ~made["magDistDetected"]
    return OrientationBlock(
        person=first.person,
        start=first.start,
        rate_hz=first.rate_hz,
        ready_ns=blocks[-1].ready_ns,
        places=first.places,
        quat=quat,
        valid=valid,
        converged=valid.copy(),
        absolute=None if first.mag is None else absolute,
        undisturbed=None if first.mag is None else undisturbed,
    )


def _stretches(valid: BoolArray) -> Iterator[slice]:
    """Return each stretch of (T,) ``valid`` that holds throughout."""
    edges = np.flatnonzero(np.diff(valid, prepend=False, append=False))
    return (slice(*pair) for pair in edges.reshape(-1, 2).tolist())
