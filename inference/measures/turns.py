"""Turns of the body, from the pelvis or, where that wears no sensor, from the breastbone.

M. El-Gohary et al. (Sensors 2014, 14(1), 356-369): the body turns while it rotates about the
vertical by more than 5 °/s to one side; it is a turn if it reaches 15 °/s, lasts 0.5 to 10 s and
comes to 45° or more. Before that the rate is smoothed over about a stride, so that the pelvis's
turning to and fro with each step does not cut a turn into pieces.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import (
    BoolArray,
    Figure,
    FloatArray,
    Message,
    Place,
    Places,
    Quality,
    SegmentBlock,
)
from gateway.quaternion import rotate
from gateway.wording import Wording
from inference.gait.back_signals import running_mean
from inference.gait.recent_motion import RecentMotion
from inference.gait.strides import LEAST_REAL_SHARE
from inference.measures import Measure

TURNING_RAD_S, PEAK_RAD_S = np.radians(5.0), np.radians(15.0)
SHORTEST_S, LONGEST_S = 0.5, 10.0
LEAST_RAD = np.radians(45.0)

SMOOTHING_S = 0.4
"""Length of a running mean that is taken three times, which is nearly a Gaussian."""

EVERY_S, PHASE_S = 1.0, 0.6
"""Turns are looked for so much after multiples of the first on the grid: little work at other hops,
and none in which a second ends."""


@dataclass
class _State:
    """The ``recent`` rates (N,) rad/s to the left, ``looked`` at up to that sample.

    They go back far enough for the longest turn.
    """

    recent: RecentMotion
    looked: int


class Turns:
    """SegmentBlock → Figures of each turn, told about a second after it ends.

    ``turn_angle`` (rad, to the left), ``turn_duration`` (s) and ``turn_peak_rate`` (rad/s, without
    a sign); withheld where too few samples were measured.
    """

    consumes: tuple[type, ...] = (SegmentBlock,)

    def __init__(self) -> None:
        self._state: _State | None = None

    def push(self, message: Message) -> Iterable[Message]:
        """Take a block and return the figures of the turns that are over."""
        assert isinstance(message, SegmentBlock)
        if not len(message.valid) or _worn(message.places) is None:
            return []
        state = self._state
        if state is None or state.recent.end != message.start:
            recent = RecentMotion.beginning(message.start)
            state = self._state = _State(recent, message.start)
        state.recent.add(message)
        end = state.recent.end
        every, phase = (round(each * message.rate_hz) for each in (EVERY_S, PHASE_S))
        upto = end - (end - phase) % every
        return list(_look(state, upto, message)) if upto > state.looked else []

    def flush(self) -> Iterable[Message]:
        """Return nothing: a turn that is not over has no angle."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert snapshot is None or isinstance(snapshot, _State)
        self._state = copy.deepcopy(snapshot)


def _look(state: _State, upto: int, newest: SegmentBlock) -> Iterator[Figure]:
    """Yield the figures of the turns that were over by sample ``upto``, and not at the last look.

    The smoothed rate at a sample rests on ``beside`` samples before and after it.
    """
    recent, rate_hz = state.recent, newest.rate_hz
    recent.gather(_rate_to_the_left)
    beside = 3 * round(SMOOTHING_S / 2 * rate_hz)
    smooth = running_mean(recent.values[: upto - recent.start], 2 * beside // 3 + 1, times=3)
    first = recent.start + beside
    for begins, ends in _turning(smooth):
        if state.looked <= first + ends + beside < upto:
            rate = smooth[begins:ends]
            angle_rad = float(rate.cumsum()[-1] / rate_hz)
            peak_rad_s = float(np.abs(rate).max())
            duration_s = len(rate) / rate_hz
            if _is_turn(angle_rad, peak_rad_s, duration_s):
                real = recent.real[begins + beside : ends + beside]
                quality = _quality(float(np.count_nonzero(real) / len(real)))
                figures = (
                    ("turn_angle", angle_rad, "rad"),
                    ("turn_duration", duration_s, "s"),
                    ("turn_peak_rate", peak_rad_s, "rad/s"),
                )
                t_s = (first + ends) / rate_hz
                yield from (_figure(newest.person, t_s, *figure, quality) for figure in figures)
    recent.keep(recent.end - upto + round((LONGEST_S + 2 * EVERY_S) * rate_hz) + 2 * beside)
    state.looked = upto


def _rate_to_the_left(blocks: Sequence[SegmentBlock]) -> tuple[FloatArray, BoolArray]:
    """Return the rate about the vertical (T,) rad/s, and whether it was measured (T,)."""
    place = _worn(blocks[0].places)
    assert place is not None
    column = blocks[0].places.index(place)
    gyr, quat, valid, real = (
        np.concatenate([getattr(block, name)[:, column] for block in blocks])
        for name in ("gyr", "quat", "valid", "real")
    )
    return np.where(valid, rotate(quat, gyr)[:, 2], 0.0), real & valid


def _turning(smooth: FloatArray) -> Iterator[tuple[int, int]]:
    """Yield from where up to where (N,) turns to one side, but not what goes on at an end."""
    side = np.sign(smooth) * (np.abs(smooth) > TURNING_RAD_S)
    bounds = np.flatnonzero(side[1:] != side[:-1]) + 1
    for begins, ends in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if side[begins]:
            yield begins, ends


def _is_turn(angle_rad: float, peak_rad_s: float, duration_s: float) -> bool:
    lasts = SHORTEST_S <= duration_s <= LONGEST_S
    return lasts and peak_rad_s >= PEAK_RAD_S and abs(angle_rad) >= LEAST_RAD


def _quality(share: float) -> Quality:
    poor = share < LEAST_REAL_SHARE
    return Quality(share, f"only {share:.0%} of the samples were measured" if poor else "")


def _figure(
    person: str, t_s: float, name: str, value: float, unit: str, quality: Quality
) -> Figure:
    given = math.nan if quality.withheld else value
    return Figure(person, t_s, name, None, given, unit, quality)


def _worn(places: Places) -> Place | None:
    """Return where the body is looked at; None where neither wears a sensor."""
    return next((place for place in (Place.PELVIS, Place.STERNUM) if place in places), None)


MEASURE = Measure(
    "turns",
    Turns,
    {
        "turn_angle": Wording("Turn, angle"),
        "turn_duration": Wording("Turn, duration"),
        "turn_peak_rate": Wording("Turn, fastest"),
    },
)
