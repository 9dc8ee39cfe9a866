"""The newest motion of both legs, with counts that tell how much of it is there and real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, GaitEventKind, IntArray
from inference.gait.contact_rules import Candidate
from inference.gait.leg_motion import LegMotion


@dataclass(frozen=True)
class Contact:
    """A contact at ``sample`` of the grid, and the buffer's counts there.

    ``beside`` is the share that was measured from a little before it to when it is told.
    """

    kind: GaitEventKind
    sample: float
    missing: int
    real: int
    beside: float


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

    def contact(self, candidate: Candidate, beside: int) -> Contact:
        """Return what ``candidate`` would be, looked at from ``beside`` samples before it on."""
        leg, at = candidate.leg, int(candidate.sample)
        missing, real = self.counts[:, leg, at].tolist()
        told, first = candidate.told, min(at, candidate.at) - beside
        measured = int(self.counts[1, leg, told] - self.counts[1, leg, first])
        share = measured / (told - first)
        return Contact(candidate.kind, self.start + candidate.sample, missing, real, share)

    def tail(self, count: int) -> LegBuffer:
        """Return the newest ``count`` samples, as a view: no buffer is ever changed in place."""
        first = self.counts.shape[2] - count
        motion, counts = self.motion[..., first:], self.counts[..., first:]
        return LegBuffer(self.start + first, motion, counts, self.on_foot[:, first:])
