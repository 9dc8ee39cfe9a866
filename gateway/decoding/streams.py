"""Which series of samples a session's sensors send, counted through all sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.drivers import Stream, driver
from gateway.messages import IntArray, SensorSpec


@dataclass(frozen=True)
class Streams:
    """The streams of all sensors, one after another.

    ``sensor`` (M,) whose each is and ``first`` (S,) the first of each sensor's. ``acc`` and
    ``gyr`` (S,) are the stream that carries a sensor's acceleration and rate of turn, ``mag`` (S,)
    the magnetic field, −1 where none does.
    """

    each: tuple[Stream, ...]
    sensor: IntArray
    first: IntArray
    acc: IntArray
    gyr: IntArray
    mag: IntArray

    @classmethod
    def of(cls, sensors: Sequence[SensorSpec]) -> Streams:
        """List the streams of ``sensors``; raises UsageError for a driver that there is not."""
        own = [driver(s.driver).streams(s.settings, s.rate_hz) for s in sensors]
        each = tuple(stream for streams in own for stream in streams)
        counts = np.array([len(streams) for streams in own], np.int64)
        first = counts.cumsum() - counts
        return cls(
            each=each,
            sensor=np.arange(len(own)).repeat(counts),
            first=first,
            acc=_carrier([[stream.acc for stream in streams] for streams in own], first),
            gyr=_carrier([[stream.gyr for stream in streams] for streams in own], first),
            mag=_carrier([[stream.mag for stream in streams] for streams in own], first),
        )

    @cached_property
    def channels(self) -> int:
        """Acceleration and rate of turn have three each; the field too, if any sensor has it."""
        return 9 if (self.mag >= 0).any() else 6

    @cached_property
    def plain(self) -> bool:
        """Every sensor has one stream, and that carries all that it has."""
        if len(self.each) != len(self.first):
            return False
        one_each = np.arange(len(self.first))
        return np.array_equal(self.acc, one_each) and np.array_equal(self.gyr, one_each)

    @property
    def period_ns(self) -> list[float]:
        """Return the nominal sample period of each stream."""
        return [SECOND_NS / stream.rate_hz for stream in self.each]


def _carrier(carries: list[list[bool]], first: IntArray) -> IntArray:
    """Return for every sensor the first of its streams that carries something, −1 for none."""
    return np.array(
        [start + flags.index(True) if True in flags else -1
         for flags, start in zip(carries, first.tolist(), strict=True)], np.int64
    )  # fmt: skip
