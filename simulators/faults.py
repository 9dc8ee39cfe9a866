"""What can go wrong with a sensor, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray, Place
from simulators.sensor import FULL_SCALE_ACC, FULL_SCALE_GYR


class FaultKind(StrEnum):
    """Silence, a device that restarts (its counter begins again), a signal at full scale."""

    SILENCE = "silence"
    RESTART = "restart"
    SATURATION = "saturation"


@dataclass(frozen=True)
class Fault:
    """A fault of the sensor at ``place`` from ``at_s`` for ``seconds`` (without end: it dies).

    A restart is silent for ``seconds``, and its counter begins again at zero at ``at_s``.
    """

    kind: FaultKind
    place: Place
    at_s: float
    seconds: float = float("inf")


@dataclass(frozen=True)
class Sent:
    """Samples of one sensor before the radio, all (N, ...); ``t_s`` the host's time."""

    t_s: FloatArray
    ticks_us: IntArray
    acc: FloatArray
    gyr: FloatArray
    quat: FloatArray

    def only(self, rows: BoolArray) -> Sent:
        """Return the samples where ``rows`` (N,) is true."""
        return Sent(
            self.t_s[rows], self.ticks_us[rows], self.acc[rows], self.gyr[rows], self.quat[rows]
        )


def strike(sent: Sent, place: Place, faults: Sequence[Fault], rate_hz: float) -> Sent:
    """Return ``sent`` as the faults of ``place`` leave it."""
    for fault in faults:
        if fault.place is place:
            sent = _strike_one(sent, fault, rate_hz)
    return sent


def _strike_one(sent: Sent, fault: Fault, rate_hz: float) -> Sent:
    since = sent.t_s - fault.at_s
    during = (since >= 0) & (since < fault.seconds)
    if fault.kind is FaultKind.SATURATION:
        full = during[:, None]
        acc = np.where(full, np.copysign(FULL_SCALE_ACC, sent.acc), sent.acc)
        gyr = np.where(full, np.copysign(FULL_SCALE_GYR, sent.gyr), sent.gyr)
        return Sent(sent.t_s, sent.ticks_us, acc, gyr, sent.quat)
    if fault.kind is FaultKind.RESTART:
        counted = np.rint(np.rint(since * rate_hz) * (1e6 / rate_hz)).astype(np.int64)
        ticks = np.where(since >= 0, counted, sent.ticks_us)
        sent = Sent(sent.t_s, ticks, sent.acc, sent.gyr, sent.quat)
    return sent.only(~during)
