"""How long the batteries of sensors last, and a warning before one is empty."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.messages import BatteryLevel, FloatArray, Marker, Message, SensorSpec

WINDOW_S = 1800.0
EVERY_S = 60.0
"""One reading a minute is kept, however often a sensor tells its level."""
FALLEN = 0.02
"""Sensors tell whole percent: a slope from less than two steps would be a guess."""
WATCHED_S = 300.0
"""A level may drop by some percent at once, as the load on the battery changes."""
LOW, NO_LONGER_LOW = 0.20, 0.25
SHORT_S, NO_LONGER_SHORT_S = 1800.0, 2700.0


class Charge:
    """What a sensor said of its battery: ``level`` (0..1) now, ``left_s`` until it is empty.

    Both are NaN as long as they cannot be told.
    """

    def __init__(self) -> None:
        self.level = self.left_s = math.nan
        self._t_s: list[float] = []
        self._levels: list[float] = []

    def take(self, told: BatteryLevel) -> None:
        """Take a reading; one that rose, or was charged, begins the history anew."""
        if not 0.0 <= told.level <= 1.0:
            return
        if told.charging or told.level > self.level:
            self._t_s, self._levels = [], []
        changed = told.level != self.level
        self.level, now_s = told.level, told.arrival_ns / SECOND_NS
        kept = not self._t_s or now_s >= self._t_s[-1] + EVERY_S
        if kept:
            self._t_s.append(now_s)
            self._levels.append(told.level)
        elif not changed:
            # Some sensors tell it with every packet.
            return
        while self._t_s[0] < now_s - WINDOW_S:
            del self._t_s[0], self._levels[0]
        self.left_s = seconds_left(
            np.array([*self._t_s, now_s]), np.array([*self._levels, told.level])
        )


def seconds_left(t_s: FloatArray, levels: FloatArray) -> float:
    """Return when levels (N,) at rising times (N,) come to 0, in seconds from the last.

    After the median of all pairwise slopes (Theil and Sen), which a wrong reading does not bend.
    NaN where they have not fallen by ``FALLEN``, or not been watched for ``WATCHED_S``.
    """
    # Levels are steps of whole percent in floating point.
    if t_s[-1] - t_s[0] < WATCHED_S or not levels[0] - levels[-1] > FALLEN - 1e-9:
        return math.nan
    first, second = np.triu_indices(len(t_s), 1)
    rise, run = levels[second] - levels[first], t_s[second] - t_s[first]
    slope = float(np.median(rise[run > 0] / run[run > 0]))
    return float(levels[-1]) / -slope if slope < 0 else math.nan


class BatteryWatch:
    """Stage: BatteryLevels → a Marker ``battery_low`` once a battery will not last.

    It is low under 20 %, or with half an hour left, and not again before it was well above both.
    """

    consumes: tuple[type, ...] = (BatteryLevel,)

    def __init__(self, person: str, sensors: Sequence[SensorSpec], origin_ns: int) -> None:
        self._person = person
        self._labels = {spec.sensor: spec.label for spec in sensors}
        self._origin_ns = origin_ns
        self._charges = {spec.sensor: Charge() for spec in sensors}
        self._low: set[str] = set()

    def push(self, message: Message) -> Iterable[Message]:
        """Take a level; return the warning that it leads to."""
        if not isinstance(message, BatteryLevel) or message.sensor not in self._charges:
            return []
        charge = self._charges[message.sensor]
        charge.take(message)
        left_s = charge.left_s
        if message.charging or (charge.level >= NO_LONGER_LOW and not left_s < NO_LONGER_SHORT_S):
            self._low.discard(message.sensor)
        elif message.sensor not in self._low and (charge.level < LOW or left_s < SHORT_S):
            self._low.add(message.sensor)
            return [self._warning(message, charge.level, left_s)]
        return []

    def flush(self) -> Iterable[Message]:
        """Return nothing: nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return what the batteries were, and which of them are low."""
        return copy.deepcopy((self._charges, self._low))

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._charges, self._low = copy.deepcopy(snapshot)

    def _warning(self, told: BatteryLevel, level: float, left_s: float) -> Marker:
        left = "" if math.isnan(left_s) else f", about {left_s / 60:.0f} minutes left"
        return Marker(
            self._person,
            (told.arrival_ns - self._origin_ns) / SECOND_NS,
            "battery_low",
            f"{self._labels[told.sensor]}: battery at {level:.0%}{left}; "
            "charge it, or take another sensor",
        )
