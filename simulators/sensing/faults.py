"""What can go wrong with a sensor, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray, Place
from simulators.places import PLACES
from simulators.sensing.sensor import FULL_SCALE_ACC, FULL_SCALE_GYR


class FaultKind(StrEnum):
    """What goes wrong, from ``at_s`` for ``seconds``.

    Of the link: a disconnect (and it cannot be connected to meanwhile), out of range, refused
    connections, connected elsewhere, an adapter that is off (that of all sensors). Of the device:
    a restart or a flat battery (the clock begins at zero), a stall (it hangs, connected but
    silent). Of notifications: an overflow (nothing gets through, and what its buffer has no room
    for is lost), duplicated, out of order. Of what it feels: a stuck axis (one of the
    gyroscope's keeps its value), a dead one (it says zero), saturation, a magnetic disturbance
    (of the orientation, where the sensor sends one), re-mounted (turned on the limb), swapped
    with that of the other side.
    """

    DISCONNECT = "disconnect"
    OUT_OF_RANGE = "out_of_range"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    ADAPTER_OFF = "adapter_off"
    RESTART = "restart"
    BATTERY_FLAT = "battery_flat"
    STALL = "stall"
    OVERFLOW = "overflow"
    DUPLICATED = "duplicated"
    OUT_OF_ORDER = "out_of_order"
    STUCK_AXIS = "stuck_axis"
    DEAD_AXIS = "dead_axis"
    SATURATION = "saturation"
    MAGNETIC = "magnetic"
    REMOUNTED = "remounted"
    SWAPPED = "swapped"


BREAKS_LINK = frozenset({
    FaultKind.DISCONNECT, FaultKind.OUT_OF_RANGE, FaultKind.REFUSED, FaultKind.ELSEWHERE,
    FaultKind.ADAPTER_OFF, FaultKind.RESTART, FaultKind.BATTERY_FLAT,
})  # fmt: skip
SWITCHED_OFF = frozenset({FaultKind.RESTART, FaultKind.BATTERY_FLAT})
LIES = frozenset({
    FaultKind.STUCK_AXIS, FaultKind.DEAD_AXIS, FaultKind.REMOUNTED, FaultKind.SWAPPED,
})  # fmt: skip
"""What the sensor says is not what its segment does, and its samples do not show it."""


@dataclass(frozen=True)
class Fault:
    """A fault of the sensor at ``place`` from ``at_s`` for ``seconds`` (without end: it stays).

    ``place`` is None where all sensors are struck. A device that restarts is off for ``seconds``,
    and its counter begins again at zero at ``at_s``.
    """

    kind: FaultKind
    place: Place | None
    at_s: float
    seconds: float = float("inf")

    @property
    def until_s(self) -> float:
        """Return when it is over."""
        return self.at_s + self.seconds

    def during(self, t_s: FloatArray) -> BoolArray:
        """Return which of the times (N,) it lasts at."""
        return (t_s >= self.at_s) & (t_s < self.until_s)

    def strikes(self, place: Place | None) -> bool:
        """Say whether the sensor at ``place`` is struck."""
        if self.kind is FaultKind.SWAPPED and self.place is not None:
            return place in {self.place, mirrored(self.place)}
        return self.place in {None, place}


def mirrored(place: Place) -> Place:
    """Return the same place of the other side; pelvis and sternum have none but themselves."""
    side, _, limb = place.partition("_")
    other = {"left": "right", "right": "left"}.get(side)
    return place if other is None else Place(f"{other}_{limb}")


PAIRED = tuple(place for place in PLACES if mirrored(place) is not place)
"""Places that another side has too."""


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
    """Return ``sent`` as stalls, restarts and saturation of ``place`` leave it."""
    for fault in faults:
        if fault.strikes(place):
            sent = _strike_one(sent, fault, rate_hz)
    return sent


def _strike_one(sent: Sent, fault: Fault, rate_hz: float) -> Sent:
    since = sent.t_s - fault.at_s
    during = fault.during(sent.t_s)
    if fault.kind is FaultKind.SATURATION:
        acc, gyr = saturated(sent.acc, sent.gyr, during)
        return Sent(sent.t_s, sent.ticks_us, acc, gyr, sent.quat)
    if fault.kind is FaultKind.RESTART:
        counted = np.rint(np.rint(since * rate_hz) * (1e6 / rate_hz)).astype(np.int64)
        ticks = np.where(since >= 0, counted, sent.ticks_us)
        sent = Sent(sent.t_s, ticks, sent.acc, sent.gyr, sent.quat)
    return sent.only(~during)


def saturated(acc: FloatArray, gyr: FloatArray, rows: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return acc and gyr (N, 3) with ``rows`` (N,) at full scale."""
    full = rows[:, None]
    return (
        np.where(full, np.copysign(FULL_SCALE_ACC, acc), acc),
        np.where(full, np.copysign(FULL_SCALE_GYR, gyr), gyr),
    )
