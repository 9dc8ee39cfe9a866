"""What ticks tell of where the fronts of segments are: by tilt, and by how walking pushes a trunk.

Kernels, of T ticks at once: what one tells does not depend on how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray
from inference.calibration.alignment import tilt_evidence
from inference.calibration.nominal import Nominal
from inference.calibration.walking_direction import push_evidence


@dataclass(frozen=True)
class TickEvidence:
    """What T ticks of ``size`` samples at ``rate_hz`` tell of the K places ``wanted`` (S,).

    ``tilted`` is what `tilt_evidence` says, None where nothing is clear. ``push`` (T, M, 3) is that
    of the places ``trunk`` (M,) and ``effort`` (T, M) its length, 0 where nobody walks. ``told``
    (T,) there is any of it.
    """

    size: int
    rate_hz: float
    wanted: BoolArray
    tilted: tuple[FloatArray, FloatArray, FloatArray] | None
    trunk: IntArray
    push: FloatArray
    effort: FloatArray
    told: BoolArray


def gathered(
    known: Nominal,
    motion: FloatArray,
    second: FloatArray,
    standing_up: FloatArray,
    usable: BoolArray,
    wanted: BoolArray,
    rate_hz: float,
) -> TickEvidence:
    """Return what ticks tell by their ``motion`` (3, 3, S, T, N): acceleration, rate of turn, up.

    ``second`` is the same over the last second or more, ``standing_up`` (S, 3) up in the stance;
    only ``usable`` (S,) places tell of others.
    """
    tilted = tilt_evidence(known, motion[2], motion[1], standing_up, usable, wanted)
    # Hips need the fronts of pelvis and trunk; worn alone, they are best left where they are.
    trunk = (wanted & known.trunk & known.hips).nonzero()[0]
    push = np.zeros((motion.shape[3], 0, 3))
    if len(trunk):
        push = push_evidence(second[0][:, trunk], second[2][:, trunk], rate_hz)
    effort = np.sqrt((push**2).sum(axis=-1))
    told = (effort > 0).any(axis=1)
    if tilted is not None:
        told |= tilted[2].any(axis=1)
    return TickEvidence(motion.shape[-1], rate_hz, wanted, tilted, trunk, push, effort, told)
