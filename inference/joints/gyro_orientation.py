"""Orientation from the gyroscope alone, one integrator a sensor, its state carried on."""

from __future__ import annotations

import numpy as np
from vqf import BasicVQF  # type: ignore[import-untyped]  # ships no types

from gateway.messages import FloatArray


class GyroOrientation:
    """Turns rates of K sensors into orientations, sensor → where each sensor was at first.

    Between two samples the mean of both rates holds. The integrator is VQF's, which an
    accelerometer of zeros leaves alone.
    """

    def __init__(self, count: int, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._filters = [BasicVQF(1.0 / rate_hz) for _ in range(count)]
        self._last = np.zeros((count, 3))

    def push(self, gyr: FloatArray, rows: list[int]) -> FloatArray:
        """Return ``quat`` (R, T, 4) for ``gyr`` (R, T, 3) rad/s of the sensors ``rows``."""
        before = np.concatenate([self._last[rows][:, None], gyr[:, :-1]], axis=1)
        self._last[rows] = gyr[:, -1]
        middle = (before + gyr) / 2
        none = np.zeros(gyr.shape[1:])
        quat = np.empty((*gyr.shape[:2], 4))
        for at, row in enumerate(rows):
            quat[at] = self._filters[row].updateBatch(middle[at], none)["quat6D"]
        return quat

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._last.copy(), [one.state for one in self._filters]

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._last = snapshot[0].copy()
        for one, state in zip(self._filters, snapshot[1], strict=True):
            one.state = state
