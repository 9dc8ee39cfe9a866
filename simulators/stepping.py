"""When the feet of a walker touch and leave the ground: one bout from standing to standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from gateway.messages import FloatArray
from simulators.gait_curves import FINAL_CONTACT_PHASE, stance_share, warp
from simulators.person import Person
from simulators.tracks import Track, TrackBuilder

# The leading leg stands for these phases before its first lift, the other has just "landed".
_FIRST_PHASE = 0.42
_RAMP_S = 2.0
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

    ``step`` tells a step, which lands elsewhere, from a lift that comes down where it was.
    """

    side: int
    lift_s: float
    land_s: float
    step: bool


@dataclass(frozen=True)
class Bout:
    """A bout of walking: ``cruise`` is the intended speed, ``envelope`` its start and stop.

    ``vigour`` scatters the steps about their intended length; ``phase`` counts the strides of
    the leading leg; ``legs`` are left and right.
    """

    start_s: float
    end_s: float
    cruise: Track
    envelope: Track
    vigour: Track
    phase: CubicSpline
    legs: tuple[Leg, Leg]

    def speed(self, t_s: FloatArray) -> FloatArray:
        """Return the speed (N,) in m/s that the steps are made for, 0 at both ends."""
        speed: FloatArray = self.cruise.at(t_s) * self.envelope.at(t_s) * self.vigour.at(t_s)
        return speed

    def stance_shares(self, t_s: FloatArray) -> FloatArray:
        """Return the stance share (N, 2) of left and right."""
        shift = np.array([leg.stance_shift for leg in self.legs])
        shares: FloatArray = stance_share(self.speed(t_s))[:, None] + shift
        return shares

    def phases(self, t_s: FloatArray) -> FloatArray:
        """Return the phase of the gait curves (N, 2) of left and right, whole strides counted."""
        lags = np.array([leg.lag for leg in self.legs])
        phase = self.phase(np.clip(t_s, self.start_s, self.end_s))[:, None] - lags
        return warp(phase, self.stance_shares(t_s))


def plan_bout(
    person: Person,
    start_s: float,
    stages: Sequence[Stage],
    asymmetry: float,
    rng: np.random.Generator,
) -> Bout:
    """Plan a bout of ``stages`` that follow one another without a stop."""
    end = start_s + sum(stage.seconds for stage in stages)
    cruise, cadence = _pace(start_s, stages)
    legs = _legs(asymmetry, lead=int(rng.integers(2)))
    lag = next(leg.lag for leg in legs if leg.lag)
    times, phases = [start_s], [_FIRST_PHASE]
    while times[-1] < end:
        landing = _next_landing(phases[-1], lag)
        stride_s = 120.0 / float(cadence.at(np.array(times[-1:]))[0])
        stride_s *= 1 + person.variability * rng.normal()
        times.append(times[-1] + (landing - phases[-1]) * stride_s)
        phases.append(landing)
    ramp = min(_RAMP_S, (end - start_s) / 2)
    envelope = TrackBuilder.starting(start_s, 0.0)
    envelope.move(start_s, start_s + ramp, 1.0)
    envelope.move(end - ramp, end, 0.0)
    scatter = 1 + 2 * person.variability * np.clip(rng.normal(0, 1, len(times)), -2.5, 2.5)
    return Bout(
        start_s=start_s,
        end_s=end,
        cruise=cruise,
        envelope=envelope.build(),
        vigour=Track(np.array(times), scatter),
        phase=CubicSpline(times, phases),
        legs=legs,
    )


def swings_of(bout: Bout) -> list[Swing]:
    """Return the steps of ``bout`` in order of landing; steps too small to see are not taken."""
    grid = np.arange(bout.start_s, bout.end_s, _KNOT_S)
    phases = bout.phases(grid)
    found: list[Swing] = []
    for side in (0, 1):
        phase = phases[:, side]
        cycles = np.arange(np.ceil(phase[0] - FINAL_CONTACT_PHASE), np.floor(phase[-1]))
        lifts = np.interp(cycles + FINAL_CONTACT_PHASE, phase, grid)
        lands = np.interp(cycles + 1.0, phase, grid)
        size = bout.envelope.at((lifts + lands) / 2)
        found += [
            Swing(side, float(lift), float(land), step=True)
            for lift, land, share in zip(lifts, lands, size, strict=True)
            if share > 0.08
        ]
    return sorted(found, key=lambda swing: swing.land_s)


def _pace(start_s: float, stages: Sequence[Stage]) -> tuple[Track, Track]:
    """Return speed and cadence over a bout."""
    speed = TrackBuilder.starting(start_s, stages[0].speed_mps)
    cadence = TrackBuilder.starting(start_s, stages[0].cadence_spm)
    t = start_s + stages[0].seconds
    for stage in stages[1:]:
        speed.move(t - _CHANGE_S / 2, t + _CHANGE_S / 2, stage.speed_mps)
        cadence.move(t - _CHANGE_S / 2, t + _CHANGE_S / 2, stage.cadence_spm)
        t += stage.seconds
    return speed.build(), cadence.build()


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
