"""Which of the exercises shown a finished swing is, if any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray, IntArray
from inference.repetitions.tempo import Tempo
from inference.taught import TaughtExercise, Turning, own_angle, unit
from inference.taught.swings import swing_end
from inference.taught.warping import differences, resampled, sized, warped

FARTHEST_RAD = 0.6
"""A repetition differs from the one shown by less: on average over its time and sensors."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An exercise made ready: ``columns`` (S,) of its places in the motion that is followed.

    ``core`` (N, S, 3) is the part of its ``path`` that a finished swing covers; over it the angle
    spans ``range_rad``. ``rest`` (S, 3) is where up is at rest.
    """

    turning: Turning
    columns: IntArray
    path: FloatArray
    rest: FloatArray
    core: FloatArray
    range_rad: float

    @classmethod
    def of(cls, exercise: TaughtExercise, columns: IntArray) -> Known:
        """Make ``exercise`` ready."""
        path, turning = exercise.path, Turning.of(exercise.path)
        angle = own_angle(path, turning)
        tempo = Tempo.of(angle)
        core = resampled(path[tempo.start : swing_end(angle, tempo) + 1])
        range_rad = float(np.ptp(own_angle(core, turning)))
        return cls(turning, columns, path, unit(path[0] + path[-1]), core, range_rad)

    def difference(self, up: FloatArray) -> float:
        """Return how far (rad) up (S, 3) is at least from any point of the path."""
        return float(differences(up[None], self.path).min())


def recognised(up: FloatArray, known: Sequence[Known]) -> tuple[int, float]:
    """Return which of ``known`` the swing ``up`` (T, P, 3) is most like, and how far it is.

    Samples without a value are left out; -1 where it is like none, or all sensors of none are
    there.
    """
    parts = [up[:, one.columns] for one in known]
    parts = [part[~np.isnan(part).any(axis=(1, 2))] for part in parts]
    there = [number for number, part in enumerate(parts) if len(part) > 1]
    if not there:
        return -1, np.inf
    far = warped([_costs(parts[number], known[number]) for number in there])
    best = int(far.argmin())
    return (there[best] if far[best] < FARTHEST_RAD else -1), float(far[best])


def _costs(up: FloatArray, known: Known) -> FloatArray:
    angle = own_angle(up, known.turning)
    size = np.ptp(angle) / known.range_rad
    return differences(resampled(up), sized(known.core, known.rest, size))
