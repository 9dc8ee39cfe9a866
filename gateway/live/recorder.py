"""Record a live session without ever standing in the way of feedback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from gateway.errors import JournalError
from gateway.journal import SessionRecorder
from gateway.messages import Message, PacketBlock
from gateway.tasks import in_thread

LOOK_EVERY_S = 0.1
COMMIT_EVERY_S = 1.0


class LiveRecorder:
    """A session's recorder that commits each second, and that gives up when the disk does.

    After a JournalError recording stops for good, ``stopped`` is told why, and the rest goes on.
    """

    def __init__(self, recorder: SessionRecorder, stopped: Callable[[str], None]) -> None:
        self._recorder: SessionRecorder | None = recorder
        self._begun = recorder
        self._stopped = stopped
        self._writing = asyncio.Lock()

    def take(self, blocks: Sequence[PacketBlock], messages: Sequence[Message]) -> None:
        """Take packets as received and what was made of them."""
        if self._recorder is not None:
            self._recorder.packets(blocks)
            self._recorder.messages(messages)

    def take_truth(self, messages: Sequence[Message]) -> None:
        """Take what a simulator knows."""
        if self._recorder is not None:
            self._recorder.messages(messages, truth=True)

    async def run(self) -> None:
        """Commit whenever a second has closed, and at least once a second, until cancelled.

        So a crash costs the second that is under way, and no more.
        """
        committed_s = time.monotonic()
        while self._recorder is not None:
            await asyncio.sleep(LOOK_EVERY_S)
            waited_s = time.monotonic() - committed_s
            if self._recorder.commit_due or waited_s >= COMMIT_EVERY_S:
                committed_s = time.monotonic()
                await self._attempt(self._recorder.commit)

    async def finish(self) -> None:
        """Commit the rest; whoever follows the session can read it to its end now."""
        if self._recorder is not None:
            await self._attempt(self._recorder.finish)

    async def close(self, ended_ns: int) -> None:
        """Close the session, in which time went on until ``ended_ns``."""
        if self._recorder is not None:
            await self._attempt(partial(self._recorder.close, ended_ns))
            self._recorder = None

    async def forget_empty(self) -> None:
        """After a failure: remove the session, unless something was received."""
        self._recorder = None
        if self._begun.empty:
            await self._attempt(self._begun.discard)

    async def _attempt(self, write: Callable[[], None]) -> None:
        try:
            async with self._writing:
                await in_thread(write)
        except JournalError as error:
            self._recorder = None
            text = f"recording has stopped, live feedback goes on: {error}"
            structlog.get_logger().error(text)
            self._stopped(text)
