"""The motion of a plan's person, as ideal sensors anywhere on the body feel it."""

from __future__ import annotations

from functools import lru_cache

from gateway.messages import FloatArray, Place
from simulators.movement.motion import Habits, Pass, Performer, Window, join_windows, tell_truth
from simulators.movement.sampling import stitch
from simulators.movement.scenarios import scenario
from simulators.movement.truth import Truth
from simulators.plans.felt import Felt, felt_at
from simulators.sensing.faults import Fault

GRID_HZ = 100.0
_BEYOND_S = 2.0


class PlannedMotion:
    """A person's motion over ``seconds``, and its ``truth`` on a grid of ``GRID_HZ``."""

    def __init__(self, performed: str, seed: int, seconds: float, speed_mps: float | None) -> None:
        habits = Habits(speed_mps=speed_mps)
        performer = Performer(scenario(performed), seed, GRID_HZ, habits)
        windows: list[Window] = []
        passes: list[Pass] = []
        for done, window in performer.windows():
            windows.append(window)
            if not passes or passes[-1] is not done:
                passes.append(done)
            if window.t_s[-1] > seconds + _BEYOND_S:
                break
        count = round(seconds * GRID_HZ)
        self.truth: Truth = tell_truth(
            join_windows(windows, performer.fine, count), passes, GRID_HZ
        )
        self._stitched = list(stitch(windows))

    def felt(self, place: Place, t_s: FloatArray, faults: tuple[Fault, ...]) -> Felt:
        """Return what the sensor meant for ``place`` feels at world times (N,), ideally."""
        return felt_at(self._stitched, place, t_s, faults)


@lru_cache(maxsize=8)
def planned_motion(
    performed: str, seed: int, seconds: float, speed_mps: float | None
) -> PlannedMotion:
    """Return the motion; the last few are kept, for it is costly and many plans share one."""
    return PlannedMotion(performed, seed, seconds, speed_mps)
