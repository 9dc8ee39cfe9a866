"""Playing at full speed: what is recorded beside the pipe is all there, and failures are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.app.playing import play
from gateway.config.settings import Config
from gateway.errors import JournalError
from gateway.journal import Journal, SessionRecorder, open_journal
from gateway.messages import PacketBlock
from simulators.recording import SimulatedRecording
from tests.gateway.session_files import INFO

RECORDING = SimulatedRecording("walk", seed=1, seconds=50.0)


def test_all_that_is_played_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "session.gaitwire"
    recorder = SessionRecorder(Journal.create(path, INFO), RECORDING.origin_ns)
    counter = play(RECORDING, Config(), recorder)
    recorder.close()
    with open_journal(path) as journal:
        counts = journal.counts()
        packets = [m for m in journal.messages(["packets"]) if isinstance(m, PacketBlock)]
    assert counts["stride"] == counter.strides > 0
    assert counts["sensor_status"] == len(RECORDING.sensors) * 50
    sent = [block for blocks in RECORDING.chunks(1.0) for block in blocks]
    assert sum(len(block.ends) for block in packets) == sum(len(block.ends) for block in sent)


def test_a_disk_that_fills_up_meanwhile_is_told(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "session.gaitwire", INFO)
    journal._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(JournalError, match="the disk is full; free some space"):
        play(RECORDING, Config(), SessionRecorder(journal, RECORDING.origin_ns))
