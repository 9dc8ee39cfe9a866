"""Standing still, judged tick by tick: what calibration waits for."""

from __future__ import annotations

import numpy as np

from gateway.messages import BoolArray, FloatArray
from gateway.worn import anywhere
from inference.calibration.alignment import angle_between, unit

TICKS = 4
"""Standing still means that many quiet ticks in a row: two seconds."""

QUIET_GYR = 0.25
"""Within a quiet tick no rate of turn (rad/s) varies by more: sway is below, a step above."""

QUIET_ACC = 1.0
"""Within a quiet tick no acceleration (m/s²) varies by more."""

QUIET_TURN = 0.35
"""Mean rate of turn (rad/s) of a quiet tick: room for the offset of a cheap gyroscope."""

STEADY = np.radians(4)
"""Over the whole stance no sensor's up strays further from its mean."""


class Stance:
    """Remembers the last quiet ticks of all sensors."""

    def __init__(self) -> None:
        self._ticks: list[tuple[BoolArray, FloatArray]] = []

    def push(
        self, acc: FloatArray, gyr: FloatArray, present: BoolArray
    ) -> tuple[BoolArray, FloatArray] | None:
        """Take one tick, ``acc`` and ``gyr`` (N, S, 3) of the sensors ``present`` (S,).

        Returns which sensors were there (S,) and up in their axes (S, 3) if everybody present has
        now stood still for `TICKS` ticks, else None.
        """
        if not present.any() or not quiet(acc[:, present], gyr[:, present]).all():
            self._ticks.clear()
            return None
        self._ticks = [*self._ticks[1 - TICKS :], (present, _mean(acc))]
        return self._judge() if len(self._ticks) == TICKS else None

    def forget(self) -> None:
        """Begin anew."""
        self._ticks.clear()

    def snapshot(self) -> list[tuple[BoolArray, FloatArray]]:
        """Return a copy of the state."""
        return list(self._ticks)

    def resume(self, snapshot: list[tuple[BoolArray, FloatArray]]) -> None:
        """Go on from ``snapshot``."""
        self._ticks = list(snapshot)

    def _judge(self) -> tuple[BoolArray, FloatArray] | None:
        present = np.all([there for there, _ in self._ticks], axis=0)
        means = np.array([mean for _, mean in self._ticks])
        up = unit(means.mean(axis=0))
        strays = angle_between(unit(means[:, present]), up[present])
        return (present, up) if present.any() and strays.max() < STEADY else None


def quiet(acc: FloatArray, gyr: FloatArray) -> BoolArray:
    """Say whether (N, ..., S, 3) samples are those of S sensors at rest (...).

    False where any is not a number.
    """
    rests = (np.ptp(gyr, axis=0) < QUIET_GYR).all(axis=(-2, -1))
    if anywhere(rests):
        rests &= (np.ptp(acc, axis=0) < QUIET_ACC).all(axis=(-2, -1))
        rests &= (np.abs(_mean(gyr)) < QUIET_TURN).all(axis=(-2, -1))
    return np.asarray(rests)


def _mean(samples: FloatArray) -> FloatArray:
    """Return the mean (...) of (N, ...), added up one by one: alike for any order in memory."""
    mean: FloatArray = samples.cumsum(axis=0)[-1] / len(samples)
    return mean
