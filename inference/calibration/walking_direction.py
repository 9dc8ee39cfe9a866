"""Which way a person walks, as the trunk's acceleration tells it.

Walking exchanges height for speed as an inverted pendulum does (G. A. Cavagna, N. C. Heglund and
C. R. Taylor, Am. J. Physiol. 1977, 233(5), R243-R261): the trunk is slowed while it rises over the
foot and speeds up while it falls, so the direction in which it is pushed goes against its vertical
velocity. That holds whichever way the person goes, needs no heading, and has a sign.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray

BOUNCE_M_S = 0.06
"""Vertical velocity of walking, root mean square: sway and tremor are below."""

LEAST_LIKENESS = 0.3
"""Share of the push that must go against the vertical velocity: the rest sways sideways."""


def push_evidence(acc: FloatArray, up: FloatArray, rate_hz: float) -> FloatArray:
    """Return where K trunk sensors are pushed (..., K, 3), in sensor axes; 0 if nowhere.

    ``acc`` m/s² and ``up`` are (3, K, ..., N), a second or more at ``rate_hz``. The result is
    longer the more is known.
    """
    height = (acc * up).sum(axis=0)
    level = _without_trend(acc - height * up)
    velocity = _without_trend(_without_trend(height).cumsum(axis=-1) / rate_hz)
    push = -(level * velocity).mean(axis=-1)
    speed = np.sqrt((velocity**2).mean(axis=-1))
    effort = np.sqrt((level**2).sum(axis=0).mean(axis=-1))
    likeness = np.sqrt((push**2).sum(axis=0)) / np.maximum(speed * effort, 1e-12)
    walks = (speed > BOUNCE_M_S) & (likeness > LEAST_LIKENESS)
    return np.where(walks, push, 0.0).T


def _without_trend(values: FloatArray) -> FloatArray:
    """Return ``values`` (..., N) less the straight line that fits them best."""
    time = np.linspace(-1.0, 1.0, values.shape[-1])
    slope = (values * time).mean(axis=-1, keepdims=True) / (time**2).mean()
    return np.asarray(values - values.mean(axis=-1, keepdims=True) - slope * time)
