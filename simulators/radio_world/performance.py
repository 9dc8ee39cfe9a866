"""What a simulated person's sensors feel now, each at the instants of its own clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

import numpy as np

from gateway.messages import FloatArray, IntArray, Place
from simulators.movement.motion import Habits, Performer
from simulators.movement.sampling import Stitched, stitch
from simulators.movement.scenarios import scenario
from simulators.peripherals import Movement
from simulators.places import PLACE_INDEX, PLACES
from simulators.plans.felt import felt_at, measured_wrong
from simulators.sensing.clocks import Clock
from simulators.sensing.faults import Fault
from simulators.sensing.sensor import SensorGrade, draw_errors, measure

_FINE_GRID_HZ = 100.0
_KEPT_S = 120.0
"""So far back the motion is known: the whole process may have stood still for a while."""
_AHEAD_S = 5.0
_LOOK_AHEAD_S = 0.25
SHAKE_HZ = 5.0
SHAKE = 40.0
"""How strongly a hand shakes a sensor (m/s²)."""


def performer(performed: str, seed: int, habits: Habits | None = None) -> Performer:
    """Return who moves in a virtual world."""
    return Performer(scenario(performed), seed, _FINE_GRID_HZ, habits or Habits())


class Performance:
    """A person who performs a scenario, in real time from ``began_ns`` (monotonic).

    ``faults`` befall what the sensors feel, at times since then.
    """

    def __init__(
        self,
        performed: str,
        seed: int,
        grade: SensorGrade,
        habits: Habits | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        moves = performer(performed, seed, habits)
        self._faults = {p: [f for f in faults if f.strikes(p)] for p in PLACES}
        self._coming: Iterator[Stitched] = stitch(window for _, window in moves.windows())
        self._windows: list[Stitched] = []
        self._errors = draw_errors(grade, np.random.default_rng([seed, 2]))
        self._rng = np.random.default_rng([seed, 3])
        self.began_ns = 0
        self._extended = asyncio.Event()
        self._shaken: dict[Place, float] = {}

    @property
    def now_s(self) -> float:
        """Return the time since it began."""
        return (time.monotonic_ns() - self.began_ns) * 1e-9

    @property
    def from_s(self) -> float:
        """Return from when on the motion is still known."""
        return self._windows[0].from_s

    async def begin(self) -> None:
        """Work the beginning out, and begin."""
        await self.extend()
        self.began_ns = time.monotonic_ns()

    async def run(self) -> None:
        """Keep the motion known a few seconds ahead, until cancelled."""
        while True:
            await self.extend()
            await asyncio.sleep(self.until_s - _AHEAD_S - self.now_s)

    @property
    def until_s(self) -> float:
        """Return up to when the motion is known."""
        return self._windows[-1].until_s if self._windows else 0.0

    def feel(self, place: Place, t_s: FloatArray, device_ns: IntArray, rate_hz: float) -> Movement:
        """Return what the sensor at ``place`` feels at times (N,), which its clock calls (N,)."""
        faults = self._faults[place]
        # All those that are kept would be looked through in vain.
        windows = [w for w in self._windows if w.from_s <= t_s[-1] and w.until_s > t_s[0]]
        felt = felt_at(windows, place, t_s, faults)
        shaken = t_s < self._shaken.get(place, 0.0)
        felt.acc[:, 0] += shaken * SHAKE * np.sin(2 * np.pi * SHAKE_HZ * t_s)
        acc, gyr = measure(
            self._errors, PLACE_INDEX[place], t_s, felt.acc, felt.gyr, rate_hz, self._rng
        )
        return measured_wrong(Movement(device_ns, acc, gyr, felt.quat), t_s, faults)

    def shake(self, place: Place, seconds: float) -> None:
        """Shake the sensor at ``place`` from now on, besides what the person does."""
        self._shaken[place] = self.now_s + seconds

    async def extend(self) -> None:
        """Work the next few seconds out, in a thread, and forget what is long over."""
        upcoming = await asyncio.to_thread(next, self._coming)
        kept = [w for w in self._windows if w.until_s > upcoming.until_s - _KEPT_S]
        self._windows = [*kept, upcoming]
        self._extended.set()

    async def known_by_now(self) -> None:
        """Return once the motion is known up to now, as it is unless the process stood still."""
        while self.until_s < self.now_s:
            self._extended.clear()
            await self._extended.wait()


class Feeling:
    """What one sensor feels, sample by sample of its own clock, as time goes on.

    Sample ``k`` is taken when the clock shows ``k / rate_hz``. ``taken`` counts all samples.
    """

    def __init__(self, performance: Performance, place: Place, clock: Clock) -> None:
        self.taken = 0
        self._performance = performance
        self._place = place
        self._clock = clock
        self._rate_hz = 0.0
        self._next = 0
        self._ahead: Movement | None = None
        self._ahead_from = 0

    def since(self, rate_hz: float) -> Movement | None:
        """Return the samples that have come due since the last call, if there are any.

        A rate other than at the last call begins with its next whole period; 0 is no rate at all.
        """
        if rate_hz != self._rate_hz:
            self._rate_hz, self._ahead = rate_hz, None
            self._next = self._ahead_from = self._due(self._performance.now_s)
        until = min(self._due(self._performance.now_s), self._due(self._performance.until_s))
        forgotten = self._due(self._performance.from_s)
        if self._next < forgotten:
            # Nobody asked for a while, so nobody will miss them.
            self.taken += forgotten - self._next
            self._next, self._ahead = forgotten, None
        if until <= self._next:
            return None
        if self._ahead is None or until > self._ahead_from + len(self._ahead.device_ns):
            self._look_ahead(until)
        assert self._ahead is not None
        rows = slice(self._next - self._ahead_from, until - self._ahead_from)
        self.taken += until - self._next
        self._next = until
        ahead = self._ahead
        return Movement(ahead.device_ns[rows], ahead.acc[rows], ahead.gyr[rows], ahead.quat[rows])

    def _due(self, world_s: float) -> int:
        """Return how many samples the clock has taken by then, since it was switched on."""
        return int(np.ceil(self._clock.device_s(world_s) * self._rate_hz))

    def _look_ahead(self, until: int) -> None:
        """Work out the samples from the next to ``until``, and a little further: it is cheaper."""
        further = self._due(self._performance.now_s + _LOOK_AHEAD_S)
        last = max(until, min(further, self._due(self._performance.until_s)))
        index = np.arange(self._next, last)
        device_ns = np.rint(index * (1e9 / self._rate_hz)).astype(np.int64)
        t_s = self._clock.world_s(index / self._rate_hz)
        self._ahead = self._performance.feel(self._place, t_s, device_ns, self._rate_hz)
        self._ahead_from = self._next
