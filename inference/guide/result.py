"""What a guided calibration comes to: where each sensor is, how it sits, and what to say of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gateway.messages import (
    BoolArray,
    FloatArray,
    GuidedCalibration,
    IntArray,
    Place,
    Places,
    Side,
)
from inference.calibration import alignment
from inference.calibration.alignment import angle_between
from inference.calibration.arm_placement import ARMS, MOVEMENTS, arm_placement
from inference.calibration.nominal import nominal
from inference.calibration.placement import WHERE, Placement, all_orders, placement
from inference.calibration.walking_traits import WalkingTraits
from inference.guide.functional_axes import Evidence, FunctionalAxes, functional_axes
from inference.guide.steps import Tick

SURE, LIKELY = 0.9, 0.6
"""A person is believed unless motion is as sure as the first that something is otherwise, and finds
each sensor that is elsewhere at least as likely there as the second."""

UPSIDE_DOWN, ELSEWHERE, APART = np.radians([120, 40, 30])
"""A sensor is upside down whose up is beyond the first from what is meant; one that walks more than
the second off its stance has slipped, or nobody stood; fronts further apart than the third are
worth little."""


@dataclass
class Shown:
    """What a person has shown.

    ``standing`` (S, 3) is up in the sensors, ``on_arms`` (S,) those that are on an arm, as said
    until the arms have moved, ``raised`` their rates of turn (S,) while each knee
    was, ``arms`` while each arm was raised and, without a side, both elbows bent, ``moves`` the
    ticks of knees and walking, ``bows`` those of bending forward, ``slipped`` the names of sensors
    that did.
    """

    standing: FloatArray
    rate_hz: float
    on_arms: BoolArray
    raised: dict[Side, FloatArray] = field(default_factory=dict)
    arms: dict[Side | None, FloatArray] = field(default_factory=dict)
    moves: list[Tick] = field(default_factory=list)
    bows: list[Tick] = field(default_factory=list)
    slipped: list[str] = field(default_factory=list)


def result(person: str, t_s: float, places: Places, shown: Shown) -> GuidedCalibration:
    """Return what ``shown`` comes to, for the sensors that are said to be at ``places``."""
    seconds = _seconds(shown.moves)
    found, confidence = _found(places, shown, seconds)
    evidence = _evidence(found, shown, seconds)
    fitted = functional_axes(found, shown.standing, evidence)
    return GuidedCalibration(
        person=person,
        t_s=t_s,
        places=places,
        found=found,
        confidence=confidence,
        quat=alignment.quaternions(fitted.axes),
        known=np.ones(len(places), np.bool_),
        front=fitted.front,
        spread_rad=fitted.spread_rad,
        remarks=tuple(_remarks(places, found, confidence, fitted, shown)),
    )


def _evidence(found: Places, shown: Shown, seconds: list[Tick]) -> Evidence:
    """Return what tells the fronts: of trunks bending and walking, of legs all else."""
    known, rate_hz = nominal(found), shown.rate_hz
    legs = known.sagittal & ~known.trunk
    moving = Evidence.of(found, seconds, shown.standing, legs, rate_hz)
    bowing = Evidence.of(found, shown.bows, shown.standing, known.trunk, rate_hz)
    return moving.plus(dataclasses.replace(bowing, pushed=0 * bowing.pushed))


def found_on_arms(places: Places, shown: Shown) -> BoolArray:
    """Return (S,) the sensors that are on the arms as far as these have been shown."""
    found, _ = _on_arms(places, shown)
    return np.isin(found, ARMS)


def out_of_place(places: Places, shown: Shown) -> list[str]:
    """Return the names of sensors that mostly were far from their stance while moving."""
    if not shown.moves:  # of arms alone
        return []
    ups = np.array([up.mean(axis=2).T for _, _, up in shown.moves])
    off = angle_between(alignment.unit(np.median(ups, axis=0)), shown.standing) > ELSEWHERE
    return [name(place) for place, away in zip(places, off, strict=True) if away]


def name(place: Place) -> str:
    """Return a place in words."""
    return str(place).replace("_", " ")


def _seconds(ticks: list[Tick]) -> list[Tick]:
    """Return neighbouring ticks of half a second joined."""
    return [
        (
            np.concatenate([one[0], two[0]], axis=2),
            np.concatenate([one[1], two[1]], axis=2),
            np.concatenate([one[2], two[2]], axis=2),
        )
        for one, two in zip(ticks[::2], ticks[1::2], strict=False)
    ]


def _found(places: Places, shown: Shown, seconds: list[Tick]) -> tuple[Places, FloatArray]:
    """Return where the sensors are, as told unless motion is sure of otherwise, and how sure."""
    found, confidence = _on_arms(places, shown)
    columns = np.flatnonzero([place not in ARMS for place in found])
    if not len(columns):
        return tuple(found), confidence
    told = tuple(found[column] for column in columns)
    where = _on_legs(told, columns, shown, seconds)
    moved = ~_same(told, where.places)
    sure = where.told
    if not (where.as_told > 1 - SURE or (where.confidence[moved] < LIKELY).any()):
        told, sure = where.places, np.where(moved, where.confidence, where.told)
    for column, place in zip(columns, told, strict=True):
        found[column] = place
    confidence[columns] *= sure
    return tuple(found), confidence


def _on_arms(places: Places, shown: Shown) -> tuple[list[Place], FloatArray]:
    """Return where the sensors are as the arms show it, and how sure.

    One that is not on an arm, where it was said to be, stands in for one that is: which place of
    legs and trunk it has is not told by arms.
    """
    rates = np.full((MOVEMENTS, len(places)), np.nan)
    for side, own in shown.arms.items():
        rates[MOVEMENTS - 1 if side is None else list(Side).index(side)] = own
    where = arm_placement(rates, places)
    on_arms = [place in ARMS for place in places]
    moved = np.array([
        found is not place if told_on_arm else found is not None
        for found, place, told_on_arm in zip(where.places, places, on_arms, strict=True)
    ])  # fmt: skip
    if where.as_told > 1 - SURE or (where.confidence[moved] < LIKELY).any():
        return list(places), where.told
    left = [p for p, found in zip(places, where.places, strict=True) if p not in ARMS and found]
    found = []
    for place, arm in zip(places, where.places, strict=True):
        if arm is not None:
            found.append(arm)
        else:
            found.append(left.pop(0) if place in ARMS else place)
    return found, np.where(moved, where.confidence, where.told)


def _on_legs(told: Places, columns: IntArray, shown: Shown, seconds: list[Tick]) -> Placement:
    """Return where on legs and trunk the sensors in ``columns`` are that are said to be there."""
    standing = shown.standing[columns]
    walking = WalkingTraits.nothing(len(columns))
    for acc, gyr, up in seconds:
        walking.add(acc[:, columns], gyr[:, columns], up[:, columns], standing)
    raised = np.full((2, len(columns)), np.nan)
    for side, rates in shown.raised.items():
        raised[list(Side).index(side)] = rates[columns]
    return placement(walking.traits(standing, raised), told, all_orders(len(columns)))


def _same(one: Places, other: Places) -> BoolArray:
    return np.array([a == b for a, b in zip(one, other, strict=True)], np.bool_)


def _remarks(
    places: Places,
    found: Places,
    confidence: FloatArray,
    fitted: FunctionalAxes,
    shown: Shown,
) -> Iterator[str]:
    yield from _exchanged(places, found, confidence)
    unsure = [
        f"{name(place)} {sure:.0%}"
        for place, sure in zip(found, confidence, strict=True)
        if sure < SURE
    ]
    if unsure:
        yield (
            "motion does not show clearly that these sensors are where they are said to be: "
            f"{', '.join(unsure)}; look at them before you go on"
        )
    turned = angle_between(shown.standing, nominal(found).axes[:, :, 1]) > UPSIDE_DOWN
    for place, is_turned in zip(found, turned, strict=True):
        if is_turned:
            yield f"{name(place)}: worn upside down, which is taken into account"
    for slipped in shown.slipped:
        yield f"{slipped}: it slipped while you moved; tighten its strap and calibrate again"
    for place, front, spread in zip(found, fitted.front, fitted.spread_rad, strict=True):
        if not front and place in WHERE:
            yield (
                f"{name(place)}: movement did not show which way it faces; its outer side is "
                "taken to look the way it is meant to"
            )
        elif spread > APART:
            yield (
                f"{name(place)}: its front is uncertain by {np.degrees(spread):.0f}°; tighten its "
                "strap and calibrate again"
            )


def _exchanged(places: Places, found: Places, confidence: FloatArray) -> Iterator[str]:
    at = dict(zip(places, found, strict=True))
    for (told, really), sure in zip(at.items(), confidence, strict=True):
        if told == really:
            continue
        if at.get(really) != told:
            yield f"the sensor of the {name(told)} is on the {name(really)} ({sure:.0%} sure)"
        elif places.index(told) < places.index(really):
            yield (
                f"the sensors of {name(told)} and {name(really)} are exchanged ({sure:.0%} sure)"
            )
