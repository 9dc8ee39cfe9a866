"""What is known of a person's joints from one tick to the next, and what it says of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gateway import quaternion
from gateway.messages import BoolArray, FloatArray, IntArray
from inference.joints.tick import ACC, GYR, QUAT, tick_motion
from inference.joints.tracks import (
    BIAS,
    MOVING_RAD_S,
    TURN,
    Tracks,
    no_tracks,
    split,
    started,
    updated,
)

SETTLED_S = 5.0
"""After so long a movement the best of a joint's tracks is taken, and the others end."""

GAP_S = 0.1
"""Samples missing for longer than this in a tick hide too much turning: the joint starts anew."""

UNSEEN_RAD_S = 3.0
"""How fast a limb may have turned unseen."""

STEPS = (2, 1)
"""Gauss-Newton steps of an update while a joint is still to settle, and afterwards."""


class JointKnowledge:
    """The tracks of J joints between pairs of S sensors.

    ``ends`` (2, J) are the columns of the sensors above and below each joint, ``columns`` those of
    all; ``bias`` (S, 3) is what to take from the gyroscopes, rad/s.
    """

    def __init__(self, ends: Sequence[tuple[int, int]], sensors: int) -> None:
        self.ends = np.array(ends, np.int64).reshape(-1, 2).T
        self.columns: list[int] = np.unique(self.ends).tolist()
        self.bias = np.zeros((sensors, 3))
        self._tracks = no_tracks()
        self._settled = no_tracks()

    def tell(
        self, quat: FloatArray, present: BoolArray, told: FloatArray, sd_rad: FloatArray
    ) -> None:
        """Fill ``told`` (T, J, 4), lower sensor → upper, and ``sd_rad`` (T, J) of settled joints.

        ``quat`` (S, T, 4) is from the gyroscopes, ``present`` (T, S) where it can be relied on.
        """
        tracks = self._settled
        if not len(tracks.pair):
            return
        above, below = self.ends[:, tracks.pair]
        across = quaternion.multiply(tracks.quat[:, None], quat[below])
        rotation = quaternion.multiply(quaternion.conjugate(quat[above]), across)
        there = present[:, above] & present[:, below]
        told[:, tracks.pair] = np.where(there[..., None], rotation.transpose(1, 0, 2), np.nan)
        sd_rad[:, tracks.pair] = np.where(there, _sd_rad(tracks), np.nan)

    def learn(self, samples: FloatArray, missing: IntArray, rate_hz: float) -> None:
        """Take a tick, ``samples`` (S, size, 10) less the ``missing`` (S,)."""
        gap_s = missing[self.ends].max(axis=0) / rate_hz
        tracks = _blurred(self._tracks.at(gap_s[self._tracks.pair] <= GAP_S), gap_s)
        whole = gap_s == 0
        if whole.any():
            known = whole[tracks.pair]
            tracks, others = tracks.at(known), tracks.at(~known)
            new = whole & ~np.isin(np.arange(len(whole)), tracks.pair)
            up = quaternion.rotate(samples[..., QUAT], samples[..., ACC]).mean(axis=1)
            if new.any():
                pair = np.flatnonzero(new)
                tracks = tracks.joined(started(pair, *up[self.ends[:, pair]]))
            tracks = self._updated(tracks, samples, up, rate_hz).joined(others)
        self._tracks = tracks
        self._learn_bias()
        self._settled = tracks.at(tracks.moved_s >= SETTLED_S)

    def _updated(
        self, tracks: Tracks, samples: FloatArray, up: FloatArray, rate_hz: float
    ) -> Tracks:
        columns, rows = np.unique(self.ends[:, tracks.pair], return_inverse=True)
        quat, acc, gyr = (samples[columns, :, part] for part in (QUAT, ACC, GYR))
        motion = tick_motion(quat, acc, gyr, self.bias[columns], rate_hz)
        row = np.zeros(len(self.bias), np.int64)
        row[columns] = np.arange(len(columns))
        begins = motion.pace[rows.reshape(2, -1)].min(axis=0) > MOVING_RAD_S
        begins &= tracks.moved_s == 0
        if begins.any():
            first_up = up[self.ends[0, tracks.pair[begins]]]
            tracks = tracks.at(~begins).joined(split(tracks.at(begins), first_up))
        ends = self.ends[:, tracks.pair]
        quick = (tracks.moved_s >= SETTLED_S) | motion.rest[row[ends]].any(axis=0)
        steps = STEPS[bool(quick.all())]
        taken = np.concatenate([*self.bias[ends]], axis=1)
        return _best(updated(tracks, motion, row[ends], taken, steps))

    def _learn_bias(self) -> None:
        """Take each gyroscope's offset as the mean of what its joints say."""
        columns = self.ends[:, self._tracks.pair].ravel()
        count = np.bincount(columns, minlength=len(self.bias))
        offsets = np.concatenate(np.split(self._tracks.state[:, BIAS], 2, axis=1))
        total = np.zeros_like(self.bias)
        np.add.at(total, columns, offsets)
        known = count > 0
        self.bias[known] = total[known] / count[known, None]


def _best(tracks: Tracks) -> Tracks:
    """Return of each joint that has moved for long enough only the track that fits best."""
    keep = tracks.moved_s < SETTLED_S
    for pair in np.unique(tracks.pair[~keep]):
        rows = np.flatnonzero(tracks.pair == pair)
        keep[rows[np.argmin(tracks.misfit[rows])]] = True
    return tracks.at(keep)


def _blurred(tracks: Tracks, gap_s: FloatArray) -> Tracks:
    """Return the tracks with what gaps of ``gap_s`` (J,) may have hidden."""
    hidden = (gap_s[tracks.pair] * UNSEEN_RAD_S) ** 2
    if not hidden.any():
        return tracks
    cov = tracks.cov.copy()
    cov[:, TURN, TURN] += hidden[:, None, None] * np.eye(3)
    return replace(tracks, cov=cov)


def _sd_rad(tracks: Tracks) -> FloatArray:
    """Return the standard deviation (N,) of the whole angle by which a track may be off."""
    return np.asarray(np.sqrt(np.trace(tracks.cov[:, TURN, TURN], axis1=1, axis2=2)))
