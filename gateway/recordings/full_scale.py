"""Whether a sensor of a recording clipped, told from its samples: no set notes the full scale.

Noise makes the largest value of a sensor that does not clip a single one. One that clips says the
very same value again and again.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray

LEAST_SAMPLES = 4
LARGEST_SHARE = 0.5
"""More than this at one value is an axis that does not move."""


def full_scale(values: FloatArray) -> float:
    """Return the value at which samples (N, 3) are cut off, in their unit; 0 where none is seen."""
    sizes = np.abs(values)
    known = np.isfinite(sizes).all(axis=1)
    top = float(sizes[known].max(initial=0.0))
    at_top = sizes == top
    count = int(np.count_nonzero(at_top.any(axis=1)))
    on_end = (at_top[1:] & (values[1:] == values[:-1])).any()
    clipped = on_end and LEAST_SAMPLES <= count <= LARGEST_SHARE * len(values)
    return top if clipped else 0.0
