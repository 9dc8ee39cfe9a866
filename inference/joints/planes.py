"""Ab- and adduction and axial rotation of a joint, from the inclination of its two segments.

Angles are those of E. S. Grood and W. J. Suntay (J. Biomech. Eng. 1983, 105(2), 136-144), which the
ISB recommends (G. Wu et al., J. Biomech. 2002, 35(4), 543-548): the lower segment is turned about
the right axis of the upper one, a floating axis and its own long axis, the sequence z-x'-y''.

Gravity tells each segment's inclination, and the only thing missing is which way the lower segment
faces, seen from the upper one. So each angle comes with how much it depends on that: adduction of
a straight leg not at all, its rotation entirely.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray


def frontal_and_transverse(
    above: FloatArray, below: FloatArray, facing: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return adduction and internal rotation (2, ...) of right joints in rad, and their slopes.

    ``above`` and ``below`` (3, ...) are up in the axes of the two segments, ``facing`` (2, ...)
    the cosine and sine of the angle by which the lower one faces further to the left: its right
    axis, seen from above, against that of the upper one. The slopes (2, ...) are by it. Of a left
    joint both angles have the other sign.
    """
    cos, sin = facing
    x, y, z = below
    rise = above[2]
    level = 1 - z * z
    share = np.sqrt((1 - rise * rise) / level)
    cos, sin = share * cos, share * sin
    # The right axis of the upper segment along the lower one's long, backward and right axis.
    x_z, y_z = x * z, y * z
    along = sin * x - cos * y_z + rise * y
    behind = sin * y + cos * x_z - rise * x
    right = level * cos + rise * z
    squared = behind * behind + right * right
    span = np.sqrt(squared)
    slopes = np.stack(
        [
            (cos * x + sin * y_z) / span,
            (right * (cos * y - sin * x_z) + behind * level * sin) / squared,
        ]
    )
    return np.stack([np.arctan2(along, span), np.arctan2(behind, right)]), slopes
