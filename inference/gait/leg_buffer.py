"""The newest motion of both legs, with counts that tell how much of it is there and real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, GaitEventKind, IntArray
from inference.gait.contact_kernels import Windows
from inference.gait.contact_rules import Candidate
from inference.gait.leg_motion import LegMotion


@dataclass(frozen=True)
class Contact:
    """A contact at ``sample`` of the grid, and the buffer's counts there.

    ``timed`` is the share that was measured of what it is timed by, ``unseen_rad`` how much the leg
    is told to have turned in samples before it that were not measured.
    """

    kind: GaitEventKind
    sample: float
    missing: int
    real: int
    timed: float
    unseen_rad: float


@dataclass
class LegBuffer:
    """The newest samples; the first of them is number ``start`` of the grid.

    ``motion`` (8, 2, N) is acceleration, angular velocity, acceleration upwards and rate of turn
    about the vertical of both legs.
    ``counts`` (2, 2, N) are, up to each sample, those without a value and those that were
    measured. ``on_foot`` (2, N) tells the foot's sensor from the shank's.
    """

    start: int
    motion: FloatArray
    counts: IntArray
    on_foot: BoolArray

    @classmethod
    def empty(cls, next_sample: int, count: int) -> LegBuffer:
        """Return ``count`` missing samples up to ``next_sample`` (exclusive)."""
        counts = np.zeros((2, 2, count), np.int64)
        counts[0] = np.arange(1, count + 1)
        return cls(next_sample - count, np.zeros((8, 2, count)), counts, np.zeros((2, count), bool))

    def extended(self, new: LegMotion) -> LegBuffer:
        """Return the buffer with ``new`` behind it."""
        held, count = self.counts.shape[2], len(new.valid)
        motion = np.empty((8, 2, held + count))
        motion[..., :held] = self.motion
        motion[:3, :, held:] = new.acc.T
        motion[3:6, :, held:] = new.gyr.T
        motion[6, :, held:] = new.rise.T
        motion[7, :, held:] = new.spin.T
        counts = np.empty((2, 2, held + count), np.int64)
        counts[..., :held] = self.counts
        counts[0, :, held:] = ~new.valid.T
        counts[1, :, held:] = new.real.T
        fresh = counts[..., held - 1 :]
        np.add.accumulate(fresh, axis=2, out=fresh)
        on_foot = np.concatenate([self.on_foot, new.on_foot.T], axis=1)
        return LegBuffer(self.start, motion, counts, on_foot)

    @property
    def end(self) -> int:
        """Number of the sample that comes next."""
        return self.start + int(self.counts.shape[2])

    def contact(self, candidate: Candidate, lengths: Windows) -> Contact:
        """Return what ``candidate`` would be."""
        leg, at = candidate.leg, int(candidate.sample)
        missing, real = self.counts[:, leg, at].tolist()
        first, last = lengths.timed
        measured = int(self.counts[1, leg, at + last] - self.counts[1, leg, at + first])
        return Contact(
            kind=candidate.kind,
            sample=self.start + candidate.sample,
            missing=missing,
            real=real,
            timed=measured / (last - first),
            unseen_rad=self._unseen(leg, candidate.at, lengths),
        )

    def _unseen(self, leg: int, at: int, lengths: Windows) -> float:
        """Return how far (rad) ``leg`` is told to have turned unmeasured in a swing to ``at``."""
        first, last = (at + edge for edge in lengths.gained)
        real = self.counts[1, leg, first : last + 1]
        unseen = real[1:] == real[:-1]
        if not unseen.any():
            return 0.0
        gyr = self.motion[3:6, leg, first + 1 : last + 1][:, unseen]
        return float(np.sqrt(np.einsum("it,it->t", gyr, gyr)).sum()) / lengths.rate_hz

    def tail(self, count: int) -> LegBuffer:
        """Return the newest ``count`` samples, as a view: no buffer is ever changed in place."""
        first = self.counts.shape[2] - count
        motion, counts = self.motion[..., first:], self.counts[..., first:]
        return LegBuffer(self.start + first, motion, counts, self.on_foot[:, first:])
