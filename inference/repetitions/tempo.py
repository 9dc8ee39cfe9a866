"""How a repetition went, told from its leading angle once it is over: ways, hold, smoothness.

Kernels: arrays in, figures out. The angle is turned so that effort is up, at ``rate_hz``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages import FloatArray

MARGIN = 0.25
"""Within this share of its range at either end, the angle rests or is held."""

SPECTRUM_HZ = 10.0
SPECTRUM_FLOOR = 0.05
_PADDING = 16


class Tempo(NamedTuple):
    """A repetition by the indices of its samples.

    From ``start`` out to ``arrived``, held until ``left``, and back; ``low`` and ``peak`` are the
    extremes of its angle.
    """

    start: int
    arrived: int
    left: int
    low: float
    peak: float

    @classmethod
    def of(cls, angle: FloatArray) -> Tempo:
        """Find it in ``angle`` (N,), which begins at rest; none is NaN."""
        top = int(angle.argmax())
        low, peak = float(angle[: top + 1].min()), float(angle[top])
        near, far = low + MARGIN * (peak - low), peak - MARGIN * (peak - low)
        arrived = int(np.flatnonzero(angle[: top + 1] >= far)[0])
        start = int(np.flatnonzero(angle[: arrived + 1] <= near)[-1]) if peak > low else 0
        left = int(np.flatnonzero(angle >= far)[-1])
        return cls(start, arrived, left, low, peak)


def without_holes(angle: FloatArray) -> FloatArray:
    """Return ``angle`` (N,) with straight lines across what is NaN."""
    unknown = np.isnan(angle)
    if not unknown.any():
        return angle
    at = np.arange(len(angle))
    return np.interp(at, at[~unknown], angle[~unknown])


def smoothness(angle: FloatArray, tempo: Tempo, rate_hz: float) -> float:
    """Return the mean smoothness of the ways out and back; NaN where neither has two samples.

    A hold in between is no lack of smoothness, so the ways are looked at one by one.
    """
    ways = angle[tempo.start : tempo.arrived + 1], angle[tempo.left :]
    told = [spectral_arc_length(np.diff(way) * rate_hz, rate_hz) for way in ways if len(way) > 2]
    return float(np.mean(told)) if told else float("nan")


def spectral_arc_length(speed: FloatArray, rate_hz: float) -> float:
    """Return the spectral arc length of a ``speed`` (N,): negative, and nearer to 0 if smoother.

    S. Balasubramanian et al., J. NeuroEngineering Rehabil. 2015, 12:112,
    doi:10.1186/s12984-015-0090-9, with its parameters. NaN where nothing moves.
    """
    padded = _PADDING * 2 ** int(np.ceil(np.log2(len(speed))))
    size = np.abs(np.fft.rfft(speed, padded))
    if not size.max() > 0:
        return float("nan")
    frequency = np.fft.rfftfreq(padded, 1 / rate_hz)
    size = size[frequency <= SPECTRUM_HZ] / size.max()
    last = int(np.flatnonzero(size >= SPECTRUM_FLOOR)[-1])
    if last == 0:
        return 0.0
    along = np.full(last, 1 / last)
    return -float(np.hypot(along, np.diff(size[: last + 1])).sum())
