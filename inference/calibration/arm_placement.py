"""Which sensors are on the arms, and where on them, told from raising each arm and bending elbows.

Who raises the straight left arm turns both parts of it and nothing else; who bends the elbows with
the upper arms hanging turns the forearms. Nothing is asked of how the arms swing in walking, which
is as everybody likes. Rates of turn are compared with what is usual as logarithms, however the
sensors sit. Kernels: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

import numpy as np

from gateway.messages import LEGS_AND_TRUNK, FloatArray, IntArray, Place, Places
from inference.calibration.placement import UNTOLD

ARMS: Places = tuple(place for place in Place if place not in LEGS_AND_TRUNK)
"""Where a sensor is on an arm: left and right upper arm, left and right forearm."""

MOVEMENTS = 3
"""The left arm raised, the right arm raised, both elbows bent."""

_MOVED, _HUNG, _STILL = np.log([0.7, 0.12, 0.05])
"""The rate of turn (rad/s, root mean square) of a part that is moved, of the other parts of the
arms meanwhile, and of all else."""

_USUAL = np.array([
    [_MOVED, _HUNG, _MOVED, _HUNG, _STILL],
    [_HUNG, _MOVED, _HUNG, _MOVED, _STILL],
    [_HUNG, _HUNG, _MOVED, _MOVED, _STILL],
])  # fmt: skip
"""Of each of the movements (3,), at each of `ARMS` and elsewhere (5,)."""

_SPREAD = 0.7
"""How far that differs from one person to the other."""

_LEAST_RAD_S = 0.03


@dataclass(frozen=True)
class ArmPlacement:
    """``places`` (S,) on the arms, None where a sensor is not on one.

    ``confidence`` (S,) 0..1 that each is there, ``told`` (S,) that it is where it was said to be,
    as far as arms go, ``as_told`` that all are.
    """

    places: tuple[Place | None, ...]
    confidence: FloatArray
    told: FloatArray
    as_told: float


def arm_placement(rates_rad_s: FloatArray, told: Places) -> ArmPlacement:
    """Return which of S sensors that are said to be worn at ``told`` are on the arms, and where.

    As many are on the arms as are said to be. Until they move, others than those, or other places
    on the arms than those told, are `UNTOLD` as likely. ``rates_rad_s`` (3, S) are their rates of
    turn, root mean square, in each of the movements; NaN where one was not shown.
    """
    said = np.array([ARMS.index(place) if place in ARMS else -1 for place in told], np.int64)
    where = _hypotheses(len(told), int((said >= 0).sum()))
    odds = _odds(rates_rad_s)
    fit = np.where(where < 0, 0.0, odds[np.arange(len(told)), where]).sum(axis=1)
    as_said = (np.sort(where, axis=1) == np.sort(said)).all(axis=1)
    as_said &= ((where < 0) == (said < 0)).all(axis=1)
    fit += np.where(as_said, 0.0, np.log(UNTOLD))
    likely = np.exp(fit - fit.max())
    likely /= likely.sum()
    best = where[likely.argmax()]
    return ArmPlacement(
        places=tuple(None if index < 0 else ARMS[index] for index in best.tolist()),
        confidence=likely @ (where == best),
        told=likely @ (where == said),
        as_told=float(likely @ (where == said).all(axis=1)),
    )


def _odds(rates_rad_s: FloatArray) -> FloatArray:
    """Return the log odds (S, 4) that a sensor is at each of `ARMS` and not elsewhere."""
    logs = np.log(np.maximum(rates_rad_s, _LEAST_RAD_S))
    off = (logs[:, :, None] - _USUAL[:, None]) / _SPREAD
    fit = np.nansum(-0.5 * off**2, axis=0)
    odds: FloatArray = fit[:, :-1] - fit[:, -1:]
    return odds


@cache
def _hypotheses(sensors: int, on_arms: int) -> IntArray:
    """Return every way (H, S) in which so many sensors are on arms: an index in `ARMS`, or −1."""
    chosen = np.array(list(combinations(range(sensors), on_arms)), np.int64)
    orders = np.array(list(permutations(range(len(ARMS)), on_arms)), np.int64)
    where = np.full((len(chosen), len(orders), sensors), -1, np.int64)
    for one, columns in zip(where, chosen, strict=True):
        one[:, columns] = orders
    return where.reshape(-1, sensors)
