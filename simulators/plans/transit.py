"""The way of notifications over a link, with what goes wrong on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray
from simulators.plans.links import Episode
from simulators.radio import Link, arrivals, lost
from simulators.sensing.faults import Fault, FaultKind

BUFFER = 24
"""So many notifications wait in a sensor to which the link does not listen; more are lost."""
_DOUBLED_NS = 50_000
_SWAPPED_EVERY = 7


@dataclass(frozen=True)
class Came:
    """What arrived: ``row`` (M,) of the notification, and when, in ns of the session, in order."""

    row: IntArray
    arrival_ns: IntArray


class Transit:
    """Carries what one sensor sends; ``stalls`` (K, 2) of its link in world time."""

    def __init__(
        self, radio: Link, stalls: FloatArray, faults: Sequence[Fault], rng: np.random.Generator
    ) -> None:
        self._radio, self._stalls, self._faults, self._rng = radio, stalls, faults, rng
        self._phase_s = float(rng.uniform(0, radio.interval_s))

    def carry(self, sent_s: FloatArray, link: Episode, *, doubling: bool) -> Came:
        """Return what becomes of notifications that are ready at ``sent_s`` (N,)."""
        rows = np.arange(len(sent_s))
        kept = ~lost(len(rows), self._radio, self._rng)
        blocked = [f for f in self._faults if f.kind is FaultKind.OVERFLOW]
        for fault in blocked:
            during = fault.during(sent_s)
            kept &= ~during | (np.cumsum(during) <= BUFFER)
        rows = rows[kept]
        ends = np.array([[f.at_s, f.until_s] for f in blocked]).reshape(-1, 2)
        stalls = np.concatenate([self._stalls, ends])
        after_ns = round(link.from_s * 1e9)
        arrival_ns = arrivals(sent_s[rows], self._phase_s, self._radio, stalls, after_ns, self._rng)
        arrived = arrival_ns < round(link.until_s * 1e9)
        came = Came(rows[arrived], arrival_ns[arrived])
        for fault in self._faults:
            during = fault.during(sent_s[came.row])
            if fault.kind is FaultKind.DUPLICATED and doubling:
                came = _doubled(came, during)
            elif fault.kind is FaultKind.OUT_OF_ORDER:
                came = _out_of_order(came, during)
        return came


def _doubled(came: Came, during: BoolArray) -> Came:
    times = np.where(during, 2, 1)
    row = came.row.repeat(times)
    second = np.diff(row, prepend=-1) == 0
    return Came(row, came.arrival_ns.repeat(times) + _DOUBLED_NS * second)


def _out_of_order(came: Came, during: BoolArray) -> Came:
    row = came.row.copy()
    first = np.arange(0, len(row) - 1, _SWAPPED_EVERY)
    first = first[during[first] & during[first + 1]]
    row[first], row[first + 1] = row[first + 1], row[first]
    # The one that overtakes cannot come before it was sent: the other one is late.
    arrival_ns = came.arrival_ns.copy()
    arrival_ns[first] = arrival_ns[first + 1]
    return Came(row, arrival_ns)
