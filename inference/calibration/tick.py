"""What calibration gathers from one tick of the grid to the next."""

from __future__ import annotations

import numpy as np

from gateway.messages import BodyBlock, BoolArray, FloatArray, OrientationBlock
from gateway.worn import anywhere, everywhere
from inference.calibration.state import LONG_TICK_S
from inference.inclination import up_in_sensor


class CalibrationTick:
    """The samples of one tick, as far as they can still tell anything.

    ``heard`` and ``present`` (S,) are the places with any and with all of the ``count`` samples
    so far. ``motion`` (3, 3, S, size) holds acceleration, rate of turn and up in sensor axes,
    components first. It is written only while the tick ``gathers``, which is while a place that
    was unfinished at its start is present, and says nothing of places that are not. ``earlier``
    is that of the tick before, NaN where it was of another size, or did not gather all.
    """

    def __init__(self, sensors: int) -> None:
        self.size = 0
        self.motion: FloatArray = np.empty((3, 3, sensors, 0))
        self.earlier = self.motion
        self._whole = False
        self.begin(0, np.zeros(sensors, np.bool_))

    def begin(self, size: int, unfinished: BoolArray) -> None:
        """Begin a tick of ``size``, to gather what ``unfinished`` (S,) places do."""
        if size != self.size:
            self.size = size
            self.motion, self.earlier = np.full((2, 3, 3, len(unfinished), size), np.nan)
        elif self._whole:
            self.motion, self.earlier = self.earlier, self.motion
            self.earlier[:, :, ~self.present] = np.nan
        else:
            self.earlier[:] = np.nan
        self._whole = False
        self.count = 0
        self.heard: BoolArray = np.zeros(len(unfinished), np.bool_)
        self.present: BoolArray = np.ones(len(unfinished), np.bool_)
        self.gathers = anywhere(unfinished)
        self._unfinished = unfinished

    def take(
        self,
        at: int,
        valid: BoolArray,
        converged: BoolArray,
        vectors: FloatArray,
    ) -> None:
        """Take samples from position ``at`` on: ``vectors`` (3, 3, S, T).

        ``valid`` and ``converged`` (T, S): where up has not converged, it is not kept.
        """
        self.count += len(valid)
        if everywhere(valid):
            self.heard[:] = True
        else:
            self.heard |= valid.any(axis=0)
            self.present &= valid.all(axis=0)
            self.gathers = self.gathers and anywhere(self.present & self._unfinished)
        if self.gathers:
            span = slice(at, at + len(valid))
            self.motion[..., span] = vectors
            if not everywhere(converged):
                self.motion[2, :, :, span][:, ~converged.T] = np.nan
            self._whole = self.count == self.size

    def second(self, rate_hz: float) -> FloatArray:
        """Return the motion (3, 3, S, 1, N) of the last second or more."""
        if self.size >= LONG_TICK_S * rate_hz:
            return self.motion[..., None, :]
        return np.concatenate([self.earlier, self.motion], axis=-1)[..., None, :]


def whole_ticks(valid: BoolArray, size: int) -> int:
    """Return how many ticks of ``size`` from the first of ``valid`` (T, S) on are whole."""
    count = len(valid)
    if count >= size and not everywhere(valid):
        missing = ~valid.all(axis=1)
        count = int(missing.argmax())
    return count // size


def motion_of(vectors: FloatArray, converged: BoolArray, size: int) -> FloatArray:
    """Return the motion (3, 3, S, T, N) of whole ticks of ``size`` from ``vectors`` (3, 3, S, T N).

    Where up has not ``converged`` (T N, S), it is not kept.
    """
    motion = vectors.copy()
    if not everywhere(converged):
        motion[2][:, ~converged.T] = np.nan
    return motion.reshape(*motion.shape[:3], motion.shape[3] // size, size)


def vectors_of(body: BodyBlock, orientation: OrientationBlock) -> FloatArray:
    """Return acceleration, rate of turn and up in sensor axes (3, 3, S, T).

    Components come first and samples last, as in the memory of ``inference.inclination``.
    """
    up = up_in_sensor(orientation.quat).T
    vectors = np.empty((3, *up.shape))
    vectors[0] = body.acc.T
    vectors[1] = body.gyr.T
    vectors[2] = up
    return vectors
