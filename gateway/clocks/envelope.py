"""The line under the arrivals: how a device's clock lies to the host's, and how sure that is.

A packet can only be late, never early. Besides its way through the radio it waits for the next
connection event, and where the sensor's rate and the interval of events have a simple ratio (100
a second and every 15 ms), the shortest of these waits comes again and again: the lowest delay of a
window lies anywhere between nothing and the ``spacing`` of the delays above the line that is
sought. So each window says that the line passes at most that much below its lowest delay. Lines
that pass between all these bounds are possible; the middle of them, weighted by how much the
crystals of sensors drift, is the best guess, and their spread its error. As the clocks drift
against each other the waits change, and the bounds close in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray

MIN_WINDOWS = 3
"""Fewer windows say nothing of the error."""
COUNTED_SLOPE_AFTER_NS = 4e9
COUNTED_DRIFTS = (-0.75, 3.0)
"""A sensor that sends no time is timed by its nominal rate, of which its own may be a quarter, or
four times as much."""

CRYSTAL_SD = 20e-6
"""Drift of crystals, relative: consumer parts are typically within 20 ppm, warmth adds some."""
SLOPES = np.linspace(-150e-6, 150e-6, 61)
_LIKELIHOOD = np.exp(-0.5 * (SLOPES / CRYSTAL_SD) ** 2)
LEAST_ROOM_NS = 0.3e6
"""Room between the bounds that is granted at least: jitter and bunching blur them."""
COVERING = 2.2
"""Standard deviations within which the true offset is to lie 95 times in 100; a little more than
those of a normal error, for the waits hardly change within a session."""


@dataclass(frozen=True)
class Line:
    """Host time − device time: ``offset_ns`` + ``slope`` · elapsed device time, in ns.

    ``error_s`` is the bound within which it is to lie 95 times in 100.
    """

    offset_ns: float
    slope: float
    error_s: float


def fit_envelope(windows: FloatArray, *, timed: bool) -> Line | None:
    """Fit the line under windows (N, 3) of (elapsed ns, lowest delay ns, spacing ns).

    ``timed`` clocks are crystals; the drift of others is found first. None while the windows are
    too few. Windows that lie far above the others, in which everything was late, are left out.
    """
    at, lowest, apart = windows.T
    if len(at) < MIN_WINDOWS or not (timed or at[-1] - at[0] >= COUNTED_SLOPE_AFTER_NS):
        return None
    offset, slope = _least_squares(at, lowest)
    residual = lowest - offset - slope * at
    near = residual <= 3 * 1.4826 * _median(np.abs(residual)) + LEAST_ROOM_NS
    at, lowest, apart = at[near], lowest[near], apart[near]
    _, slope = _least_squares(at, lowest) if len(at) > 1 else (0.0, 0.0)
    around = 0.0 if timed else float(np.clip(slope, *COUNTED_DRIFTS))
    return fit_line(at, lowest, _median(apart), around)


def fit_line(at_ns: FloatArray, lowest_ns: FloatArray, spacing_ns: float, around: float) -> Line:
    """Fit the line under windows whose lowest delays ``lowest_ns`` (N,) came ``at_ns`` (N,).

    ``around`` is the drift to look about: 0 for a crystal, or a first guess for a sensor that
    sends no time. The error is that at the newest window.
    """
    slopes = around + SLOPES
    base = lowest_ns.min()
    now = at_ns[-1]
    level = (lowest_ns - base) - slopes[:, None] * (at_ns - now)
    above, below = level.min(axis=1), level.max(axis=1) - spacing_ns
    room = above - below
    room = np.maximum(room + max(0.0, LEAST_ROOM_NS - float(room.max())), 0.0)
    weight = room * _LIKELIHOOD
    weight /= weight.sum()
    middle = (above + below) / 2
    offset = float((weight * middle).sum())
    slope = float((weight * slopes).sum())
    scatter = _scatter((lowest_ns - base) - slope * (at_ns - now))
    spread = float((weight * ((middle - offset) ** 2 + room**2 / 12)).sum())
    error_s = COVERING * math.sqrt(spread + scatter**2) * 1e-9
    return Line(base + offset - slope * now, slope, error_s)


def spacing(delays_ns: FloatArray) -> float:
    """Return the widest step between neighbours among the shorter delays (N,) of a window."""
    shorter = np.sort(delays_ns)[: max(2, round(0.6 * len(delays_ns)))]
    return float((shorter[1:] - shorter[:-1]).max(initial=0.0))


def _least_squares(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    x_mean, y_mean = _mean(x), _mean(y)
    centred = x - x_mean
    slope = float((centred * (y - y_mean)).sum() / (centred * centred).sum())
    return y_mean - slope * x_mean, slope


# numpy's own take ten times as long for so few values, and a hop waits for the line.


def _mean(values: FloatArray) -> float:
    return float(values.sum()) / len(values)


def _scatter(values: FloatArray) -> float:
    """Return the standard deviation of ``values`` (N,)."""
    apart = values - _mean(values)
    return math.sqrt(_mean(apart * apart))


def _median(values: FloatArray) -> float:
    ordered, half = np.sort(values), len(values) // 2
    return float(ordered[half] + ordered[half - 1 + len(values) % 2]) / 2
