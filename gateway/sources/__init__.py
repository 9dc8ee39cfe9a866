"""Where packets come from while they come: radio, simulator or recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.messages import BodySize, Message, RawPacket, SensorSpec

Emit = Callable[[RawPacket], None]


class Truth(Protocol):
    """What a simulator knows of the session that it plays."""

    def until(self, t_s: float) -> list[Message]:
        """Return what is true from where it was told last to ``t_s``; may take a while."""


class Source(Protocol):
    """Sensors that send now.

    ``label`` says for people where the motion comes from, empty for real sensors;
    ``wall_origin_ns`` is the wall clock at ``origin_ns``; ``size`` what the source knows of the
    person's; ``truth`` what it knows of all else, if it is a simulator.
    """

    label: str
    person: str
    origin_ns: int
    wall_origin_ns: int
    grid_rate_hz: float
    size: BodySize
    truth: Truth | None

    @property
    def sensors(self) -> Sequence[SensorSpec]:
        """Return the sensors, in the order in which the pipe counts them."""

    def now_ns(self) -> int:
        """Return the arrival clock now."""

    def complete_ns(self) -> int:
        """Return the time up to which every packet has been emitted."""

    def host_ns(self, clock_ns: int) -> int:
        """Return the host's monotonic time at which the arrival clock shows ``clock_ns``."""

    async def run(self, emit: Emit) -> None:
        """Emit packets as they arrive, until there are no more; raises SourceError."""
