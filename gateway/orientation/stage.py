"""Orientation of every sensor from its gyroscope and accelerometer, and its magnetometer if any.

The filter is VQF (D. Laidig and T. Seel, Information Fusion 2023, 91, 187-204,
doi:10.1016/j.inffus.2022.10.014) with its default parameters, one object a sensor. Earth is ENU.
Without the magnetometer the heading of each sensor is arbitrary, drifts slowly, and may jump after
samples that were not measured; its inclination does not. With it there is a heading from magnetic
north too, which VQF keeps as it is while the field is disturbed: other than the one it has come to
know, in strength or dip.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gateway.messages import BodyBlock, BoolArray, FloatArray, Message, OrientationBlock, Places
from gateway.orientation.inclination_filter import InclinationFilter, Track, stretches
from gateway.worn import everywhere


class Orientation:
    """Turns each ``BodyBlock`` into an ``OrientationBlock`` of the same samples.

    Missing samples are not fed. After so many that the inclination is as good as unknown, or so
    many bridged or clipped ones, the sensor's filter starts anew with the gyroscope bias it had
    learnt; ``valid`` and ``converged`` then stay False for some time, as they do at the start, or
    until the sensor rests. ``quat`` is NaN where it is not valid.
    """

    consumes: tuple[type, ...] = (BodyBlock,)

    def __init__(self) -> None:
        self._rate_hz = 0.0
        self._places: Places = ()
        self._filters: list[InclinationFilter] = []

    def push(self, message: Message) -> list[Message]:
        """Return the orientation of the block."""
        assert isinstance(message, BodyBlock)
        if not self._filters:
            self._begin(message.rate_hz, message.places)
        samples = _Samples.of(message)
        for column, one in enumerate(self._filters):
            samples.feed(one, column)
        return [
            OrientationBlock(
                person=message.person,
                start=message.start,
                rate_hz=message.rate_hz,
                ready_ns=message.ready_ns,
                places=message.places,
                quat=samples.quat,
                valid=samples.settled,
                converged=samples.converged,
                absolute=samples.absolute,
                undisturbed=samples.undisturbed,
            )
        ]

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return the state of every filter."""
        return self._rate_hz, self._places, [one.snapshot() for one in self._filters]

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        rate_hz, places, states = snapshot
        self._begin(rate_hz, places)
        for one, state in zip(self._filters, states, strict=True):
            one.resume(state)

    def _begin(self, rate_hz: float, places: Places) -> None:
        self._rate_hz, self._places = rate_hz, places
        self._filters = [InclinationFilter(place, rate_hz) for place in places]


@dataclasses.dataclass(frozen=True, slots=True)
class _Samples:
    """A block with the sensor axis first, so that each filter gets its samples in one piece.

    ``gyr`` and ``acc`` (S, T, 3), ``mag`` too. ``quat`` (T, S, 4), ``settled`` and ``converged``
    (T, S) are to be filled, and where there is ``mag``, ``absolute`` and ``undisturbed``.
    """

    start: int
    gyr: FloatArray
    acc: FloatArray
    mag: FloatArray | None
    valid: BoolArray
    real: BoolArray
    quat: FloatArray
    settled: BoolArray
    converged: BoolArray
    absolute: FloatArray | None
    undisturbed: BoolArray | None

    @classmethod
    def of(cls, body: BodyBlock) -> _Samples:
        settled, converged, undisturbed = np.zeros((3, *body.valid.shape), np.bool_)
        magnetic = body.mag is not None
        return cls(
            start=body.start,
            gyr=body.gyr.transpose(1, 0, 2).copy(),
            acc=body.acc.transpose(1, 0, 2).copy(),
            mag=None if body.mag is None else body.mag.transpose(1, 0, 2).copy(),
            valid=body.valid,
            real=body.real,
            quat=_unknown(body.valid.shape),
            settled=settled,
            converged=converged,
            absolute=_unknown(body.valid.shape) if magnetic else None,
            undisturbed=undisturbed if magnetic else None,
        )

    def feed(self, one: InclinationFilter, column: int) -> None:
        """Give the samples of a sensor to its filter, and what is missing."""
        track = Track(
            self.gyr[column],
            self.acc[column],
            self.real[:, column],
            self.quat[:, column],
            self.settled[:, column],
            self.converged[:, column],
            None if self.mag is None else self.mag[column],
            None if self.absolute is None else self.absolute[:, column],
            None if self.undisturbed is None else self.undisturbed[:, column],
        )
        valid = self.valid[:, column]
        if everywhere(valid):
            one.feed(self.start, track)
            return
        for first, last in stretches(valid):
            if valid[first]:
                one.feed(self.start + first, track.part(first, last))
            else:
                one.miss(last - first)


def _unknown(shape: tuple[int, ...]) -> FloatArray:
    """Return quaternions (T, S, 4) of NaN, in the memory sensor by sensor."""
    count, sensors = shape
    quat = np.empty((sensors, count, 4))
    quat.fill(np.nan)
    return quat.transpose(1, 0, 2)
