"""Motion with its truth, as the training and the evaluation take it.

Where the motion comes from is the caller's business: the command line hands in simulated persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gateway.errors import ModelError
from gateway.messages import BoolArray, FloatArray
from inference.model.contract import TARGETS
from inference.model.loading import Array
from inference.model.resampling import Resampler, weighted


class Example(Protocol):
    """One person's motion, free of noise, with all sensors present.

    ``acc`` (T, 8, 3) m/s² and ``gyr`` (T, 8, 3) rad/s in segment axes; ``angle_rad`` (T, 6) in
    the order of ``JOINTS``, zero in the person's own standing; ``contact`` (T, 2) left and right
    foot on the ground. ``person`` names who it is.
    """

    @property
    def person(self) -> str:
        """Who it is."""

    @property
    def rate_hz(self) -> float:
        """Samples a second."""

    @property
    def acc(self) -> FloatArray:
        """Specific force."""

    @property
    def gyr(self) -> FloatArray:
        """Angular rate."""

    @property
    def angle_rad(self) -> FloatArray:
        """True flexion."""

    @property
    def contact(self) -> BoolArray:
        """True contact."""


@dataclass(frozen=True, slots=True)
class Motion:
    """An example at the model's rate: ``x`` (N, 8, 6), ``truth`` (N, 8) for the targets.

    Row n of ``truth`` belongs to row n of the model's output: it is of ``look_ahead`` earlier.
    """

    x: Array
    truth: Array


def motion_of(example: Example, rate_hz: float, look_ahead: int) -> Motion:
    """Bring an example to the model's rate, just as the live stage does; raises ModelError."""
    resampler = Resampler(example.rate_hz, rate_hz)
    if not resampler.ratio.is_integer():
        raise ModelError(
            f"{example.person}: motion to learn from must be at a multiple of "
            f"{rate_hz:g} Hz, not at {example.rate_hz:g} Hz"
        )
    length = len(example.acc)
    first = max(1, look_ahead)
    taps = resampler.taps(0, first, resampler.ready(first, length))
    x = np.concatenate([weighted(part.T, taps).T for part in (example.acc, example.gyr)], axis=2)
    truth = np.concatenate([example.angle_rad, example.contact], axis=1)
    step = int(resampler.ratio)
    told = truth[(first - look_ahead) * step :: step][: len(x)]
    assert told.shape == (len(x), len(TARGETS))
    return Motion(x.astype(np.float32), told.astype(np.float32))


def windows(
    motions: list[Motion], batch: int, length: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw ``batch`` windows at random: x (B, T, 8, 6) and truth (B, T, 8)."""
    shares = np.array([len(motion.x) - length for motion in motions], np.float64)
    if shares.min() <= 0:
        raise ModelError(f"motion to learn from must be longer than {length} samples")
    chosen = rng.choice(len(motions), batch, p=shares / shares.sum())
    starts = [int(rng.integers(0, len(motions[c].x) - length)) for c in chosen]
    pieces = [(motions[c], s) for c, s in zip(chosen, starts, strict=True)]
    x = np.stack([motion.x[s : s + length] for motion, s in pieces])
    truth = np.stack([motion.truth[s : s + length] for motion, s in pieces])
    return x, truth
