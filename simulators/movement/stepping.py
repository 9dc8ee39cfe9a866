"""When the feet of a walker touch and leave the ground: one bout from standing to standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.gait_curves import FINAL_CONTACT_PHASE, stance_share, warp
from simulators.movement.person import Person
from simulators.movement.spline import Spline
from simulators.movement.tracks import Track, TrackBuilder, smootherstep

# The leading leg stands for these phases before its first lift, the other has just "landed".
_FIRST_PHASE = 0.42
_RAMP_S = 1.6
_HELD = 0.26
_LEAST_PACE_MPS = 0.05
_CHANGE_S = 0.9
_KNOT_S = 0.004


@dataclass(frozen=True)
class Stage:
    """A stretch of a bout: ``speed_mps`` is that at which the person's steps have this length."""

    seconds: float
    speed_mps: float
    cadence_spm: float


@dataclass(frozen=True)
class Leg:
    """One leg of a bout: ``lag`` behind the leading leg in strides.

    ``stance_shift`` and ``knee_share`` are how an asymmetric gait changes its stance share and
    knee flexion.
    """

    lag: float
    stance_shift: float
    knee_share: float


@dataclass(frozen=True)
class Swing:
    """One foot off the ground: ``side`` 0 left, 1 right; times in seconds.

    ``step`` tells a step, which lands elsewhere, from a lift that comes down where it was;
    ``climb_m`` is the way ahead and the rise of a step on stairs.
    """

    side: int
    lift_s: float
    land_s: float
    step: bool
    climb_m: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bout:
    """A bout of walking. ``pace`` is the speed (m/s) whose steps are made, 0 at both ends.

    It changes in single support only, so that in double support both legs carry the body at one
    speed. ``phase`` counts the strides of the leading leg; ``legs`` are left and right.
    """

    start_s: float
    end_s: float
    pace: Track
    phase: Spline
    legs: tuple[Leg, Leg]

    def phases(self, t_s: FloatArray) -> FloatArray:
        """Return the phase of the gait curves (N, 2) of left and right, whole strides counted."""
        lags = np.array([leg.lag for leg in self.legs])
        shifts = np.array([leg.stance_shift for leg in self.legs])
        phase = self.phase(np.clip(t_s, self.start_s, self.end_s))[:, None] - lags
        return warp(phase, stance_share(self.pace.at(t_s))[:, None] + shifts)


def plan_bout(
    person: Person,
    start_s: float,
    stages: Sequence[Stage],
    asymmetry: float,
    rng: np.random.Generator,
) -> Bout:
    """Plan a bout of ``stages`` that follow one another without a stop."""
    end = start_s + sum(stage.seconds for stage in stages)
    cruise, cadence = _intended(start_s, stages)
    legs = _legs(asymmetry, lead=int(rng.integers(2)))
    lag = next(leg.lag for leg in legs if leg.lag)
    times, phases = [start_s], [_FIRST_PHASE]
    while times[-1] < end or len(times) < 3:
        landing = _next_landing(phases[-1], lag)
        stride_s = 120.0 / float(cadence.at(np.array(times[-1:]))[0])
        stride_s *= 1 + person.variability * rng.normal()
        times.append(times[-1] + (landing - phases[-1]) * stride_s)
        phases.append(landing)
    landings = np.array(times[:-1])
    scatter = 1 + 2 * person.variability * np.clip(rng.normal(0, 1, len(landings)), -2.5, 2.5)
    return Bout(
        start_s=start_s,
        end_s=float(landings[-1]),
        pace=_pace(landings, cruise.at(landings) * scatter),
        phase=Spline.through(np.array(times), np.array(phases)),
        legs=legs,
    )


def swings_of(bout: Bout) -> list[Swing]:
    """Return the steps of ``bout`` in order of landing; steps too small to see are not taken."""
    grid = np.append(np.arange(bout.start_s, bout.end_s, _KNOT_S), bout.end_s)
    phases = bout.phases(grid)
    found: list[Swing] = []
    for side in (0, 1):
        phase = phases[:, side]
        cycles = np.arange(np.ceil(phase[0] - FINAL_CONTACT_PHASE), np.floor(phase[-1] + 1e-9))
        lifts = np.interp(cycles + FINAL_CONTACT_PHASE, phase, grid)
        lands = np.interp(cycles + 1.0, phase, grid)
        pace = bout.pace.at((lifts + lands) / 2)
        found += [
            Swing(side, float(lift), float(land), step=True)
            for lift, land, speed in zip(lifts, lands, pace, strict=True)
            if speed > _LEAST_PACE_MPS
        ]
    return sorted(found, key=lambda swing: swing.land_s)


def _intended(start_s: float, stages: Sequence[Stage]) -> tuple[Track, Track]:
    """Return speed and cadence over a bout that neither starts nor stops."""
    speed = TrackBuilder.starting(start_s, stages[0].speed_mps)
    cadence = TrackBuilder.starting(start_s, stages[0].cadence_spm)
    t = start_s + stages[0].seconds
    for stage in stages[1:]:
        speed.move(t - _CHANGE_S / 2, t + _CHANGE_S / 2, stage.speed_mps)
        cadence.move(t - _CHANGE_S / 2, t + _CHANGE_S / 2, stage.cadence_spm)
        t += stage.seconds
    return speed.build(), cadence.build()


def _pace(landings_s: FloatArray, speeds: FloatArray) -> Track:
    """Return the pace from rest to rest, held from each landing until the other foot lifts."""
    length = landings_s[-1] - landings_s[0]
    ramp = min(_RAMP_S, length / 2)
    started = smootherstep((landings_s - landings_s[0]) / ramp)
    stopping = smootherstep((landings_s[-1] - landings_s) / ramp)
    values = speeds * started * stopping
    pace = TrackBuilder.starting(float(landings_s[0]), 0.0)
    for (start, end), value in zip(pairwise(landings_s), values[1:], strict=True):
        pace.move(start + _HELD * (end - start), end, value)
    return pace.build()


def _legs(asymmetry: float, lead: int) -> tuple[Leg, Leg]:
    """Right is the spared leg where ``asymmetry`` is positive; its stance and flexion shrink."""
    left_lag = 0.5 - asymmetry / 4  # the left foot lands sooner after the right: spare the right
    lags = [left_lag, 0.0] if lead == 1 else [0.0, 1.0 - left_lag]
    left = Leg(lags[0], asymmetry / 8, 1.0 + min(asymmetry, 0.0) / 2)
    right = Leg(lags[1], -asymmetry / 8, 1.0 - max(asymmetry, 0.0) / 2)
    return left, right


def _next_landing(phase: float, lag: float) -> float:
    """Return the next phase at which either foot lands: whole numbers, and those plus ``lag``."""
    candidates = (np.floor(phase) + offset for offset in (lag, 1.0, 1.0 + lag))
    return float(next(c for c in candidates if c > phase + 0.05))
