"""Where a foot may have left or reached the ground, from one sensor of unknown mounting.

Everything here rests on quantities that do not depend on how the sensor is turned:

* *swing level*: the norm of the smoothed angular velocity;
* *reversal*: the scalar product of the angular velocity before and after a sample. Heel rise
  turns foot and shank one way, the swing turns them back, so at final contact it is strongly
  negative, whichever axis of the sensor points sideways;
* *jolt*: the norm of the second difference of the acceleration, which rises when the heel is
  stopped by the ground and hardly at all while a leg swings.

Arrays are laid out (3, legs, samples), so that sums over axes are plain additions and results do
not depend on how the input was cut. All windows are whole samples made from seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray

SMOOTHING_S = 0.04
REVERSAL_LAG_S = 0.04
JOLT_LAG_S = 0.01

BACK_S = 0.50
LOOK_AHEAD_S = 0.20
"""A contact is judged from this much before to this much after the sample that stands out."""

BESIDE_S = 0.10
"""What is bridged from so long before a contact on, until it is told, may move it."""

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
    beside: int
    doublings: int
    reversal_lag: int
    jolt_lag: int
    reversal_span: tuple[int, int]
    push_off: tuple[int, int]
    swing_start: tuple[int, int]
    jolt_span: tuple[int, int]
    swing: tuple[int, int]
    swing_middle: tuple[int, int]
    rest: tuple[int, int]
    landing: tuple[int, int]
    turning: tuple[int, int]
    earlier_jolts: tuple[int, int]
    onset: tuple[int, int]
    onset_pause: int


def windows(rate_hz: float) -> Windows:
    """Return the windows for ``rate_hz``.

    The spans are times of healthy and slow walking: a foot that pushes off is fastest within
    0.16 s before it turns back, a swing lasts at least 0.2 s, and a foot that landed is nearly
    at rest 0.15 s later.
    """

    def count(seconds: float) -> int:
        return max(1, round(seconds * rate_hz))

    def span(first_s: float, last_s: float) -> tuple[int, int]:
        return round(first_s * rate_hz), round(last_s * rate_hz)

    doublings = max(0, int(np.floor(np.log2(1.1 * SMOOTHING_S * rate_hz))))
    half_smoothing = 2**doublings // 2
    lag = count(REVERSAL_LAG_S)
    rest = span(0.15, LOOK_AHEAD_S - SMOOTHING_S / 2)
    swing_start = span(0.09, FOOT_OFF_AHEAD_S - SMOOTHING_S / 2)
    turning = span(-0.12, LOOK_AHEAD_S - SMOOTHING_S / 2 - REVERSAL_LAG_S)
    needed = half_smoothing + max(rest[1], turning[1] + lag)
    return Windows(
        rate_hz=rate_hz,
        back=count(BACK_S),
        ahead=max(round(LOOK_AHEAD_S * rate_hz), needed),
        foot_off_ahead=max(round(FOOT_OFF_AHEAD_S * rate_hz), half_smoothing + swing_start[1]),
        beside=count(BESIDE_S),
        doublings=doublings,
        reversal_lag=lag,
        jolt_lag=count(JOLT_LAG_S),
        reversal_span=span(-0.05, 0.05),
        push_off=span(-0.16, 0.0),
        swing_start=swing_start,
        jolt_span=span(-0.05, 0.05),
        swing=span(-0.25, -0.05),
        swing_middle=span(-0.18, -0.08),
        rest=rest,
        landing=span(-0.08, 0.10),
        turning=turning,
        earlier_jolts=span(-0.45, -0.10),
        onset=span(-0.10, 0.0),
        onset_pause=count(0.03),
    )


@dataclass(frozen=True)
class Signals:
    """The three signals of both legs, (legs, samples), aligned with the motion they come from.

    Near both ends, where a window is not complete, they are zero. Units rad/s, rad²/s², m/s².
    ``smooth`` (3, legs, fewer samples) is the smoothed angular velocity, from sample ``lead`` on.
    """

    smooth: FloatArray
    lead: int
    reversal: FloatArray
    jolt: FloatArray

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


def signals(acc: FloatArray, gyr: FloatArray, lengths: Windows) -> Signals:
    """Return the signals of ``acc`` m/s² and ``gyr`` rad/s, both (3, legs, samples)."""
    count = acc.shape[2]
    smooth = gyr
    for doubling in range(lengths.doublings):
        step = 2**doubling
        smooth = smooth[..., step:] + smooth[..., :-step]
    smooth = smooth * 0.5**lengths.doublings
    lead = (count - smooth.shape[2]) // 2
    reversal, jolt = np.zeros((2, *acc.shape[1:]))
    lag = lengths.reversal_lag
    product = _dot(smooth[..., 2 * lag :], smooth[..., : -2 * lag])
    reversal[:, lead + lag : lead + lag + product.shape[1]] = product
    lag = lengths.jolt_lag
    change = acc[..., lag:] - acc[..., :-lag]
    second = change[..., lag:] - change[..., :-lag]
    np.sqrt(_dot(second, second), out=jolt[:, lag:-lag])
    return Signals(smooth, lead, reversal, jolt)


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


def last_onset(high: BoolArray, pause: int) -> int:
    """Return where the last burst in ``high`` (N,) begins; it goes on over shorter pauses."""
    held = high.copy()
    for shift in range(1, min(pause, len(high))):
        held[shift:] |= high[:-shift]
    quiet = np.flatnonzero(~held)
    return min(int(quiet[-1]) + 1, len(high) - 1) if len(quiet) else 0
