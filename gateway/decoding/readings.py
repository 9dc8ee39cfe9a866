"""What the drivers read in a hop, laid stream after stream: calls a driver would cost more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.drivers import Samples
from gateway.messages import BoolArray, FloatArray, IntArray

_Number = TypeVar("_Number", np.int64, np.float64, np.bool_)
LATEST_NS = 2.0**62
"""A later time does not fit what times are counted in."""
_UPRIGHT = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a driver read in packets (P,).

    ``stream`` (P,) is that of the samples in each, ``arrival_ns`` (P,) when it came, and
    ``refused`` (P,) how many refusals are told of it.
    """

    samples: Samples
    stream: IntArray
    arrival_ns: IntArray
    refused: IntArray

    @property
    def stream_of_sample(self) -> IntArray:
        """Return the stream of each sample (N,)."""
        return self.stream[self.samples.packet]


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets (P,) of several readings: ``stream`` rising, and ``refused`` as in those."""

    stream: IntArray
    refused: IntArray


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples of several readings, a row (N,) each, stream after stream.

    ``packet`` (N,) among all packets, ``arrival_ns`` (N,) when that came, ``raw_ns`` (N,) the
    device's own time. ``acc``, ``gyr`` (N, 3), ``mag`` and ``quat`` (N, 4) are those of
    ``Samples``; ``by_quat`` (N,) tells which rows have an orientation in place of ``gyr``.
    """

    stream: IntArray
    packet: IntArray
    arrival_ns: IntArray
    raw_ns: FloatArray
    clipped: BoolArray
    acc: FloatArray
    gyr: FloatArray
    mag: FloatArray | None
    quat: FloatArray | None
    by_quat: BoolArray | None

    def usable(self) -> IntArray:
        """Return which rows are finite throughout and of a time that can be."""
        columns = (self.acc, self.gyr) if self.quat is None else (self.acc, self.gyr, self.quat)
        good: BoolArray = np.abs(self.raw_ns) < LATEST_NS
        for values in columns:
            # They mostly are, and a look at all at once is quicker than one row by row.
            finite = np.isfinite(values)
            if not finite.all():
                good &= finite.all(axis=1)
        return np.flatnonzero(good)

    def take(self, rows: IntArray) -> Rows:
        """Return the rows of these indices."""
        columns: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        taken: dict[str, Any] = {
            name: None if column is None else column[rows] for name, column in columns.items()
        }
        return Rows(**taken)


def join(
    readings: Sequence[Reading], raw_ns: Sequence[FloatArray], *, fields: bool
) -> tuple[Rows, Packets]:
    """Join readings, with ``raw_ns`` (N,) of each; ``fields`` says whether any stream has one."""
    sizes = np.array([len(reading.stream) for reading in readings])
    stream = _joined([reading.stream_of_sample for reading in readings])
    of_packet = _joined([reading.stream for reading in readings])
    samples = [reading.samples for reading in readings]
    first = (sizes.cumsum() - sizes).tolist()
    packet = _joined([one.packet + before for one, before in zip(samples, first, strict=True)])
    quat, by_quat = _orientations(samples)
    rows = Rows(
        stream=stream,
        packet=packet,
        arrival_ns=_joined([reading.arrival_ns for reading in readings])[packet],
        raw_ns=_joined(raw_ns),
        clipped=_joined([one.clipped for one in samples]),
        acc=_joined([_filled(one.acc, one, 0.0) for one in samples]),
        gyr=_joined([_filled(one.gyr, one, 0.0) for one in samples]),
        mag=_joined([_filled(one.mag, one, np.nan) for one in samples]) if fields else None,
        quat=quat,
        by_quat=by_quat,
    )
    return _in_order(rows, Packets(of_packet, _joined([one.refused for one in readings])))


def _joined(parts: Sequence[NDArray[_Number]]) -> NDArray[_Number]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _filled(values: FloatArray | None, samples: Samples, instead: float) -> FloatArray:
    return np.full((len(samples.packet), 3), instead) if values is None else values


def _orientations(samples: Sequence[Samples]) -> tuple[FloatArray | None, BoolArray | None]:
    """Return the orientations (N, 4) of all, and which (N,) tell one; None: none does."""
    if all(one.quat is None for one in samples):
        return None, None
    sizes = np.array([len(one.packet) for one in samples])
    quat = [
        np.tile(_UPRIGHT, (size, 1)) if one.quat is None else one.quat
        for one, size in zip(samples, sizes.tolist(), strict=True)
    ]
    return _joined(quat), np.array([one.quat is not None for one in samples]).repeat(sizes)


def _in_order(rows: Rows, packets: Packets) -> tuple[Rows, Packets]:
    """Return rows and packets sorted by stream; what is of one stream keeps its order."""
    if _rises(rows.stream) and _rises(packets.stream):
        return rows, packets
    order = np.argsort(packets.stream, kind="stable")
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    sorted_rows = replace(rows, packet=position[rows.packet]).take(
        np.argsort(rows.stream, kind="stable")
    )
    return sorted_rows, Packets(packets.stream[order], packets.refused[order])


def _rises(stream: IntArray) -> bool:
    return not np.count_nonzero(stream[1:] < stream[:-1])
