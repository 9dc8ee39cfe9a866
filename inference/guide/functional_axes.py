"""How sensors sit on their segments, from what a person was asked to do: kernels of the guide.

Gravity in standing gives the long axis. Movement gives the axis to the right, in two ways: a
hinge turns about it (the principal axis of the rates of turn: T. Seel et al., Sensors 2014, 14,
6891-6909), and up tips across it, which also tells front from back
(`inference.calibration.alignment`). Where a trunk has not tipped, walking tells its front
(`inference.calibration.walking_direction`). How far the two ways are apart says how much the axis
is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, Places
from inference.calibration import alignment
from inference.calibration.alignment import angle_between, axes_from, axes_from_standing, unit
from inference.calibration.nominal import nominal
from inference.calibration.walking_direction import push_evidence

HINGE = 0.55
"""Share of the turning that is about one axis, from which on that axis is a hinge's."""

LEAST_TIPPED = 0.6
"""Share of the tipping that must point one way."""

_SMALL = 1e-12


@dataclass(frozen=True)
class Evidence:
    """What ticks of movement say of the fronts of S sensors; sums, so that they can be added.

    ``tipped`` (S, 3) is where up tips, ``weight`` (S,) what it would be if all pointed one way,
    ``pushed`` (S, 3) where walking pushes a trunk, ``squared`` (S, 3, 3) of rates of turn.
    """

    tipped: FloatArray
    weight: FloatArray
    pushed: FloatArray
    squared: FloatArray

    @classmethod
    def of(
        cls,
        places: Places,
        ticks: list[tuple[FloatArray, FloatArray, FloatArray]],
        standing: FloatArray,
        wanted: BoolArray,
        rate_hz: float,
    ) -> Evidence:
        """Gather that of ``wanted`` (S,) sensors from ticks of (acceleration, rate of turn, up).

        A tick is three arrays (3, S, N). ``standing`` (S, 3) is up in the sensors when all stood
        upright. What pushes a trunk is gathered of every sensor.
        """
        count, known = len(places), nominal(places)
        everywhere = np.ones(count, np.bool_)
        tipped, pushed = np.zeros((2, count, 3))
        weight, squared = np.zeros(count), np.zeros((count, 3, 3))
        trunk = np.flatnonzero(known.trunk)
        for acc, gyr, up in ticks:
            tilt = alignment.tilt_evidence(known, up, gyr, standing, everywhere, wanted)
            if tilt is not None:
                tipped[wanted] += tilt[0]
                weight[wanted] += tilt[1]
            pushed[trunk] += push_evidence(acc[:, trunk], up[:, trunk], rate_hz)
            free = gyr - gyr.mean(axis=2, keepdims=True)
            squared[wanted] += np.einsum("csn,dsn->scd", free, free)[wanted]
        return cls(tipped, weight, pushed, squared)

    def plus(self, other: Evidence) -> Evidence:
        """Return what both say together."""
        return Evidence(
            self.tipped + other.tipped,
            self.weight + other.weight,
            self.pushed + other.pushed,
            self.squared + other.squared,
        )


@dataclass(frozen=True)
class FunctionalAxes:
    """``axes`` (S, 3, 3) segment → sensor; of which the ``front`` (S,) was found by movement.

    ``spread_rad`` (S,) is the angle between the two ways of telling it, NaN where one is missing.
    """

    axes: FloatArray
    front: BoolArray
    spread_rad: FloatArray


def functional_axes(places: Places, standing: FloatArray, evidence: Evidence) -> FunctionalAxes:
    """Return how the sensors at ``places`` sit; ``standing`` (S, 3) is up in them.

    Where movement tells nothing, the face that is meant to look forward is taken to do so.
    """
    known = nominal(places)
    tipped = known.forward_sign[:, None] * evidence.tipped
    length = np.sqrt((tipped * tipped).sum(axis=1))
    tips = (length > _SMALL) & (length >= LEAST_TIPPED * evidence.weight)
    pushed = ~tips & ((evidence.pushed**2).sum(axis=1) > _SMALL)
    forward = np.where(pushed[:, None], evidence.pushed, tipped)
    front = tips | pushed
    forward[~front] = axes_from_standing(known, standing)[~front, :, 0]
    forward = _level(forward, standing)
    hinge, is_hinge = _hinge_forward(evidence.squared, standing, forward)
    both = is_hinge & tips
    spread = np.where(both, angle_between(forward, hinge), np.nan)
    forward = np.where(both[:, None], forward + hinge, forward)
    return FunctionalAxes(axes_from(standing, forward), front, spread)


def _hinge_forward(
    squared: FloatArray, standing: FloatArray, forward: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return the level direction (S, 3) across the hinge, towards ``forward``, and who has one."""
    sizes, vectors = np.linalg.eigh(squared)
    axis = vectors[..., 2]
    across = np.cross(standing, axis)
    level = np.sqrt((across * across).sum(axis=1))
    across *= np.where((across * forward).sum(axis=1) < 0, -1.0, 1.0)[:, None]
    # A hinge that is upright tells nothing of the front.
    is_hinge = (sizes[:, 2] > HINGE * np.maximum(sizes.sum(axis=1), _SMALL)) & (level > 0.5)
    return across / np.maximum(level, _SMALL)[:, None], is_hinge


def _level(vectors: FloatArray, up: FloatArray) -> FloatArray:
    """Return the parts of ``vectors`` (S, 3) across ``up``, at length 1."""
    return unit(vectors - (vectors * up).sum(axis=1, keepdims=True) * up)
