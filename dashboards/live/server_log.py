"""What uvicorn has to say, as lines of the service's own log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

_ANSWERED = frozenset(
    {
        "Invalid HTTP request received.",
        "Unsupported upgrade request.",
        # Said of a websocket that was refused by an answer, too.
        "ASGI callable returned without completing handshake.",
    }
)
"""What any stranger can cause: it was refused, and nobody needs to do anything."""


@contextmanager
def server_log() -> Iterator[None]:
    """Take uvicorn's warnings and errors over while its server runs."""
    logger, handler = logging.getLogger("uvicorn.error"), _Handler(logging.WARNING)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage().strip()
        if said not in _ANSWERED:
            structlog.get_logger().log(record.levelno, said, exc_info=record.exc_info)
