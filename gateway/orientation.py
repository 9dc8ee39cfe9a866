"""Orientation of every sensor from its gyroscope and accelerometer, without a magnetometer.

The filter is VQF (D. Laidig and T. Seel, Information Fusion 2023, 91, 187-204,
doi:10.1016/j.inffus.2022.10.014) with its default parameters, one object a sensor. Earth is ENU;
the heading of each sensor is arbitrary and drifts slowly, its inclination does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from vqf import VQF  # type: ignore[import-untyped]  # ships no types

from gateway.messages import PLACES, BodyBlock, BoolArray, FloatArray, Message, OrientationBlock

GAP_S = 0.1
"""Samples missing for longer than this hide too much turning: the filter starts anew."""

SETTLE_S = 1.0
"""How long a filter that started anew is fed before its result is valid: about one stride, over
which the accelerations of walking cancel."""


class Orientation:
    """Turns each ``BodyBlock`` into an ``OrientationBlock`` of the same samples.

    Missing samples are not fed. After a gap longer than ``GAP_S`` the sensor's filter starts anew
    with the gyroscope bias it had learnt, and ``valid`` stays False for ``SETTLE_S``, as it does
    at the start. ``quat`` is NaN where it is not valid.
    """

    consumes: tuple[type, ...] = (BodyBlock,)

    def __init__(self) -> None:
        self._sensors: list[_Sensor] = []

    def push(self, message: Message) -> list[Message]:
        """Return the orientation of the block."""
        assert isinstance(message, BodyBlock)
        if not self._sensors:
            self._sensors = [_Sensor(message.rate_hz) for _ in PLACES]
        quat = np.full((*message.valid.shape, 4), np.nan)
        valid = np.zeros(message.valid.shape, dtype=bool)
        present = np.count_nonzero(message.valid, axis=0).tolist()
        for column, sensor in enumerate(self._sensors):
            sensor.update(message, column, present[column], quat[:, column], valid[:, column])
        return [
            OrientationBlock(
                person=message.person,
                start=message.start,
                rate_hz=message.rate_hz,
                ready_ns=message.ready_ns,
                quat=quat,
                valid=valid,
            )
        ]

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return the state of every filter."""
        return [sensor.state() for sensor in self._sensors]

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, list)
        self._sensors = [_Sensor.from_state(state) for state in snapshot]


class _Sensor:
    """One filter with its count of samples fed and missed."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.fed = 0
        self.missed = 0
        self.filter = VQF(1.0 / rate_hz)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> _Sensor:
        sensor = cls(state["rate_hz"])
        sensor.fed, sensor.missed = state["fed"], state["missed"]
        sensor.filter.state = state["filter"]
        return sensor

    def state(self) -> dict[str, Any]:
        return {
            "rate_hz": self.rate_hz,
            "fed": self.fed,
            "missed": self.missed,
            "filter": self.filter.state,
        }

    def update(
        self, body: BodyBlock, column: int, present: int, quat: FloatArray, valid: BoolArray
    ) -> None:
        """Fill ``quat`` (T, 4) and ``valid`` (T,) where the sensor is present and settled."""
        count = len(quat)
        if present == count:
            self._feed(body, column, slice(0, count), quat, valid)
        elif present == 0:
            self.missed += count
        else:
            self._update_in_runs(body, column, quat, valid)

    def _update_in_runs(
        self, body: BodyBlock, column: int, quat: FloatArray, valid: BoolArray
    ) -> None:
        for run in _runs(body.valid[:, column]):
            if body.valid[run.start, column]:
                self._feed(body, column, run, quat, valid)
            else:
                self.missed += run.stop - run.start

    def _feed(
        self, body: BodyBlock, column: int, run: slice, quat: FloatArray, valid: BoolArray
    ) -> None:
        if self.missed > GAP_S * self.rate_hz:
            self._restart()
        self.missed = 0
        gyr = np.ascontiguousarray(body.gyr[run, column])
        acc = np.ascontiguousarray(body.acc[run, column])
        settled = run.start + max(0, round(SETTLE_S * self.rate_hz) - self.fed)
        if settled < run.stop:
            valid[settled : run.stop] = True
        self.fed += len(gyr)
        result = self.filter.updateBatch(gyr, acc)["quat6D"]
        first = min(settled, run.stop)
        quat[first : run.stop] = result[first - run.start :]

    def _restart(self) -> None:
        bias, sigma = self.filter.getBiasEstimate()
        self.filter.resetState()
        self.filter.setBiasEstimate(bias, sigma)
        self.fed = 0


def _runs(mask: BoolArray) -> Iterator[slice]:
    """Yield the stretches of (N,) ``mask`` over which it does not change."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    bounds = [0, *edges.tolist(), len(mask)]
    for first, last in itertools.pairwise(bounds):
        yield slice(first, last)
