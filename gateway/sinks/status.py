"""What a sink says of itself, for pages, doctor and log."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from gateway.errors import GaitwireError


class SinkState(StrEnum):
    """How a sink is doing."""

    STARTING = "starting"
    CONNECTED = "connected"
    RETRYING = "retrying"
    STOPPED = "stopped"


@dataclass
class SinkStatus:
    """State and sentence of one sink; each change is logged once, however often it is told."""

    sink: str
    state: SinkState = SinkState.STARTING
    text: str = "starting"
    _log: Any = field(default_factory=structlog.get_logger, repr=False)

    def connected(self, where: str) -> None:
        """Say that the sink delivers to ``where``."""
        if self._change(SinkState.CONNECTED, f"connected to {where}"):
            self._log.info("sink connected", sink=self.sink, where=where)

    def delivering(self) -> None:
        """Say that records arrive."""
        if self._change(SinkState.CONNECTED, "delivering"):
            self._log.info("sink delivers", sink=self.sink)

    def retrying(self, error: GaitwireError, wait_s: float) -> None:
        """Say what went wrong; the sink tries again by itself after ``wait_s`` seconds."""
        if self._change(SinkState.RETRYING, f"retrying: {error}"):
            self._log.warning("sink retries", sink=self.sink, why=str(error), in_s=round(wait_s, 1))

    def stopped(self, text: str = "stopped") -> None:
        """Say that the sink has ended, and what it left behind."""
        if self._change(SinkState.STOPPED, text):
            self._log.info("sink stopped", sink=self.sink, how=text)

    def warn(self, text: str, **details: Any) -> None:
        """Log something that an operator should know and that does not stop the sink."""
        self._log.warning(text, sink=self.sink, **details)

    def _change(self, state: SinkState, text: str) -> bool:
        changed = (state, text) != (self.state, self.text)
        self.state, self.text = state, text
        return changed
