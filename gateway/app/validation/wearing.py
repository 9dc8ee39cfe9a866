"""A recording as if fewer sensors had been worn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gateway.messages import PacketBlock, Place, SensorSpec
from gateway.recordings import Recording


class Wearing:
    """``recording`` with no other sensors than those at ``places``; its grid stays the same."""

    def __init__(self, recording: Recording, places: Collection[Place]) -> None:
        self.name = recording.name
        self.person = recording.person
        self.origin_ns = recording.origin_ns
        self.duration_s = recording.duration_s
        self.grid_rate_hz = recording.grid_rate_hz
        self.size = recording.size
        worn = [spec for spec in recording.sensors if spec.place in places]
        self.sensors: Sequence[SensorSpec] = worn
        self._ids = {spec.sensor for spec in worn}
        self._recording = recording

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of the sensors worn."""
        for blocks in self._recording.chunks(seconds):
            yield [block for block in blocks if block.sensor in self._ids]
