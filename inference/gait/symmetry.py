"""How alike the two sides are: the three definitions in use, each of the same two figures.

As shares; published ones are often in per cent.
"""

from __future__ import annotations

import math


def symmetry_index(left: float, right: float) -> float:
    """Return |L − R| / (0.5 (L + R)) of two positive figures of the same unit; 0 where alike.

    R. O. Robinson et al. (J. Manip. Physiol. Ther. 1987, 10(4), 172-176). It means nothing for
    what may cross zero, such as an angle about the straight knee.
    """
    return abs(left - right) / (0.5 * (left + right))


def symmetry_angle(left: float, right: float) -> float:
    """Return (45° − atan(L / R)) / 90°, -1 to 1: 0 where alike, positive where the right is more.

    R. A. Zifchock et al. (Gait & Posture 2008, 27(4), 622-627): no side and no mean has to be
    chosen to refer to. NaN where both are 0.
    """
    if left == right == 0.0:
        return math.nan
    return math.remainder(math.pi / 4 - math.atan2(left, right), math.pi) / (math.pi / 2)


def limb_symmetry_index(involved: float, uninvolved: float) -> float:
    """Return the figure of the involved limb over that of the other one; 1 where alike."""
    return involved / uninvolved
