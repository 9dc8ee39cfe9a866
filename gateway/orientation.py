"""Orientation of every sensor from its gyroscope and accelerometer, and its magnetometer if any.

The filter is VQF (D. Laidig and T. Seel, Information Fusion 2023, 91, 187-204,
doi:10.1016/j.inffus.2022.10.014) with its default parameters, one object a sensor. Earth is ENU.
Without the magnetometer the heading of each sensor is arbitrary and drifts slowly, its inclination
does not. With it there is a heading from magnetic north too, which VQF keeps as it is while the
field is disturbed: other than the one it has come to know, in strength or dip.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from vqf import VQF  # type: ignore[import-untyped]  # ships no types

from gateway.messages import BodyBlock, BoolArray, FloatArray, Message, OrientationBlock
from gateway.worn import everywhere

GAP_S = 0.1
"""Samples missing for longer than this, those that were bridged before them included, hide too much
turning: the filter starts anew."""

SETTLE_S = 1.0
"""How long a filter that started anew is fed before its result is valid: about one stride, over
which the accelerations of walking cancel."""


class Orientation:
    """Turns each ``BodyBlock`` into an ``OrientationBlock`` of the same samples.

    Missing samples are not fed. After a gap longer than ``GAP_S`` the sensor's filter starts anew
    with the gyroscope bias it had learnt, and ``valid`` stays False for ``SETTLE_S``, as it does
    at the start. ``quat`` is NaN where it is not valid. What a sensor has learnt of the magnetic
    field outlasts a gap, too.
    """

    consumes: tuple[type, ...] = (BodyBlock,)

    def __init__(self) -> None:
        self._sensors: list[_Sensor] = []

    def push(self, message: Message) -> list[Message]:
        """Return the orientation of the block."""
        assert isinstance(message, BodyBlock)
        if not self._sensors:
            self._sensors = [_Sensor(message.rate_hz) for _ in message.places]
        samples = _Samples.of(message)
        for column, sensor in enumerate(self._sensors):
            sensor.update(samples, column)
        return [
            OrientationBlock(
                person=message.person,
                start=message.start,
                rate_hz=message.rate_hz,
                ready_ns=message.ready_ns,
                places=message.places,
                quat=samples.quat,
                valid=samples.settled,
                absolute=samples.absolute,
                undisturbed=samples.undisturbed,
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


@dataclasses.dataclass(frozen=True, slots=True)
class _Samples:
    """A block with the sensor axis first, so that each filter gets its samples in one piece.

    ``gyr`` and ``acc`` (S, T, 3), ``mag`` too. ``quat`` (T, S, 4) and ``settled`` (T, S) are to be
    filled, and where there is ``mag``, ``absolute`` (T, S, 4) and ``undisturbed`` (T, S).
    """

    gyr: FloatArray
    acc: FloatArray
    mag: FloatArray | None
    valid: BoolArray
    real: BoolArray
    quat: FloatArray
    settled: BoolArray
    absolute: FloatArray | None
    undisturbed: BoolArray | None

    @classmethod
    def of(cls, body: BodyBlock) -> _Samples:
        magnetic = body.mag is not None
        return cls(
            gyr=body.gyr.transpose(1, 0, 2).copy(),
            acc=body.acc.transpose(1, 0, 2).copy(),
            mag=None if body.mag is None else body.mag.transpose(1, 0, 2).copy(),
            valid=body.valid,
            real=body.real,
            quat=_unknown(body.valid.shape),
            settled=np.zeros(body.valid.shape, dtype=bool),
            absolute=_unknown(body.valid.shape) if magnetic else None,
            undisturbed=np.zeros(body.valid.shape, dtype=bool) if magnetic else None,
        )

    def magnetic_runs(self, column: int, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
        """Return first and end of each stretch with, or without, a magnetic field, and which."""
        if self.mag is None:
            yield first, last, False
            return
        x, y, z = self.mag[column, first:last].T
        squared = x * x + y * y + z * z
        measured = (squared > 0) & np.isfinite(squared)
        for begin, end in _runs(measured):
            yield first + begin, first + end, bool(measured[begin])


def _unknown(shape: tuple[int, ...]) -> FloatArray:
    """Return quaternions (T, S, 4) of NaN, in the memory sensor by sensor."""
    count, sensors = shape
    quat = np.empty((sensors, count, 4))
    quat.fill(np.nan)
    return quat.transpose(1, 0, 2)


class _Sensor:
    """One filter with its count of samples fed, missed since, and not measured since."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.gap = GAP_S * rate_hz
        self.settle = round(SETTLE_S * rate_hz)
        self.fed = 0
        self.missed = self.unmeasured = 0
        self.filter = VQF(1.0 / rate_hz)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> _Sensor:
        sensor = cls(state["rate_hz"])
        sensor.fed, sensor.missed = state["fed"], state["missed"]
        sensor.unmeasured = state["unmeasured"]
        sensor.filter.state = state["filter"]
        return sensor

    def state(self) -> dict[str, Any]:
        return {
            "rate_hz": self.rate_hz,
            "fed": self.fed,
            "missed": self.missed,
            "unmeasured": self.unmeasured,
            "filter": self.filter.state,
        }

    def update(self, samples: _Samples, column: int) -> None:
        """Fill ``quat`` and ``settled`` where the sensor is present and settled."""
        count = len(samples.valid)
        if count and everywhere(samples.valid[:, column]):
            self._feed(samples, column, 0, count)
        elif count:
            self._update_in_runs(samples, column)

    def _update_in_runs(self, samples: _Samples, column: int) -> None:
        for first, last in _runs(samples.valid[:, column]):
            if samples.valid[first, column]:
                self._feed(samples, column, first, last)
            else:
                self.missed += last - first

    def _feed(self, samples: _Samples, column: int, first: int, last: int) -> None:
        if self.missed and self.missed + self.unmeasured > self.gap:
            self._restart()
        self.missed = 0
        self._count_unmeasured(samples.real[first:last, column])
        settled = first + max(0, self.settle - self.fed)
        self.fed += last - first
        for begin, end, magnetic in samples.magnetic_runs(column, first, last):
            self._filter(samples, column, begin, end, settled, magnetic)
        samples.settled[settled:last, column] = True

    def _filter(
        self, samples: _Samples, column: int, first: int, last: int, settled: int, magnetic: bool
    ) -> None:
        """Filter samples ``first`` to ``last`` and keep the results from ``settled`` on."""
        fed, kept = slice(first, last), slice(max(first, settled), last)
        told = slice(kept.start - first, None)
        mag = samples.mag[column, fed] if magnetic and samples.mag is not None else None
        result = self.filter.updateBatch(samples.gyr[column, fed], samples.acc[column, fed], mag)
        samples.quat[kept, column] = result["quat6D"][told]
        if samples.absolute is not None and samples.undisturbed is not None and magnetic:
            samples.absolute[kept, column] = result["quat9D"][told]
            samples.undisturbed[kept, column] = ~result["magDistDetected"][told]

    def _count_unmeasured(self, real: BoolArray) -> None:
        """Count how many of the newest samples were not measured."""
        if len(real) and real[-1]:
            self.unmeasured = 0
        elif real.any():
            self.unmeasured = int(np.argmax(real[::-1]))
        else:
            self.unmeasured += len(real)

    def _restart(self) -> None:
        bias, sigma = self.filter.getBiasEstimate()
        norm, dip = self.filter.getMagRefNorm(), self.filter.getMagRefDip()
        self.filter.resetState()
        self.filter.setBiasEstimate(bias, sigma)
        self.filter.setMagRef(norm, dip)
        self.fed = 0


def _runs(mask: BoolArray) -> Iterator[tuple[int, int]]:
    """Return first and end of each stretch of (N,) ``mask`` over which it does not change."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    bounds = [0, *edges.tolist(), len(mask)]
    return itertools.pairwise(bounds)
