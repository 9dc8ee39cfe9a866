"""The orientation filter of one sensor, and from when on its result can be used, and trusted."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from vqf import VQF  # type: ignore[import-untyped]  # ships no types

from gateway.messages import BoolArray, FloatArray, Place
from gateway.orientation.doubt import Doubt
from gateway.orientation.held_rate import HeldRate
from gateway.orientation.rest import RestWatch, rest_samples, turns
from gateway.quaternion import from_rotation_vector, multiply, rotate

SETTLE_S = 1.0
"""How long a filter that started anew is fed before its result is valid: about one stride, over
which the accelerations of walking cancel."""

CONVERGE_S = 2.0
"""... and before it has converged: what is taken for gravity is the mean acceleration so far, wrong
by the change of velocity over that time, and 3 m/s are 10° over two seconds."""


@dataclass(frozen=True, slots=True)
class Track:
    """Samples of a sensor, ``gyr`` and ``acc`` (T, 3), and where to write what comes of them.

    ``real`` (T,) they were measured; ``quat`` (T, 4), ``settled`` and ``converged`` (T,) are filled
    in, the first only where settled. Where the sensor has a magnetometer, ``mag`` (T, 3) is in µT,
    NaN where it says nothing, and ``absolute`` (T, 4) and ``undisturbed`` (T,) are filled in too.
    """

    gyr: FloatArray
    acc: FloatArray
    real: BoolArray
    quat: FloatArray
    settled: BoolArray
    converged: BoolArray
    mag: FloatArray | None = None
    absolute: FloatArray | None = None
    undisturbed: BoolArray | None = None

    def part(self, first: int, last: int) -> Track:
        """Return a part of the samples."""
        if last - first == len(self.real):
            return self
        return Track(
            self.gyr[first:last],
            self.acc[first:last],
            self.real[first:last],
            self.quat[first:last],
            self.settled[first:last],
            self.converged[first:last],
            None if self.mag is None else self.mag[first:last],
            None if self.absolute is None else self.absolute[first:last],
            None if self.undisturbed is None else self.undisturbed[first:last],
        )

    def magnetic(self) -> BoolArray:
        """Return (T,) whether there is a magnetic field."""
        if self.mag is None:
            return np.zeros(len(self.real), np.bool_)
        x, y, z = self.mag.T
        squared = x * x + y * y + z * z
        there: BoolArray = (squared > 0) & np.isfinite(squared)
        return there


class InclinationFilter:
    """VQF for one sensor; a rest ends all doubt, and too much doubt has it start anew."""

    def __init__(self, place: Place, rate_hz: float) -> None:
        self._settle = round(SETTLE_S * rate_hz)
        self._converge = round(CONVERGE_S * rate_hz)
        self._period_s = 1.0 / rate_hz
        self._vqf = VQF(self._period_s)
        self._fed = 0
        self._doubt = Doubt.at(place, rate_hz)
        self._rate = HeldRate()
        self._watch = RestWatch(rest_samples(place, rate_hz), self._period_s)

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._vqf.state, self._fed, copy.deepcopy((self._doubt, self._watch, self._rate))

    def resume(self, snapshot: Any) -> None:
        """Go on from ``snapshot``."""
        self._vqf.state, self._fed, kept = snapshot
        self._doubt, self._watch, self._rate = copy.deepcopy(kept)

    def miss(self, count: int) -> None:
        """Be told that ``count`` samples are missing."""
        if self._fed:
            self._doubt.turn(measured=False)
            self._doubt.count += count
            self._rate.miss(count)
            self._watch.spoil()

    def feed(self, index: int, track: Track) -> None:
        """Take samples, of which the first is that at ``index`` of the grid."""
        for first, last in stretches(track.real):
            at = first
            while at < last:
                to = at + self._piece(index + at, track.gyr[at:last], measured=track.real[first])
                self._advance(index + at, track.part(at, to))
                at = to

    @property
    def _doubtful(self) -> bool:
        return self._fed < self._converge or self._doubt.exists

    def _piece(self, index: int, gyr: FloatArray, *, measured: bool) -> int:
        """Return how many of the samples ``gyr`` (N, 3), all ``measured`` or none, to take at once.

        Where there is doubt, up to the end of what may be a rest, or to where the doubt ends.
        """
        count, left = len(gyr), self._watch.left(index)
        if measured and not self._doubtful:
            return count
        if not (measured and self._doubt.measured and left == self._watch.length < count):
            return min(count, left)
        turning = turns(gyr[: count // left * left], left)
        rest = len(turning) - 1 if turning.all() else int(turning.argmin())
        ends = (n * left for n in range(1, rest + 1) if self._doubt_ends(n * left))
        return next(ends, (rest + 1) * left)

    def _doubt_ends(self, count: int) -> bool:
        """Say whether there will be no doubt ``count`` measured samples from here."""
        if self._doubt.variance:
            return self._doubt.little(count)
        return self._fed + count >= self._converge

    def _advance(self, index: int, track: Track) -> None:
        """Take samples that were all measured, or none, none of them beyond the end of a rest."""
        measured = bool(track.real[0])
        if measured and not self._doubt.measured:
            self._end_gap(track.gyr[0])
        (self._rate.measure if measured else self._rate.bridge)(track.gyr)
        self._doubt.turn(measured=measured)
        unsettled = max(self._settle - self._fed, 0)
        self._filter(track)
        track.quat[:unsettled] = np.nan
        track.settled[unsettled:] = True
        if track.absolute is not None:
            track.absolute[:unsettled] = np.nan
        if measured:
            track.converged[max(self._converge - self._fed, self._doubt.needed, 0) :] = True
        self._fed += len(track.real)
        self._doubt.count += len(track.real)
        if not measured:
            self._watch.spoil()
        elif self._doubtful:
            self._look_for_rest(index, track)

    def _filter(self, track: Track) -> None:
        if track.mag is None:
            track.quat[:] = self._vqf.updateBatch(track.gyr, track.acc)["quat6D"]
            return
        there = track.magnetic()
        for first, last in stretches(there):
            part = track.part(first, last)
            mag = part.mag if there[first] else None
            result = self._vqf.updateBatch(part.gyr, part.acc, mag)
            part.quat[:] = result["quat6D"]
            if mag is not None and part.absolute is not None and part.undisturbed is not None:
                part.absolute[:] = result["quat9D"]
                part.undisturbed[:] = ~result["magDistDetected"]

    def _look_for_rest(self, index: int, track: Track) -> None:
        """Look at what ends with ``track``; before that it was turning."""
        before = max(len(track.real) - self._watch.left(index), 0)
        up = self._watch.take(index + before, track.gyr[before:], track.acc[before:])
        if up is not None:
            self._stand(up)
        if self._watch.left(index + before) == len(track.real) - before:
            self._doubt.forget_little()

    def _end_gap(self, rate: FloatArray) -> None:
        """Go on with a sensor that turns at ``rate`` (3,) rad/s after what was not measured."""
        if self._doubt.lost:
            self._start_anew()
            return
        missed = self._rate.missed(rate)
        if missed is not None:
            state = self._vqf.state
            turn = from_rotation_vector(missed * self._period_s)
            state["gyrQuat"] = multiply(np.array(state["gyrQuat"]), turn)
            self._vqf.state = state

    def _start_anew(self) -> None:
        bias, sigma = self._vqf.getBiasEstimate()
        norm, dip = self._vqf.getMagRefNorm(), self._vqf.getMagRefDip()
        self._vqf.resetState()
        self._vqf.setBiasEstimate(bias, sigma)
        self._vqf.setMagRef(norm, dip)
        self._fed = 0
        self._doubt.clear()

    def _stand(self, up: FloatArray) -> None:
        """Go on as a filter that has long known where ``up`` (3,) is, in m/s²; heading stays."""
        coeffs, state = self._vqf.coeffs, self._vqf.state
        b, a = coeffs["accLpB"], coeffs["accLpA"]
        before = self._vqf.getQuat6D()
        tilted = rotate(before, up / math.hypot(*up.tolist()))
        state["gyrQuat"] = np.array([1.0, 0.0, 0.0, 0.0])
        state["accQuat"] = multiply(_shortest_turn(tilted), before)
        state["lastAccLp"] = up
        # The low-pass at rest, as VQF's own filterInitialState has it.
        state["accLpState"] = np.outer(up, [1 - b[0], b[2] - a[1]]).ravel()
        self._vqf.state = state
        self._fed = self._converge
        self._doubt.clear()


def stretches(mask: BoolArray) -> Iterator[tuple[int, int]]:
    """Return first and end of each stretch of (N,) ``mask`` over which it does not change."""
    edges = (mask[1:] != mask[:-1]).nonzero()[0] + 1
    return itertools.pairwise([0, *edges.tolist(), len(mask)])


def _shortest_turn(up: FloatArray) -> FloatArray:
    """Return the rotation (4,) that brings the unit vector ``up`` (3,) to z by the shortest way."""
    # Half-way between the two: w = cos of half the angle, which is 0 only upside down.
    x, y, z = up.tolist()
    w = math.sqrt(max((1 + z) / 2, 0.0))
    if w < 1e-6:
        return np.array([0.0, 1.0, 0.0, 0.0])
    return np.array([w, y / (2 * w), -x / (2 * w), 0.0])
