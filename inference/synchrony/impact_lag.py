"""When the pelvis feels what a foot strikes: a rough check of sensors that share no joint.

Each step jolts both, and where the jolts of the two agree best is the lag between their clocks,
plus the time that a jolt takes up the leg. That time differs between people and shoes far more
than clocks do, so it is stated as measured, and its spread bounds what this check can tell.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from gateway.messages import BoolArray, FloatArray
from inference.synchrony.joint_lag import FARTHEST_S

TRAVEL_S = 0.015
"""Foot to lower back: the median of 40 legs of `voisard_healthy_gait` (10 people)."""
TRAVEL_SD_S = 0.025
"""Between those legs; no average over steps makes it smaller."""
LEAST_RATE_HZ = 50.0
"""Below, a jolt lies between two samples."""

_SHARP_S = 0.005
_WIDTH_S = 0.01
_LEAST_CORRELATION = 0.35
"""Feet and pelvis of different walks seldom reach it in a window, those of one walk mostly do."""
_LEAST_USABLE = 0.5
_SWING_RAD_S = 3.0
"""A foot that walks turns faster in every swing."""


def jolts(acc: FloatArray, rate_hz: float) -> FloatArray:
    """Return the smoothed size of the jerk (T,), m/s³, of ``acc`` (T, 3) m/s²."""
    jerk = gaussian_filter1d(acc, _SHARP_S * rate_hz, axis=0, order=1) * rate_hz
    size: FloatArray = gaussian_filter1d(np.linalg.norm(jerk, axis=1), _WIDTH_S * rate_hz)
    return size


def walks(gyr: FloatArray) -> bool:
    """Tell whether a foot with angular velocity ``gyr`` (T, 3) rad/s swings as in walking."""
    return bool(np.percentile(np.linalg.norm(gyr, axis=1), 90) > _SWING_RAD_S)


def impact_lag(
    foot: FloatArray, pelvis: FloatArray, usable: BoolArray, rate_hz: float
) -> float | None:
    """Return by how many seconds the jolts ``pelvis`` (T,) are later than travel explains.

    None where ``foot`` (T,) and pelvis have too little in common. ``usable`` (T,) samples.
    """
    reach = int(FARTHEST_S * rate_hz)
    if usable.mean() < _LEAST_USABLE or len(foot) < 4 * reach:
        return None
    one, other = (np.where(usable, x - x[usable].mean(), 0.0) for x in (foot, pelvis))
    norm = np.sqrt(np.sum(one**2) * np.sum(other**2)) + 1e-12
    inner = one[reach:-reach]
    likeness = np.correlate(other, inner, "valid") / norm
    best = int(np.argmax(likeness))
    if likeness[best] < _LEAST_CORRELATION or best in (0, len(likeness) - 1):
        return None
    left, middle, right = likeness[best - 1 : best + 2]
    peak = best + 0.5 * (left - right) / (left - 2 * middle + right)
    return float((peak - reach) / rate_hz - TRAVEL_S)
