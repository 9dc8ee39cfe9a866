"""How far the inclination of a sensor may be wrong after samples that were not measured.

What a sensor turned meanwhile is unknown, and the orientation filter forgets it only as slowly as
it follows the accelerometer. So a standard deviation is carried along: it grows with what was
bridged, clipped or missing, and fades as the filter does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gateway.messages import Place

CONVERGED_RAD = math.radians(5)
"""Under this standard deviation an inclination is right within 10°, 95 times in 100."""

LOST_RAD = math.radians(10)
LOST_FOOT_RAD = math.radians(30)
"""Beyond it a filter that starts anew is sooner right again: later at a foot, which rests in every
stride, and then is right at once."""

FORGETTING_S = 4.5
"""How long it takes until 1/e is left: the filter, a second-order Butterworth low-pass with a time
constant of 3 s, has forgotten half after these 3 s."""

_TRUSTED_RAD = math.radians(1)

_UNKNOWN_RAD_S = {
    "foot": 2.0, "shank": 1.4, "thigh": 1.0, "pelvis": 0.5, "sternum": 0.5,
    "arm": 1.4, "forearm": 2.0,
}  # fmt: skip
"""By how much the rate of turn is missed in walking, a standard deviation: with 30 to 90 ms taken
out of recordings, what bridging misses is 0.4 to 2.8 rad/s at the feet, and less above. Arms are
taken for legs."""


@dataclass
class Doubt:
    """The variance of an inclination (rad²) over a run of samples, all of them measured or none.

    ``variance`` is that at the run's beginning and ``count`` the run's length so far. What holds
    now follows from these two, so that it does not matter in how many pieces a run comes.
    """

    unknown_rad: float
    """What a sample that is not measured hides."""
    lost_rad: float
    """Beyond this standard deviation the filter is to start anew."""
    fading: float
    """The logarithm of what one measured sample leaves of a variance, its sign turned."""
    variance: float = 0.0
    measured: bool = True
    count: int = 0

    @classmethod
    def at(cls, place: Place, rate_hz: float) -> Doubt:
        """Have none yet of a sensor at ``place``."""
        segment = place.rpartition("_")[2]
        lost_rad = LOST_FOOT_RAD if segment == "foot" else LOST_RAD
        return cls(_UNKNOWN_RAD_S[segment] / rate_hz, lost_rad, 2 / (FORGETTING_S * rate_hz))

    @property
    def exists(self) -> bool:
        """Whether there is any."""
        return self.variance > 0.0 or not self.measured

    @property
    def now(self) -> float:
        """The variance after the run so far; what is missed keeps its direction in a run."""
        if self.measured:
            return self.variance * math.exp(-self.count * self.fading)
        return self.variance + (self.count * self.unknown_rad) ** 2

    @property
    def lost(self) -> bool:
        """Whether the inclination is as good as unknown."""
        return self.now > self.lost_rad**2

    @property
    def needed(self) -> int:
        """Return how many samples a measured run takes from here to converge."""
        excess = self.variance / CONVERGED_RAD**2
        return max(math.ceil(math.log(excess) / self.fading) - self.count, 0) if excess > 1 else 0

    def turn(self, *, measured: bool) -> None:
        """Begin a new run where ``measured`` changes."""
        if measured != self.measured:
            self.variance, self.measured, self.count = self.now, measured, 0

    def forget_little(self) -> None:
        """Have none where it is small."""
        if self.measured and self.little():
            self.clear()

    def little(self, ahead: int = 0) -> bool:
        """Say whether it will be small, so many measured samples further on."""
        faded = math.exp(-(self.count + ahead) * self.fading)
        return self.variance * faded < _TRUSTED_RAD**2

    def clear(self) -> None:
        """Have none."""
        self.variance, self.measured, self.count = 0.0, True, 0
