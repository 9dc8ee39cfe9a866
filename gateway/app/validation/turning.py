"""Whether gyroscope and accelerometer of a sensor agree on how it turned.

Over two seconds a body goes nowhere fast, so what its accelerometer says, turned back by the
gyroscope and averaged, is gravity. It is more or less where the rate of turn is in another unit,
clipped, or counted over steps of time that are not those of the recording.
"""

from __future__ import annotations

import numpy as np

from gateway import quaternion
from gateway.messages import FloatArray

WINDOW_S = 2.0
LEAST_TURN_RAD = 1.0
"""A window in which a sensor turns less, to and fro added up, tells nothing; ..."""
LEAST_WINDOWS = 3
"""... nor do fewer windows than these."""

ODD, WRONG = 0.08, 0.12
"""On all recordings of the sets gravity comes out as 0.93 to 1.04 of what it is at rest (of upper
arms whose accelerometers are far off, 1.22). Half or twice the rate makes it 1.1 to 1.4, or 0.6 to
0.9, on feet."""


def gravity_share(acc: FloatArray, gyr: FloatArray, rate_hz: float, at_rest: float) -> float:
    """Return what is left of gravity as it is turned back, as a share of that ``at_rest``.

    ``acc`` (N, 3) m/s² and ``gyr`` (N, 3) rad/s, NaN where missing. NaN where it turns too little.
    """
    length = round(WINDOW_S * rate_hz)
    whole = len(acc) // length * length
    acc, gyr = (values[:whole].reshape(-1, length, 3) for values in (acc, gyr))
    path_rad = np.linalg.norm(gyr, axis=2).sum(axis=1) / rate_hz
    turning = (path_rad > LEAST_TURN_RAD) & np.isfinite(acc).all(axis=(1, 2))
    if np.count_nonzero(turning) < LEAST_WINDOWS:
        return float("nan")
    acc, steps = acc[turning], quaternion.from_rotation_vector(gyr[turning] / rate_hz)
    turned = np.tile([1.0, 0.0, 0.0, 0.0], (len(acc), 1))
    total = np.zeros((len(acc), 3))
    for sample in range(length):
        total += quaternion.rotate(turned, acc[:, sample])
        turned = quaternion.multiply(turned, steps[:, sample])
    return float(np.linalg.norm(total / length, axis=1).mean() / at_rest)
