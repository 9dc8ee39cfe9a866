"""A session outlives its writer: killed at any moment, or on a disk that is full."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import JournalError
from gateway.journal import Cursor, Journal, open_journal
from gateway.recordings import open_recording
from tests.gateway.session_files import INFO, marker, numbers, packets

ROOT = Path(__file__).parents[2]

_WRITER = """
    import sys
    from pathlib import Path
    from gateway.journal import Journal
    from tests.gateway.session_files import INFO, marker

    journal = Journal.create(Path(sys.argv[1]), INFO)
    for index in range(1_000_000):
        for each in range(index * 20, index * 20 + 20):
            journal.append(marker(each), each)
        journal.commit()
        sys.stdout.write(f"{index * 20 + 20}\\n")
        sys.stdout.flush()
"""


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    code = textwrap.dedent(script)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_a_writer(script: str, path: Path, seed: int, most_commits: int) -> int:
    """Kill a child that writes ``path`` and says what it committed; returns the last it said."""
    rng = random.Random(seed)
    commits = rng.randrange(1, most_commits)
    print(f"seed {seed}: killed after {commits} commits")  # noqa: T201, tells how to repeat it
    with child(script, path) as writer:
        assert writer.stdout is not None
        read = [int(writer.stdout.readline()) for _ in range(commits)]
        time.sleep(rng.random() * 2e-3)  # anywhere in what follows a commit
        os.kill(writer.pid, signal.SIGKILL)
        return max([*read, *(int(line) for line in writer.stdout)])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_9_costs_nothing_that_was_committed(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "session.gaitwire"
    acknowledged = kill_a_writer(_WRITER, path, seed, most_commits=150)
    found = numbers(path)
    assert found == [float(index) for index in range(len(found))]
    assert len(found) >= acknowledged
    assert len(found) % 20 == 0, "a commit was kept in part"
    with open_journal(path) as journal:
        assert not journal.closed


_RECORDER = """
    import sys, time
    from pathlib import Path
    from gateway.journal import Journal, SessionRecorder
    from gateway.decoding.packet_blocks import between
    from tests.gateway.session_files import INFO, ORIGIN_NS, packets

    recorder = SessionRecorder(Journal.create(Path(sys.argv[1]), INFO), ORIGIN_NS)
    whole = {sensor: packets(sensor, 60_000, 100.0) for sensor in ("a", "b")}
    for first in range(0, 60_000, 2):
        recorder.packets([between(block, first, first + 2) for block in whole.values()])
        if recorder.commit_due:
            recorder.commit()
            sys.stdout.write(f"{first}\\n")
            sys.stdout.flush()
"""


@pytest.mark.parametrize("seed", [4, 5])
def test_a_killed_recording_replays_to_within_its_last_second(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "session.gaitwire"
    handed_in = kill_a_writer(_RECORDER, path, seed, most_commits=60)
    (chunk,) = open_recording(path).chunks(1e6)
    assert [block.sensor for block in chunk] == ["a", "b"]
    for block in chunk:
        whole = packets(block.sensor, len(block.ends), 100.0)
        assert len(block.ends) > handed_in - 100, "more than the second under way is lost"
        assert block.payload == whole.payload
        assert np.array_equal(block.arrival_ns, whole.arrival_ns)
        assert np.array_equal(block.ends, whole.ends)


def test_a_killed_session_can_be_taken_up_by_a_cursor(tmp_path: Path) -> None:
    path = tmp_path / "session.gaitwire"
    with child(_WRITER, path) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    with open_journal(path) as journal, Cursor(path, "mqtt") as cursor:
        cursor.advance(journal.last_seq)
        assert cursor.position == journal.last_seq >= 20


_FULL_DISK = """
    import resource, sys
    from pathlib import Path
    from gateway.errors import JournalError
    from gateway.journal import Journal
    from tests.gateway.session_files import INFO, marker

    journal = Journal.create(Path(sys.argv[1]), INFO)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    done = 0
    for index in range(100_000):
        journal.append(marker(index), index)
        if index % 100 == 99:
            try:
                journal.commit()
            except JournalError as error:
                print(done, error)
                break
            done = index + 1
    journal.append(marker(-1), 0)  # a caller that goes on does no harm
"""


def test_a_disk_that_refuses_is_explained_and_what_was_committed_stays(tmp_path: Path) -> None:
    path = tmp_path / "session.gaitwire"
    with child(_FULL_DISK, path) as writer:
        assert writer.stdout is not None
        done, message = writer.stdout.read().split(" ", 1)
    assert writer.returncode == 0
    assert "cannot record: the disk refuses (full" in message
    assert str(path) in message
    assert int(done) > 0
    assert len(numbers(path)) == int(done)


def test_a_full_disk_is_explained_and_another_try_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "session.gaitwire"
    journal = Journal.create(path, INFO)
    journal._connection.execute("PRAGMA max_page_count = 20")
    for index in range(10_000):
        journal.append(marker(index), index)
    with pytest.raises(JournalError, match="the disk is full; free some space"):
        journal.commit()
    assert numbers(path) == []
    journal._connection.execute("PRAGMA max_page_count = 20000")
    journal.append(marker(10_000), 10_000)
    journal.close()
    assert numbers(path) == [float(index) for index in range(10_001)]


def test_no_file_is_left_where_none_could_be_prepared(tmp_path: Path) -> None:
    path = tmp_path / "session.gaitwire"
    script = """
        import resource, sys
        from pathlib import Path
        from gateway.errors import JournalError
        from gateway.journal import Journal
        from tests.gateway.session_files import INFO

        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            Journal.create(Path(sys.argv[1]), INFO)
        except JournalError as error:
            print(error)
    """
    with child(script, path) as writer:
        assert writer.stdout is not None
        assert "cannot create the session file: the disk refuses" in writer.stdout.read()
    assert not path.exists()
