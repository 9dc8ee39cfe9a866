"""From the pipe's traffic to the entries of a session."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from gateway.journal.seconds import SECOND_NS, BlockRecorder, GridBlock, PacketRecorder
from gateway.journal.writer import Journal
from gateway.messages import (
    BatteryLevel,
    BodyAngleBlock,
    EstimateBlock,
    JointAngleBlock,
    Message,
    PacketBlock,
)
from gateway.wire import RECORDED, Recorded


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
            if isinstance(message, GridBlock) and not truth:
                stream = type(message), getattr(message, "names", ())
                recorder = self._blocks.setdefault(stream, BlockRecorder())
                for block in recorder.push(message):
                    self._append(block)
            elif isinstance(message, RECORDED) and not isinstance(message, PacketBlock):
                self._append(message, truth=truth)

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
    match message:
        case PacketBlock():
            return int(message.arrival_ns[0]) - origin_ns
        case BatteryLevel():
            return message.arrival_ns - origin_ns
        case JointAngleBlock() | BodyAngleBlock() | EstimateBlock():
            return round(message.start / message.rate_hz * SECOND_NS)
    return round(getattr(message, "end_s", getattr(message, "t_s", 0.0)) * SECOND_NS)
