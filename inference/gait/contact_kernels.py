"""Where a foot may have left or reached the ground, from one sensor of unknown mounting.

Everything here rests on quantities that do not depend on how the sensor is turned:

* *swing level*: the norm of the smoothed angular velocity;
* *reversal*: the scalar product of the angular velocity before and after a sample, without its
  part about the vertical. Heel rise turns foot and shank one way, the swing turns them back, so
  at final contact it is strongly negative, whichever axis of the sensor points sideways; about
  the vertical a foot turns on in a turn of the body;
* *jolt*: the norm of the second difference of the acceleration, which rises when the heel is
  stopped by the ground and hardly at all while a leg swings;
* *burst*: the jolt, smoothed: where it is highest, a foot that hardly fell has been set down;
* *rise*: the smoothed acceleration upwards. A leg that comes down falls, so it is negative, until
  the ground stops it.

Arrays are laid out (3, legs, samples), so that sums over axes are plain additions and results do
not depend on how the input was cut. All windows are whole samples made from seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.messages import FloatArray, IntArray

SMOOTHING_S = 0.04
REVERSAL_LAG_S = 0.04
JOLT_LAG_S = 0.01

BACK_S = 0.50
LOOK_AHEAD_S = 0.25
"""A contact is judged from this much before to this much after the sample that stands out."""

TIMED_S = (-0.08, 0.04)
"""A contact is timed by what lies so far around it: a foot falls, or pushes off, for some 0.08 s
before it, and what is smoothed reaches 0.04 s beyond. Only what is missing there moves it."""

FOOT_OFF_AHEAD_S = 0.17
"""A final contact stands out later than it happens, so less is waited for after it."""


@dataclass(frozen=True)
class Windows:
    """Lengths in samples at one rate; spans are (first, last) relative to a candidate, inclusive.

    ``doublings`` of a running pair sum smooth over ``2 ** doublings`` samples.
    """

    rate_hz: float
    back: int
    ahead: int
    foot_off_ahead: int
    timed: tuple[int, int]
    doublings: int
    reversal_lag: int
    jolt_lag: int
    reversal_span: tuple[int, int]
    push_off: tuple[int, int]
    swing_start: tuple[int, int]
    thrust: tuple[int, int]
    thrust_over: tuple[int, int]
    turning: tuple[int, int]
    fall: tuple[int, int]
    gained: tuple[int, int]
    touch: tuple[int, int]
    stop: tuple[int, int]
    swing: tuple[int, int]
    swing_middle: tuple[int, int]
    rest: tuple[int, int]
    landing: tuple[int, int]
    blow: tuple[int, int]
    judged: tuple[int, int]
    burst: tuple[int, int]
    falling: tuple[int, int]

    @property
    def jolt_stretch(self) -> float:
        """How much longer than `JOLT_LAG_S` the jolt's lag is: 4 at 25 Hz."""
        return self.jolt_lag / (JOLT_LAG_S * self.rate_hz)


def windows(rate_hz: float) -> Windows:
    """Return the windows for ``rate_hz``.

    The spans are times of healthy and slow walking: a foot that pushes off is fastest within
    0.16 s before it turns back, a swing lasts at least 0.2 s, and a foot has slapped down 0.2 s
    after its fall was fastest.
    """

    def count(seconds: float) -> int:
        return max(1, round(seconds * rate_hz))

    def span(first_s: float, last_s: float) -> tuple[int, int]:
        return round(first_s * rate_hz), round(last_s * rate_hz)

    doublings = max(0, int(np.floor(np.log2(1.1 * SMOOTHING_S * rate_hz))))
    half_smoothing = 2**doublings // 2
    lag = count(REVERSAL_LAG_S)
    rest = span(0.20, LOOK_AHEAD_S - SMOOTHING_S / 2)
    swing_start = span(0.09, FOOT_OFF_AHEAD_S - SMOOTHING_S / 2)
    needed = half_smoothing + rest[1]
    return Windows(
        rate_hz=rate_hz,
        back=count(BACK_S),
        ahead=max(round(LOOK_AHEAD_S * rate_hz), needed),
        foot_off_ahead=max(round(FOOT_OFF_AHEAD_S * rate_hz), half_smoothing + swing_start[1]),
        timed=span(*TIMED_S),
        doublings=doublings,
        reversal_lag=lag,
        jolt_lag=count(JOLT_LAG_S),
        reversal_span=span(-0.05, 0.05),
        push_off=span(-0.16, 0.0),
        swing_start=swing_start,
        thrust=span(-0.08, -0.01),
        thrust_over=span(0.01, 0.08),
        turning=span(0.0, 0.18),
        fall=span(-0.06, 0.06),
        gained=span(-0.40, 0.0),
        touch=(0, count(0.1)),
        stop=span(0.0, 0.15),
        swing=span(-0.22, -0.02),
        swing_middle=span(-0.15, -0.05),
        rest=rest,
        landing=span(-0.05, 0.13),
        blow=span(-0.04, 0.04),
        judged=(0, rest[1]),
        burst=span(-0.12, 0.10),
        falling=span(-0.16, 0.16),
    )


