"""Makes an exercise of repetitions that were shown.

At least one must be as it should be; three are better, because the one most like the others is
kept. Some that are too fast, or too small, say where those begin; without them, `TOO_FAST` and
`TOO_SMALL` do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.errors import UsageError
from gateway.messages import FloatArray, Place, Side
from inference.repetitions.tempo import Tempo
from inference.taught import TaughtExercise, Turning, angle_between, own_angle, unit
from inference.taught.swings import LONGEST_S, Phase, Swings, swing_end
from inference.taught.warping import differences, resampled, warped

TOO_FAST = 0.6
"""Where none that is too fast was shown: faster than this share of the time shown is."""

TOO_SMALL = 0.8
"""Where none that is too small was shown: less than this share of the range shown is."""

RISE_SHARE = 0.25
"""Whatever rises by this share of the least that is asked may be a repetition."""

LEAST_TURN = np.radians(5.0)
"""With less turning nobody can tell a repetition from sitting still."""

REST_S = 0.15
"""Who turns by less than that in this time is at rest; slow movements turn by more."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Spans (first and last sample) of what was shown, by how it was done."""

    right: Sequence[tuple[int, int]]
    fast: Sequence[tuple[int, int]] = ()
    small: Sequence[tuple[int, int]] = ()


class Size(NamedTuple):
    """A repetition's range in rad and the time of it in s, as they are found live."""

    range_rad: float
    duration_s: float


def teach(
    name: str,
    side: Side | None,
    places: Sequence[Place],
    up: FloatArray,
    shown: Shown,
    rate_hz: float,
) -> TaughtExercise:
    """Return the exercise shown in ``up`` (T, S, 3), earth's up in the frames of the sensors.

    Every span begins and ends at rest. Raises UsageError where nothing moves.
    """
    up = _held(up)
    right = [up[first : last + 1] for first, last in shown.right]
    path = right[_most_typical(right)]
    turning = Turning.of(path)
    angle = own_angle(up, turning)
    if np.ptp(own_angle(path, turning)) < LEAST_TURN:
        raise UsageError(
            f"the repetitions shown turn no sensor by more than {np.degrees(LEAST_TURN):.0f}°: "
            "wear one on the part of the body that moves"
        )
    range_rad, duration_s = _typical(angle, shown.right, rate_hz)
    least_rad, least_s = TOO_SMALL * range_rad, TOO_FAST * duration_s
    if shown.fast:
        least_s = math.sqrt(duration_s * _typical(angle, shown.fast, rate_hz).duration_s)
    if shown.small:
        least_rad = (range_rad + _typical(angle, shown.small, rate_hz).range_rad) / 2
    return TaughtExercise(
        name=name,
        side=side,
        places=tuple(places),
        path=unit(resampled(path, _points(len(path), rate_hz))),
        range_deg=math.degrees(range_rad),
        duration_s=duration_s,
        least_deg=math.degrees(least_rad),
        least_s=least_s,
    )


def found_repetitions(up: FloatArray, rate_hz: float) -> list[tuple[int, int]]:
    """Return first and last sample of each repetition in ``up`` (T, S, 3), which begins at rest.

    A repetition is where all sensors together turn away from how they were at the beginning, and
    back. It is given from rest to rest: half-way to its neighbours, at most.
    """
    away = np.sqrt((angle_between(up, unit(up[:1])) ** 2).sum(axis=1))
    swings = Swings(np.array([max(LEAST_TURN, away.max() / 3)]), rate_hz)
    done = [one for one in swings.advance(0, away[None]) if one.phase is Phase.DONE]
    lows = [one.low_at for one in done]
    if not done:
        return []
    last = done[-1].at + int(away[done[-1].at : done[-1].at + round(2 * rate_hz)].argmin())
    return list(zip(lows, [*lows[1:], last], strict=True))


def at_rest(up: FloatArray, rate_hz: float) -> bool:
    """Tell whether ``up`` (T, S, 3) begins with sensors that hardly turn for `REST_S`."""
    begins = up[: round(REST_S * rate_hz)]
    return bool(angle_between(begins, unit(up[:1])).max() < LEAST_TURN)


def _held(up: FloatArray) -> FloatArray:
    """Return ``up`` (T, S, 3) with the nearest value in time where there is none."""
    known = ~np.isnan(up).any(axis=(1, 2))
    if not known.any():
        raise UsageError("at no time are all sensors there: nothing was shown")
    at = np.flatnonzero(known)
    nearest = np.searchsorted((at[1:] + at[:-1]) / 2, np.arange(len(up)))
    held: FloatArray = up[at[nearest]]
    return held


def _typical(angle: FloatArray, spans: Sequence[tuple[int, int]], rate_hz: float) -> Size:
    """Return the median size of the repetitions in ``spans`` of ``angle`` (T,)."""
    range_rad, duration_s = np.median([_size(angle, span, rate_hz) for span in spans], axis=0)
    return Size(float(range_rad), float(duration_s))


def _size(angle: FloatArray, span: tuple[int, int], rate_hz: float) -> Size:
    """Return the size of the repetition in ``span``; live, its rest reaches back before it."""
    first, last = span
    rise = RISE_SHARE * np.ptp(angle[first : last + 1])
    swings = Swings(np.array([rise]), rate_hz).advance(0, angle[None])
    top = first + int(angle[first : last + 1].argmax())
    around = (s for s in swings if s.phase is Phase.DONE and s.low_at <= top <= s.at)
    swing = next(around, None)
    part = angle[first : last + 1] if swing is None else angle[swing.low_at : swing.at + 1]
    tempo = Tempo.of(part)
    return Size(tempo.peak - tempo.low, (swing_end(part, tempo) - tempo.start) / rate_hz)


def _most_typical(paths: Sequence[FloatArray]) -> int:
    """Return which path is least far from all others."""
    points = [resampled(path) for path in paths]
    far = [warped([differences(one, other) for other in points]).sum() for one in points]
    return int(np.argmin(far))


def _points(count: int, rate_hz: float) -> int:
    """Return how many points keep a path: ten a second, or all."""
    return int(np.clip(np.ceil(10 * count / rate_hz), 8, min(count, 10 * LONGEST_S)))
