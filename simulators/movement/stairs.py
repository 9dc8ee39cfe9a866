"""A flight of stairs, climbed or descended step over step: where the hips and the feet go.

The feet go from tread to tread and the hips along with them; the angles of the legs follow from
that, so a foot that stands, stands on its tread. How the hips go and the soles point is chosen so
that the angles are those of published stair gait: R. Riener, M. Rabuffetti & C. Frigo 2002, Gait &
Posture 15:32-44 (the forefoot lands first, up and down), and A. Protopapadaki et al. 2007, Clinical
Biomechanics 22:203-210 (18 cm steps: the knee bends to 94° ± 7° going up and to 91° ± 7° going
down, the hip to 65° and 37°, pelvic tilt included).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.person import Person
from simulators.movement.scenarios import Stairs
from simulators.movement.spline import Spline
from simulators.movement.stepping import Swing
from simulators.movement.tracks import Track, TrackBuilder, smootherstep
from simulators.movement.two_links import leg_to

_EASE_S = 0.6
"""How long the legs take to bend before the first step, and to stretch after the last."""

_STANDING, _STRAIGHT, _ROUNDING = 0.995, 0.999, 0.01
"""Shares of the leg's length: how far the hips are above the ankles at both ends of a flight, how
far a leg stretches, and how softly it comes to that."""

_KNOTS_A_STEP = 4

_BELOW_M, _UNDER_M, _GIVE_M = 0.06, 0.02, 0.004
"""A foot that nothing stopped would fall so far below its tread; where it stands it is held so far
below; and the tread gives so far, so that it stops a foot within some hundredths of a second."""

_SOON_S = 0.1
_STARTS = (0.0, -_UNDER_M, 0.0, 0.0)


@dataclass(frozen=True)
class Manner:
    """How somebody climbs or descends; times are shares of a step, from landing to landing.

    After a landing the other foot lifts at ``lift``. At a landing the hips are ``ahead`` of the
    foot behind, a share of the tread, and ``reach`` above the ankle that lands, a share of the
    leg's length; they sway by ``bob_m`` about an even way, fastest down at ``fall``. The heel
    rises for ``up`` before the lift; ``sole`` are pairs of a share of the swing and the sole's
    pitch there, the last at landing, and it takes ``down`` to lie flat. A swinging ankle comes to
    ``over_m`` above the higher tread at the share ``top`` of the swing, and goes ``forward``
    between two shares of it. ``lean_rad`` is the pitch of pelvis and trunk.
    """

    cadence_spm: float
    lift: float
    ahead: float
    reach: float
    bob_m: float
    fall: float
    up: float
    sole: tuple[tuple[float, float], ...]
    down: float
    over_m: float
    top: float
    forward: tuple[float, float]
    lean_rad: tuple[float, float]


ASCENT = Manner(
    cadence_spm=92.0,
    lift=0.28,
    ahead=0.25,
    reach=0.81,
    bob_m=0.01,
    fall=0.1,
    up=0.4,
    sole=((0.1, np.radians(-52.0)), (0.75, np.radians(-12.0)), (1.0, np.radians(-4.0))),
    down=0.12,
    over_m=0.05,
    top=0.7,
    forward=(0.1, 0.95),
    lean_rad=(np.radians(-4.0), np.radians(-9.0)),
)
DESCENT = Manner(
    cadence_spm=100.0,
    lift=0.25,
    ahead=0.34,
    reach=1.03,
    bob_m=0.018,
    fall=0.9,
    up=0.6,
    sole=((0.08, np.radians(-52.0)), (0.5, np.radians(-12.0)), (1.0, np.radians(-22.0))),
    down=0.2,
    over_m=0.01,
    top=0.25,
    forward=(0.05, 1.1),
    lean_rad=(np.radians(-1.0), np.radians(-3.0)),
)


@dataclass(frozen=True)
class _Foot:
    """Tracks of one foot: of its ankle if flat, ``ahead`` and ``above`` in m, and its pitch.

    It would fall below the ``tread``, which stops it.
    """

    ahead: Track
    above: Track
    tread: Track
    pitch: Track


@dataclass(frozen=True)
class Flight:
    """A flight from standing to standing, in metres ahead of and above where it begins.

    ``hips`` are splines of their way ahead and of their height over the standing ankles; ``feet``
    are left and right. ``bent`` is 0 at rest and 1 under way; ``steps`` counts landings, the
    first of which is that of the foot ``lead``.
    """

    start_s: float
    end_s: float
    manner: Manner
    hips: tuple[Spline, Spline]
    feet: tuple[_Foot, _Foot]
    bent: Track
    steps: Spline
    lead: int
    swings: tuple[Swing, ...]

    def legs(self, person: Person, t_s: FloatArray) -> FloatArray:
        """Return thigh pitch, knee flexion and foot pitch (3, N, 2) in rad at ``t_s`` (N,)."""
        ahead, above = (spline(t_s) for spline in self.hips)
        legs = [_leg(person, foot, ahead, above, t_s) for foot in self.feet]
        angles: FloatArray = np.stack(legs, axis=-1) * self.bent.at(t_s)[:, None]
        return angles

    def phases(self, t_s: FloatArray) -> FloatArray:
        """Return the phase (N, 2) of left and right, a whole number where the foot lands."""
        first = 1 + (np.arange(2) - self.lead) % 2
        phase: FloatArray = (self.steps(t_s)[:, None] - first) / 2
        return phase


def plan_flight(person: Person, start_s: float, part: Stairs, rng: np.random.Generator) -> Flight:
    """Plan a flight: one foot begins, the other follows onto the next step, both end together."""
    manner = ASCENT if part.rise_m > 0 else DESCENT
    cadence_spm = part.cadence_spm or manner.cadence_spm
    step_s = 60.0 / cadence_spm * (1 + person.variability * rng.normal(size=part.steps + 1))
    lead = int(rng.integers(2))
    landed = start_s + _EASE_S + np.concatenate([[0.0], np.cumsum(step_s)])
    end_s = float(landed[-1]) + _EASE_S
    swings = _swings(manner, part, landed, lead)
    bent = TrackBuilder.starting(start_s, 0.0)
    bent.move(start_s, float(landed[0]), 1.0)
    bent.move(float(landed[-1]), end_s, 0.0)
    return Flight(
        start_s=start_s,
        end_s=end_s,
        manner=manner,
        hips=_hips(person, manner, part, np.array([start_s, *landed, end_s])),
        feet=(_foot(manner, part, swings, 0, landed), _foot(manner, part, swings, 1, landed)),
        bent=bent.build(),
        steps=Spline.through(
            np.array([start_s, *landed, end_s]),
            np.array([0.0, *range(part.steps + 2), part.steps + 1]),
        ),
        lead=lead,
        swings=tuple(swings),
    )


def _swings(manner: Manner, part: Stairs, landed_s: FloatArray, lead: int) -> list[Swing]:
    """Return the swings; ``landed_s`` are their landings after the time of the first lift."""
    lift_s = landed_s[:-1] + manner.lift * np.diff(landed_s)
    return [
        Swing(
            side=(lead + number) % 2,
            lift_s=float(lift),
            land_s=float(land),
            step=True,
            climb_m=_climb(number, part),
        )
        for number, (lift, land) in enumerate(zip(lift_s, landed_s[1:], strict=True))
    ]


def _climb(number: int, part: Stairs) -> tuple[float, float]:
    """Return how far ahead and up a swing goes: two treads, or the first and the last one."""
    treads = 1 if number in (0, part.steps) else 2
    return treads * part.tread_m, treads * part.rise_m


def _hips(
    person: Person, manner: Manner, part: Stairs, times_s: FloatArray
) -> tuple[Spline, Spline]:
    """Return the ways of the hips; ``times_s`` are start, first lift, landings and end."""
    leg = person.thigh_m + person.shank_m
    count = part.steps
    at = np.arange(_KNOTS_A_STEP, _KNOTS_A_STEP * count + 1) / _KNOTS_A_STEP
    bob = manner.bob_m * np.sin(2 * np.pi * (at - manner.fall))
    ahead = part.tread_m * (at - 1 + manner.ahead)
    above = part.rise_m * at + leg * manner.reach - bob
    rest = np.ones(4)
    before = np.linspace(times_s[0], times_s[1] + 0.1, len(rest))
    after = np.linspace(times_s[-2] + 0.15, times_s[-1], len(rest))
    moving = np.interp(at, np.arange(count + 2), times_s[1:-1])
    knots = np.concatenate([before, moving, after])
    stand, top = leg * _STANDING, count * part.rise_m + leg * _STANDING
    return (
        Spline.through(knots, np.concatenate([0 * rest, ahead, count * part.tread_m * rest])),
        Spline.through(knots, np.concatenate([stand * rest, above, top * rest])),
    )


def _foot(
    manner: Manner, part: Stairs, swings: Sequence[Swing], side: int, landed_s: FloatArray
) -> _Foot:
    start_s = landed_s[0] - _EASE_S
    ahead, above, tread, pitch = (TrackBuilder.starting(start_s, start) for start in _STARTS)
    for number, swing in enumerate(swings):
        if swing.side != side:
            continue
        way, rise = _climb(number, part)
        step_s = float(landed_s[number + 1] - landed_s[number])
        begin_s, end_s = (_during(swing, share) for share in manner.forward)
        ahead.move(begin_s, end_s, ahead.values[-1] + way)
        top_s, here = _during(swing, manner.top), tread.values[-1]
        above.move(swing.lift_s - _SOON_S, top_s, here + max(rise, 0.0) + manner.over_m)
        over_s = top_s - _SOON_S / 2 if rise > 0 else top_s
        tread.move(over_s, over_s + _SOON_S / 2, here + rise)
        _fall(above, top_s, swing.land_s, here + rise)
        rises_s = max(pitch.times_s[-1], swing.lift_s - manner.up * step_s)
        for share, sole in manner.sole:
            pitch.move(rises_s, _during(swing, share), sole)
            rises_s = _during(swing, share)
        pitch.move(swing.land_s, swing.land_s + manner.down * step_s, 0.0)
    return _Foot(ahead.build(), above.build(), tread.build(), pitch.build())


def _fall(above: TrackBuilder, top_s: float, land_s: float, tread_m: float) -> None:
    """Let the foot fall from ``top_s``, so that it meets the tread at ``land_s``, and go on."""
    height = above.values[-1] - tread_m
    below = min(height, _BELOW_M)
    shares = np.linspace(0.0, 1.0, 201)
    met = float(np.interp(height / (height + below), smootherstep(shares), shares))
    end_s = top_s + (land_s - top_s) / met
    above.move(top_s, end_s, tread_m - below)
    above.move(end_s, end_s + _SOON_S, tread_m - _UNDER_M)


def _during(swing: Swing, share: float) -> float:
    return swing.lift_s + share * (swing.land_s - swing.lift_s)


def _leg(
    person: Person, foot: _Foot, hips_ahead: FloatArray, hips_above: FloatArray, t_s: FloatArray
) -> FloatArray:
    """Return thigh pitch, knee flexion and foot pitch (3, N) that put the foot where it goes."""
    pitch = foot.pitch.at(t_s)
    less, sine = 1 - np.cos(pitch), np.sin(pitch)
    ball, ankle = person.toe_m, person.ankle_height_m
    above = _softly_over(foot.above.at(t_s), foot.tread.at(t_s), _GIVE_M)
    ahead = foot.ahead.at(t_s) + ball * less - ankle * sine - hips_ahead
    below = hips_above - above + ball * sine + ankle * less
    leg = person.thigh_m + person.shank_m
    reach = np.hypot(ahead, below)
    within = -_softly_over(-reach, np.full_like(reach, -_STRAIGHT * leg), _ROUNDING * leg) / reach
    thigh, knee = leg_to(person, ahead * within, below * within)
    return np.stack([thigh, knee, pitch])


def _softly_over(values: FloatArray, least: FloatArray, rounding: float) -> FloatArray:
    """Return ``values`` that bend, within about ``rounding``, not to fall below ``least``."""
    over: FloatArray = (values - least) / 2
    return least + over + np.hypot(over, rounding)
