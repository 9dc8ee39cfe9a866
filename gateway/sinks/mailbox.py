"""The newest of each live topic, waiting to be sent: one place a topic, latest wins."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from gateway.live.frame import LiveFrame
from gateway.sinks.live_documents import live_parts

REPEAT_S = 1.0
"""A part that does not change is told once a second, for those who have just come."""
CUE = "cue"


class Part(NamedTuple):
    """The data of one live topic at grid time ``t_s``."""

    t_s: float
    ready_ns: int
    data: Any


class Mailbox:
    """Takes frames at any rate and never blocks; ``dropped`` counts parts that were replaced.

    At most ``rate_hz`` frames a second of grid time are taken, but a frame with a new cue always
    is. A cue is told once.
    """

    def __init__(self, rate_hz: float) -> None:
        self.dropped = 0
        self._period_s = 1.0 / rate_hz
        self._waiting: dict[str, Part] = {}
        self._told: dict[str, Part] = {}
        self._newest_s = -1.0
        self._filled = asyncio.Event()

    def put(self, frame: LiveFrame) -> None:
        """Take what is new in ``frame``."""
        if not self._due(frame):
            return
        self._newest_s = frame.t_s
        for topic, data in live_parts(frame).items():
            if self._is_new(topic, data, frame.t_s):
                self.dropped += topic in self._waiting
                part = Part(frame.t_s, frame.ready_ns, data)
                self._waiting[topic] = self._told[topic] = part
        self._filled.set()

    async def take(self) -> dict[str, Part]:
        """Wait for something to send and return it, by topic."""
        await self._filled.wait()
        self._filled.clear()
        taken, self._waiting = self._waiting, {}
        return taken

    def clear(self) -> None:
        """Forget what waits, which is stale by now; all but the cue is told anew."""
        self._waiting.clear()
        self._told = {topic: part for topic, part in self._told.items() if topic == CUE}

    def _due(self, frame: LiveFrame) -> bool:
        # Half a grid sample of tolerance: times of the grid are rounded.
        since_s = frame.t_s - self._newest_s
        if not 0.0 <= since_s < self._period_s - 0.001:
            return True
        return frame.cue is not None and self._is_new(CUE, frame.cue, frame.t_s)

    def _is_new(self, topic: str, data: Any, t_s: float) -> bool:
        told = self._told.get(topic)
        if told is None or told.data != data:
            return True
        return topic != CUE and abs(t_s - told.t_s) >= REPEAT_S
