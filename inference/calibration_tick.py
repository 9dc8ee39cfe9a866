"""What calibration gathers from one tick of the grid to the next."""

from __future__ import annotations

import numpy as np

from gateway.messages import PLACES, BoolArray, FloatArray
from gateway.worn import Columns, anywhere, everywhere


class CalibrationTick:
    """The samples of one tick, as far as they can still tell anything.

    ``heard`` and ``present`` (8,) are the places with any and with all of the ``count`` samples
    so far. ``motion`` (3, 3, 8, size) holds acceleration, rate of turn and up in sensor axes,
    components first. It is written only while the tick ``gathers``, which is while a place that
    was unfinished at its start is present, and says nothing of places that are not.
    """

    def __init__(self) -> None:
        self.size = 0
        self.motion: FloatArray = np.empty((3, 3, len(PLACES), 0))
        self.begin(0, np.zeros(len(PLACES), np.bool_))

    def begin(self, size: int, unfinished: BoolArray) -> None:
        """Begin a tick of ``size``, to gather what ``unfinished`` (8,) places do."""
        if size != self.size:
            self.size = size
            self.motion = np.full((3, 3, len(PLACES), size), np.nan)
        self.count = 0
        self.heard: BoolArray = np.zeros(len(PLACES), np.bool_)
        self.present: BoolArray = np.ones(len(PLACES), np.bool_)
        self.gathers = anywhere(unfinished)
        self._unfinished = unfinished

    def take(self, at: int, valid: BoolArray, vectors: FloatArray, columns: Columns) -> None:
        """Take samples from position ``at`` on: ``valid`` (T, 8), ``vectors`` (3, 3, K, T)."""
        self.count += len(valid)
        if everywhere(valid):
            self.heard[:] = True
        else:
            self.heard |= valid.any(axis=0)
            self.present &= valid.all(axis=0)
            self.gathers = self.gathers and anywhere(self.present & self._unfinished)
        if self.gathers:
            self.motion[:, :, columns, at : at + len(valid)] = vectors
