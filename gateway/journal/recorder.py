"""From the pipe's traffic to the entries of a session."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import Any, cast, get_args

from gateway.journal.seconds import SECOND_NS, BlockRecorder, GridBlock, PacketRecorder
from gateway.journal.writer import Journal
from gateway.messages import BatteryLevel, Message, PacketBlock
from gateway.wire import RECORDED, Recorded

# Looked up by type, as there are dozens of messages a second.
_GRID_BLOCKS = frozenset(get_args(GridBlock))
_MESSAGES = frozenset(RECORDED) - {PacketBlock}
_TOLD_AT: dict[type, Callable[[Any], float]] = {
    kind: attrgetter(name) for name in ("t_s", "end_s") for kind in RECORDED if hasattr(kind, name)
}


class SessionRecorder:
    """A session into its journal: packets as received, and what the pipe made of them.

    ``commit_due`` says that a second of packets has closed since the last commit: committing then
    bounds what a crash can cost to the second that is open. ``empty``: no packet has come yet.
    """

    def __init__(self, journal: Journal, origin_ns: int) -> None:
        self._journal = journal
        self._origin_ns = origin_ns
        self._packets = PacketRecorder(origin_ns)
        self._blocks: dict[Hashable, BlockRecorder] = {}
        self.commit_due = False
        self.empty = True

    def packets(self, blocks: Iterable[PacketBlock]) -> None:
        """Take the packets that have arrived, of all sensors together."""
        blocks = list(blocks)
        self.empty = self.empty and not blocks
        for block in self._packets.push(blocks):
            self._append(block)
            self.commit_due = True

    def messages(self, messages: Iterable[Message], *, truth: bool = False) -> None:
        """Take what the pipe (or, with ``truth``, a simulator) says; other kinds pass by.

        Packets do not belong here: they come as they arrive, through ``packets``.
        """
        for message in messages:
            kind: type = type(message)
            if kind in _GRID_BLOCKS and not truth:
                self._take_block(cast("GridBlock", message))
            elif kind in _MESSAGES:
                self._append(cast("Recorded", message), truth=truth)

    def _take_block(self, block: GridBlock) -> None:
        """Take a block on the grid, and record the seconds that it completes."""
        stream = type(block), getattr(block, "names", ())
        recorder = self._blocks.get(stream)
        if recorder is None:
            recorder = self._blocks[stream] = BlockRecorder()
        for second in recorder.push(block):
            self._append(second)

    def commit(self) -> None:
        """Make everything so far last; raises JournalError."""
        self.commit_due = False
        self._journal.commit()

    def finish(self) -> None:
        """Record what is held: nothing comes any more; raises JournalError."""
        for block in self._packets.flush():
            self._append(block)
        for recorder in self._blocks.values():
            for rest in recorder.flush():
                self._append(rest)
        self.commit()

    def close(self, ended_ns: int | None = None) -> None:
        """Finish, and close the journal; best when nobody reads it any more.

        ``ended_ns`` is the arrival clock when the pipe was told the time for the last time: a
        replay lets time go on until then, and so comes to the same.
        """
        self.finish()
        self._journal.close(None if ended_ns is None else ended_ns - self._origin_ns)

    def discard(self) -> None:
        """Close and remove the session; raises JournalError."""
        self._journal.discard()

    def _append(self, message: Recorded, *, truth: bool = False) -> None:
        self._journal.append(message, _time_ns(message, self._origin_ns), truth=truth)


def _time_ns(message: Recorded, origin_ns: int) -> int:
    """Return when ``message`` is true, in nanoseconds since the origin."""
    told = _TOLD_AT.get(type(message))
    if told is not None:
        t_s: float = told(message)
        return round(t_s * SECOND_NS)
    if isinstance(message, GridBlock):
        return round(message.start / message.rate_hz * SECOND_NS)
    if isinstance(message, PacketBlock):
        return int(message.arrival_ns[0]) - origin_ns
    assert isinstance(message, BatteryLevel)
    return message.arrival_ns - origin_ns
