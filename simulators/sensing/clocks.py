"""A sensor's own clock, as against that of the world."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages import FloatArray


@dataclass(frozen=True)
class Clock:
    """A sensor's own clock: zero when it was switched on at ``on_s``, fast by ``drift_ppm``."""

    on_s: float
    drift_ppm: float

    def device_s(self, world_s: float) -> float:
        """Return what it shows."""
        return (world_s - self.on_s) * (1 + self.drift_ppm * 1e-6)

    def world_s(self, device_s: FloatArray) -> FloatArray:
        """Return when it shows ``device_s`` (N,)."""
        return self.on_s + device_s / (1 + self.drift_ppm * 1e-6)
