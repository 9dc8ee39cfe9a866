"""A cubic spline: importing SciPy's would cost every start a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray


@dataclass(frozen=True)
class Spline:
    """A C2 curve through ``values`` (K,) at rising ``knots`` (K,), straight at both ends.

    ``bends`` (K,) are its second derivatives at the knots: the natural spline's, 0 at the ends.
    """

    knots: FloatArray
    values: FloatArray
    bends: FloatArray

    @classmethod
    def through(cls, knots: FloatArray, values: FloatArray) -> Spline:
        """Return the natural spline (de Boor, A Practical Guide to Splines, ch. IV)."""
        return cls(knots, values, _bends(np.diff(knots), np.diff(values)))

    def __call__(self, at: FloatArray) -> FloatArray:
        """Return the values at ``at`` (N,), which lies between the first and the last knot."""
        left = np.clip(np.searchsorted(self.knots, at, side="right") - 1, 0, len(self.knots) - 2)
        step = self.knots[left + 1] - self.knots[left]
        b = (at - self.knots[left]) / step
        a = 1.0 - b
        bent = (a**3 - a) * self.bends[left] + (b**3 - b) * self.bends[left + 1]
        curve: FloatArray = (
            a * self.values[left] + b * self.values[left + 1] + bent * (step * step / 6.0)
        )
        return curve


def _bends(steps: FloatArray, rises: FloatArray) -> FloatArray:
    """Solve the tridiagonal system of the second derivatives by Thomas' elimination."""
    count = len(steps) + 1
    bends = np.zeros(count)
    wanted = 6.0 * np.diff(rises / steps)
    upper, right = np.zeros(count), np.zeros(count)
    for row in range(1, count - 1):
        pivot = 2.0 * (steps[row - 1] + steps[row]) - steps[row - 1] * upper[row - 1]
        upper[row] = steps[row] / pivot
        right[row] = (wanted[row - 1] - steps[row - 1] * right[row - 1]) / pivot
    for row in range(count - 2, 0, -1):
        bends[row] = right[row] - upper[row] * bends[row + 1]
    return bends