@dataclass(frozen=True)
class Signals:
    """The signals of both legs, (legs, samples), aligned with the motion that they come from.

    Near both ends, where a window is not complete, they are zero. Units rad/s, rad²/s², m/s².
    ``smooth`` (3, legs, fewer samples) is the smoothed angular velocity, from sample ``lead`` on.
    """

    smooth: FloatArray
    lead: int
    reversal: FloatArray
    jolt: FloatArray
    burst: FloatArray
    rise: FloatArray

    @cached_property
    def level(self) -> FloatArray:
        """The swing level, worked out only for candidates: most live hops have none."""
        level = np.zeros(self.reversal.shape)
        end = self.lead + self.smooth.shape[2]
        np.sqrt(_dot(self.smooth, self.smooth), out=level[:, self.lead : end])
        return level


def _dot(left: FloatArray, right: FloatArray) -> FloatArray:
    product = left * right
    total: FloatArray = product[0] + product[1]
    total += product[2]
    return total


def signals(motion: FloatArray, lengths: Windows) -> Signals:
    """Return the signals of ``motion`` (8, legs, samples), laid out as in `LegBuffer`."""
    acc, count = motion[:3], motion.shape[2]
    smooth = _smoothed(motion[3:], lengths.doublings)
    lead = (count - smooth.shape[2]) // 2
    twice = _smoothed(smooth[3], lengths.doublings)
    smooth, spin = smooth[:3], smooth[4]
    reversal, jolt, burst, rise = np.zeros((4, *acc.shape[1:]))
    _centre(rise, twice)
    lag = lengths.reversal_lag
    product = _dot(smooth[..., 2 * lag :], smooth[..., : -2 * lag])
    product -= spin[:, 2 * lag :] * spin[:, : -2 * lag]
    reversal[:, lead + lag : lead + lag + product.shape[1]] = product
    lag = lengths.jolt_lag
    change = acc[..., lag:] - acc[..., :-lag]
    second = change[..., lag:] - change[..., :-lag]
    np.sqrt(_dot(second, second), out=jolt[:, lag:-lag])
    _centre(burst, _smoothed(jolt, lengths.doublings + 1))
    return Signals(smooth, lead, reversal, jolt, burst, rise)


def _smoothed(values: FloatArray, doublings: int) -> FloatArray:
    """Return the mean of each ``2 ** doublings`` neighbours (..., fewer) of ``values`` (..., N)."""
    total = values
    for doubling in range(doublings):
        step = 2**doubling
        total = total[..., step:] + total[..., :-step]
    return total * 0.5**doublings


def _centre(target: FloatArray, values: FloatArray) -> None:
    """Lay ``values`` (legs, fewer) into the middle of ``target`` (legs, samples)."""
    first = (target.shape[1] - values.shape[1]) // 2
    target[:, first : first + values.shape[1]] = values


def smoothing_delay(lengths: Windows) -> float:
    """Return by how much of a sample smoothed motion's centre lies after its index."""
    return 0.5 if lengths.doublings else 0.0


def gather(signal: FloatArray, leg: IntArray, at: IntArray, span: tuple[int, int]) -> FloatArray:
    """Return (candidates, span) values of ``signal`` (legs, samples) around each candidate."""
    values: FloatArray = signal[leg[:, None], at[:, None] + np.arange(span[0], span[1] + 1)]
    return values


def lows(signal: FloatArray, first: int, last: int, below: float) -> tuple[IntArray, IntArray]:
    """Return (leg, sample) of the local minima of (legs, samples) under ``below``.

    Only samples ``first`` to ``last`` (exclusive) are candidates.
    """
    here = signal[:, first:last]
    low = here < below
    leg, at = low.nonzero()
    if not len(leg):  # as in most live hops
        return leg, at
    low &= here <= signal[:, first - 1 : last - 1]
    low &= here < signal[:, first + 1 : last + 1]
    leg, at = low.nonzero()
    return leg, at + first


def highs(signal: FloatArray, first: int, last: int, above: float) -> tuple[IntArray, IntArray]:
    """Return (leg, sample) of the local maxima of (legs, samples) over ``above``, like ``lows``."""
    here = signal[:, first:last]
    high = here > above
    leg, at = high.nonzero()
    if not len(leg):
        return leg, at
    high &= here >= signal[:, first - 1 : last - 1]
    high &= here > signal[:, first + 1 : last + 1]
    leg, at = high.nonzero()
    return leg, at + first
