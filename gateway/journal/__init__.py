"""The journal: one SQLite file a session, the one place where things last.

``Journal`` writes, ``JournalReader`` reads (also while it is written), ``Cursor`` remembers how far
a reader has come, ``SessionRecorder`` turns the pipe's traffic into entries of one second.
"""

from gateway.journal.cursor import Cursor
from gateway.journal.reader import Entry, JournalReader, open_journal
from gateway.journal.recorder import SessionRecorder
from gateway.journal.schema import SUFFIX, SessionInfo
from gateway.journal.writer import Journal

__all__ = [
    "SUFFIX",
    "Cursor",
    "Entry",
    "Journal",
    "JournalReader",
    "SessionInfo",
    "SessionRecorder",
    "open_journal",
]
