"""What the acceleration of the lower back shows of steps, from a sensor of unknown heading.

The trunk is caught by the leading leg at every step: its acceleration turns upward and backward
(W. Zijlstra and A. L. Hof, Gait & Posture 2003, 18(2), 1-10). Smoothed over about half a step this
is one rise a step, whatever the gait, as the wavelets of J. McCamley et al. (Gait & Posture 2012,
36(2), 316-318) and A. Paraschiv-Ionescu et al. (J. NeuroEng. Rehabil. 2019, 16, 24) have it;
smoothed little, it begins with the contact.

Which way is forward follows from walking itself: the trunk gains speed while it falls onto the
leading leg, so forward acceleration goes with the rise of the vertical one.

Kernels; components come first and samples last, sums are plain additions in a fixed order, so
results do not depend on how the input was cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray, IntArray
from gateway.quaternion import rotate

GRAVITY = 9.81

STEP_SMOOTHING_S = 0.18
CONTACT_SMOOTHING_S = 0.03
BRAKING_SMOOTHING_S = 0.11
"""Lengths of a running mean that is taken three times, which is nearly a Gaussian.

Smoothing makes the load of a landing begin before it does: no more than noise needs.
"""

APART_S = 0.1
"""Of two rises closer than this the steeper one counts."""

TICK_S = 0.1
"""Steps are looked for at multiples of this on the grid: little work at other hops."""

LOOK_AHEAD_S = 0.63
"""How long after an initial contact it is told at the latest, at 50 samples a second or more."""

LEAST_RISE_M_S3 = 1.0
"""A foot that is only set down beside the other, as the last of a walk, rises by as little."""

LEAN = np.radians(30)
"""Of the direction whose rise is looked at, from up towards back: that of the leading leg."""

_MEMORY_S = 120.0


@dataclass(frozen=True)
class Lengths:
    """Lengths in samples at one rate."""

    rate_hz: float
    tick: int
    step: int
    contact: int
    braking: int
    apart: int

    @classmethod
    def at(cls, rate_hz: float) -> Lengths:
        """Return the lengths for ``rate_hz``."""
        seconds = TICK_S, STEP_SMOOTHING_S, CONTACT_SMOOTHING_S, BRAKING_SMOOTHING_S, APART_S
        tick, step, contact, braking, apart = (max(1, round(each * rate_hz)) for each in seconds)
        # An odd count of samples has one in the middle.
        return cls(rate_hz, tick, step, contact | 1, braking | 1, apart)

    @property
    def lead(self) -> int:
        """By how many samples a rise lies after the first sample that it is made of."""
        return (3 * (self.step - 1) + 1) // 2

    @property
    def late(self) -> int:
        """How many samples after its own a rise rests on."""
        return self.reach - 1 - self.lead

    @property
    def reach(self) -> int:
        """How many samples a rise is made of."""
        return 3 * (self.step - 1) + 2


def levelled(acc: FloatArray, quat: FloatArray) -> FloatArray:
    """Return acceleration without gravity (3, N) m/s² in level axes that turn with the body.

    ``acc`` (N, 3) and ``quat`` (N, 4) are a segment's and its inclination. The axes are the
    segment's front, its left, and up; where a sample is not a number it is 0.
    """
    level = rotate(quat, acc)
    level[:, 2] -= GRAVITY
    return np.where(np.isfinite(level), level, 0.0).T


def running_mean(signal: FloatArray, count: int, times: int = 1) -> FloatArray:
    """Return the mean of ``count`` samples at every place of (..., N) where there are so many."""
    for _ in range(times):
        signal = _running_sum(signal, count)
    mean: FloatArray = signal * (1.0 / count**times)
    return mean


def _running_sum(signal: FloatArray, count: int) -> FloatArray:
    """Add up sums over powers of two: few additions, in the same order everywhere."""
    length = signal.shape[-1] - count + 1
    total: FloatArray | None = None
    offset, width = 0, 1
    while True:
        if count & width:
            part = signal[..., offset : offset + length]
            total = part if total is None else total + part
            offset += width
        if 2 * width > count:
            break
        signal = signal[..., width:] + signal[..., :-width]
        width *= 2
    assert total is not None
    return total


def rises(level: FloatArray, lengths: Lengths) -> tuple[FloatArray, FloatArray]:
    """Return smoothed acceleration and its change (3, M), m/s² and m/s³, of (3, N) samples.

    Entry i of both lies at sample i + ``lengths.lead``.
    """
    smooth = running_mean(level, lengths.step, times=3)
    change = (smooth[:, 1:] - smooth[:, :-1]) * lengths.rate_hz
    return smooth[:, :-1], change


def forward_evidence(smooth: FloatArray, change: FloatArray, tick: int) -> FloatArray:
    """Return (ticks, 2) how much each of the level axes goes with the rise of the vertical one."""
    product = (smooth[:2] * change[2]).reshape(2, -1, tick)
    return np.add.accumulate(product, axis=2)[..., -1].T


def remembered(evidence: FloatArray, before: tuple[float, float]) -> FloatArray:
    """Return (ticks, 2) the evidence so far, older evidence fading away."""
    kept = 1.0 - TICK_S / _MEMORY_S
    x, y = before
    sums = []
    for dx, dy in evidence.tolist():
        x, y = kept * x + dx, kept * y + dy
        sums.append((x, y))
    return np.array(sums).reshape(-1, 2)


def forward(evidence: FloatArray) -> FloatArray:
    """Return unit vectors (2, ticks) that point forward in the level axes; 0 where not known."""
    x, y = evidence.T
    length = np.sqrt(x * x + y * y)
    unit: FloatArray = evidence.T / np.where(length > 0.0, length, 1.0)
    return unit


def along(level: FloatArray, ahead: FloatArray) -> FloatArray:
    """Return acceleration forward, to the left and up (3, N) of ``level`` (3, N).

    ``ahead`` (2, N) points forward.
    """
    x, y = ahead
    front, left, up = level
    return np.stack([x * front + y * left, x * left - y * front, up])


def caught(change: FloatArray, ahead: FloatArray) -> FloatArray:
    """Return by how much ``change`` (3, M) goes upward and backward (M,).

    ``ahead`` (2, M) points forward.
    """
    onward = ahead[0] * change[0] + ahead[1] * change[1]
    rise: FloatArray = np.cos(LEAN) * change[2] - np.sin(LEAN) * onward
    return rise


def peaks(rise: FloatArray, apart: int) -> IntArray:
    """Return where (N,) is highest within ``apart`` samples on either side, first to last known."""
    inside = rise[apart:-apart]
    high = (inside > LEAST_RISE_M_S3) & (inside >= rise[apart - 1 : -apart - 1])
    high &= inside > rise[apart + 1 : len(rise) - apart + 1]
    places = np.flatnonzero(high)
    return np.array(
        [at + apart for at in places.tolist() if inside[at] >= rise[at : at + 2 * apart + 1].max()],
        np.int64,
    )
