"""By how much an angle may be off: the error budget of every range, peak and deficit.

All numbers are standard deviations in degrees, and stand here only. Where there is truth on people
they are measured, by ``gaitwire validate neura_sparse_sample``: the root mean square over the
strides of the one short walk that there is, both sides, once movement has shown the fronts. Where
there is none they are sums of squares of parts that are known. A figure and its half width hold
95 times in 100 (1.96 standard deviations) as far as people are like those. Angles count from the
stance that calibrates: a knee that was bent in it is not seen, and not in the budget.

The parts: ``INCLINATION_DEG`` of one sensor (``gaitwire validate broad``, live), ``AXES_DEG`` of
axes found from movement, whatever the mounting (our simulation), ``SKIN_DEG``, soft tissue in
walking (Teufl et al. 2018: 2.2 ± 1.5°).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

INCLINATION_DEG = 0.8
AXES_DEG = 2.3
SKIN_DEG = math.hypot(2.2, 1.5)

CERTAIN = 1.96
"""Standard deviations on either side within which a figure lies 95 times in 100."""


class Measured(StrEnum):
    """What an angle is of: the flexion of a joint, or the inclination of one segment."""

    HIP = "hip"
    KNEE = "knee"
    ANKLE = "ankle"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations (degrees) of the range of an angle, and of its peak."""

    range_deg: float
    peak_deg: float


AT_REST_DEG = math.hypot(AXES_DEG, math.sqrt(2) * INCLINATION_DEG)
"""Of a joint that is held still: the axes, and two sensors; the skin does not move."""

EXTENSION_DEFICIT_DEG = AT_REST_DEG
"""Of the least flexion of a knee in a stride. Measured 0.6 to 1.8, but so few strides do not show
that moving is better than resting."""

MOVING = {
    Measured.HIP: Spread(range_deg=10.0, peak_deg=4.0),
    Measured.KNEE: Spread(range_deg=8.0, peak_deg=6.5),
    Measured.ANKLE: Spread(range_deg=5.5, peak_deg=3.0),
    Measured.SEGMENT: Spread(
        range_deg=math.hypot(AXES_DEG, math.sqrt(2) * math.hypot(INCLINATION_DEG, SKIN_DEG)),
        peak_deg=math.hypot(INCLINATION_DEG, AXES_DEG, SKIN_DEG),
    ),
}
"""In movement, rounded up: ranges measured 9.7, 5.1 to 7.9, and 4.5 to 5.3, the knee's peak 4.9 to
6.4, by which of the few strides count. The peaks of hip and ankle are not measured: theirs
is the error of flexion over the whole walk. A segment's are sums of the parts; in its range sensor
and skin count twice."""


def half_width_rad(sd_deg: float) -> float:
    """Return half the width (rad) of the interval that holds 95 times in 100."""
    return math.radians(CERTAIN * sd_deg)
