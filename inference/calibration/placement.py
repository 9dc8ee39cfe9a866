"""Which sensor is where on legs and trunk, told from how it moves, however it sits and faces.

In walking the rate of turn grows from trunk to foot, the foot is jolted most and rests in every
stride (D. Weenk et al., J. NeuroEng. Rehabil. 2013, 10, 31, tell segments in this way). Whose knee
is raised tells the side. So does walking: the pelvis turns forward with the leg that swings
(C. W. Stokes et al., J. Biomech. 1989, 22(1), 43-50), so that its turning about the vertical goes
with the swing of the right leg and against that of the left; and the segments of a leg hurry
together, half a stride apart from those of the other.

Figures are compared with what is usual in walking as logarithms, and a factor common to all
sensors, such as a slow pace, says nothing. Kernels: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

import numpy as np

from gateway.messages import LEGS_AND_TRUNK, FloatArray, IntArray, Place, Places

WHERE: Places = LEGS_AND_TRUNK
"""Places that are told from one another. Arms are told otherwise
(`inference.calibration.arm_placement`): they swing as their owner likes."""

UNTOLD = 0.02
"""How likely sensors are worn at other places than those that a person says, before they move."""

_SEGMENTS = ("pelvis", "thigh", "shank", "foot", "sternum")
_SEGMENT = np.array([_SEGMENTS.index(place.rpartition("_")[2]) for place in WHERE])
_SIDE = np.array([("left", "right", "").index(place.rpartition("_")[0]) for place in WHERE])
_SIDE[_SIDE == 2] = -1
"""0 left, 1 right, −1 trunk."""

_RATE = np.log([0.8, 1.6, 2.6, 3.6, 0.5]), 0.2, 0.4
"""Rate of turn of each of ``_SEGMENTS`` in walking (rad/s, root mean square), how far that differs
from one to the other, and how far for all sensors together."""
_JOLT = np.log([2.0, 3.5, 4.5, 9.0, 1.8]), 0.3, 0.5
"""The same of the length of the acceleration (m/s², standard deviation)."""
_REST = np.log([0.4, 0.1, 0.1, 0.3, 0.7]), 0.4, 0.0
"""The same of the share of the time in which a sensor turns less than ``RESTING_RAD_S``."""
_RAISED = np.log([0.12, 1.1, 0.35, 0.5, 0.07]), 0.5, 0.5
"""The same of the rate of turn while the knee of its side is raised."""
_STANDING = np.log(0.04), 0.8
"""The rate of turn of a leg that stands meanwhile, and how far it differs."""

RESTING_RAD_S = 0.5
_LEAST_REST = 0.03
_LEAST_RAD_S = 0.03
_LEAST_JOLT = 1e-3

_SWING, _SWING_SD, _TOGETHER = 0.3, 0.25, 0.5
"""How a leg's swing correlates with the turning of the pelvis, right +, left −. The sensors of a
leg say nearly the same, so each counts by half."""

_OWN_LEG, _OTHER_LEG, _LEG_SD, _EACH_PAIR = 0.4, -0.2, 0.3, 0.4
"""How the speeds of turning of two segments of a leg correlate, and of different legs. Pairs
say nearly the same."""


@dataclass(frozen=True)
class Traits:
    """How S sensors move.

    In walking: ``rate_rad_s``, ``jolt`` (m/s²) and ``rest`` (S,), and ``swing`` (S, S), how the
    turning of one about the vertical goes with the tipping of the other, to where it tips most,
    and ``hurry`` (S, S), how their speeds of turning go together.
    ``raised`` (2, S) rad/s while the left and the right knee was raised. NaN where it is unknown.
    """

    rate_rad_s: FloatArray
    jolt: FloatArray
    rest: FloatArray
    swing: FloatArray
    hurry: FloatArray
    raised: FloatArray


@dataclass(frozen=True)
class Placement:
    """``places`` where each of S sensors most likely is, ``confidence`` (S,) 0..1 that it is there.

    ``told`` (S,) that it is where it was said to be, ``as_told`` that all are.
    """

    places: Places
    confidence: FloatArray
    told: FloatArray
    as_told: float


def placement(traits: Traits, told: Places, orders: IntArray) -> Placement:
    """Return where S sensors are that are said to be worn at ``told``.

    ``orders`` (H, S) are those that come into question: entry i is the index in `WHERE` of the
    place of sensor i. Until they move, one with other places than told is `UNTOLD` as likely.
    """
    said = np.array([WHERE.index(place) for place in told], np.int64)
    fit = np.where((np.sort(orders, axis=1) == np.sort(said)).all(axis=1), 0.0, np.log(UNTOLD))
    fit += _fit_raised(traits.raised)[np.arange(len(told)), orders].sum(axis=1)
    for values, least, usual in (
        (traits.rate_rad_s, _LEAST_RAD_S, _RATE),
        (traits.jolt, _LEAST_JOLT, _JOLT),
        (traits.rest, _LEAST_REST, _REST),
    ):
        if np.isfinite(values).all():
            fit += _fit_together(np.log(np.maximum(values, least)), usual, orders)
    fit += _fit_swing(traits.swing, orders) + _fit_hurry(traits.hurry, orders)
    likely = np.exp(fit - fit.max())
    likely /= likely.sum()
    best = orders[likely.argmax()]
    return Placement(
        places=tuple(WHERE[index] for index in best.tolist()),
        confidence=likely @ (orders == best),
        told=likely @ (orders == said),
        as_told=float(likely @ (orders == said).all(axis=1)),
    )


@cache
def all_orders(count: int) -> IntArray:
    """Return every way (H, S) in which S sensors may be worn at `WHERE`."""
    return np.array(list(permutations(range(len(WHERE)), count)), np.int64)


@cache
def exchanges(told: Places) -> IntArray:
    """Return the orders (H, S) as told, with two sensors exchanged, and with both legs."""
    said = [WHERE.index(place) for place in told]
    orders = [said]
    for one, other in combinations(range(len(said)), 2):
        order = said.copy()
        order[one], order[other] = said[other], said[one]
        orders.append(order)
    mirrored = [WHERE.index(_other_side(place)) for place in told]
    if sorted(mirrored) == sorted(said) and mirrored not in orders:
        orders.append(mirrored)
    return np.array(orders, np.int64)


def _other_side(place: Place) -> Place:
    side, _, segment = place.partition("_")
    other = {"left": "right", "right": "left"}.get(side)
    return place if other is None else Place(f"{other}_{segment}")


def _fit_raised(raised: FloatArray) -> FloatArray:
    """Return how well each sensor fits each place (S, 8) by the raising of knees, as log odds."""
    fit = np.zeros((raised.shape[1], len(WHERE)))
    usual, own, common = _RAISED
    standing, standing_sd = _STANDING
    for raised_side, rates in enumerate(raised):
        if np.isfinite(rates).all():
            other = 1 - raised_side == _SIDE
            mean = np.where(other, standing, usual[_SEGMENT])
            spread = np.where(other, standing_sd, np.hypot(own, common))
            off = (np.log(np.maximum(rates, _LEAST_RAD_S))[:, None] - mean) / spread
            fit += -0.5 * off**2 - np.log(spread)
    return fit


def _fit_together(
    values: FloatArray, usual: tuple[FloatArray, float, float], orders: IntArray
) -> FloatArray:
    """Return how well logarithms (S,) fit each of the orders (H,), as log odds.

    What all have in common is normal too, and does not count but for its own spread.
    """
    mean, own, common = usual
    off = (values - mean[_SEGMENT][orders]) / own
    shared = off.sum(axis=1) ** 2 / (len(values) + (own / common) ** 2 if common else np.inf)
    fit: FloatArray = -0.5 * ((off**2).sum(axis=1) - shared)
    return fit


def _fit_swing(swing: FloatArray, orders: IntArray) -> FloatArray:
    """Return how well the swing of the legs fits each of the orders (H,), as log odds."""
    pelvis = orders == WHERE.index(Place.PELVIS)
    segment, side = _SEGMENT[orders], _SIDE[orders]
    # Thighs tip forward while they swing forward, shanks and feet to the back.
    forward = np.where(segment == _SEGMENTS.index("thigh"), 1.0, -1.0)
    way = np.where(side < 0, 0.0, 2.0 * side - 1.0) * pelvis.any(axis=1, keepdims=True)
    # Odds between the sides: the squares of two normal densities but for what they share.
    weight = _TOGETHER * _SWING / _SWING_SD**2
    fit: FloatArray = np.nansum(weight * way * forward * swing[pelvis.argmax(axis=1)], axis=1)
    return fit


def _fit_hurry(hurry: FloatArray, orders: IntArray) -> FloatArray:
    """Return how well the pairs of segments of a leg fit each of the orders (H,), as log odds."""
    middle = (_OWN_LEG + _OTHER_LEG) / 2
    weight = _EACH_PAIR * (_OWN_LEG - _OTHER_LEG) / (2 * _LEG_SD**2)
    segment, side = _SEGMENT[orders], _SIDE[orders]
    fit = np.zeros(len(orders))
    for one, other in combinations(range(orders.shape[1]), 2):
        legs = (side[:, one] >= 0) & (side[:, other] >= 0) & (segment[:, one] != segment[:, other])
        same = np.where(side[:, one] == side[:, other], 1.0, -1.0)
        fit += np.where(legs, weight * same * np.nan_to_num(hurry[one, other] - middle), 0.0)
    return fit
