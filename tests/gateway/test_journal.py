"""The session file: what is committed is there, for its readers only, and nothing else passes."""

from __future__ import annotations

import random
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from gateway.errors import JournalError
from gateway.journal import Cursor, Journal, open_journal
from gateway.journal.listing import stored_sessions
from gateway.journal.seconds import SECOND_NS
from gateway.messages import BatteryLevel, Place
from tests.gateway.session_files import INFO, marker, numbers, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "session.gaitwire"


# --- writing and reading ----------------------------------------------------------------------


def test_a_session_comes_back(path: Path) -> None:
    with open_journal(written(path)) as journal:
        entries = journal.entries(0, 100)
        assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
        assert [entry.t_ns for entry in entries] == [index * SECOND_NS for index in range(5)]
        assert entries[3].message.text == "number 3"  # type: ignore[union-attr]  # a marker
        assert journal.last_seq == 5
        assert journal.end_ns == 4 * SECOND_NS
        assert journal.closed
        assert journal.info.sensors[0].settings == {"mode": 26}
        assert journal.info.sensors[0].place is Place.LEFT_FOOT
        assert journal.info.configuration == INFO.configuration
        assert (journal.info.origin_ns, journal.info.wall_origin_ns) == (
            INFO.origin_ns,
            INFO.wall_origin_ns,
        )


def test_entries_are_paged_and_chosen_by_kind(path: Path) -> None:
    journal = Journal.create(path, INFO)
    for index in range(10):
        journal.append(marker(index), index)
        journal.append(BatteryLevel("AA:01", index, 0.5, charging=False), index)
    journal.close()
    with open_journal(path) as reader:
        assert [e.seq for e in reader.entries(3, 4)] == [4, 5, 6, 7]
        assert [e.seq for e in reader.entries(3, 3, ["battery"])] == [4, 6, 8]
        assert reader.entries(20, 5) == []
        assert reader.counts() == {"marker": 10, "battery": 10}


def test_truth_is_kept_apart(path: Path) -> None:
    journal = Journal.create(path, INFO)
    journal.append(marker(1), 0)
    journal.append(marker(2), 0, truth=True)
    journal.close()
    with open_journal(path) as reader:
        assert [m.t_s for m in reader.truth()] == [2.0]  # type: ignore[union-attr]  # a marker
        assert [e.kind for e in reader.entries(0, 9)] == ["marker", "truth:marker"]
    assert numbers(path) == [1.0]


def test_a_finished_session_is_one_file_for_its_owner_only(path: Path) -> None:
    written(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_log_beside_an_open_session_is_private_too(path: Path) -> None:
    journal = Journal.create(path, INFO)
    journal.append(marker(1), 0)
    journal.commit()
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    journal.close()
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


def test_the_same_session_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (written(tmp_path / name, count=5000) for name in ("a.gaitwire", "b.gaitwire"))
    assert one.read_bytes() == other.read_bytes()


def test_an_existing_file_is_never_written_over(path: Path) -> None:
    before = written(path).read_bytes()
    with pytest.raises(JournalError, match="cannot create the session file: File exists"):
        Journal.create(path, INFO)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot make the folder of sessions: File exists"):
        Journal.create(tmp_path / "file" / "session.gaitwire", INFO)


# --- a reader beside the writer ---------------------------------------------------------------


def test_a_reader_sees_each_commit_and_nothing_before_it(path: Path) -> None:
    journal = Journal.create(path, INFO)
    with open_journal(path) as reader:
        for index in range(1, 4):
            journal.append(marker(index), 0)
            assert reader.last_seq == index - 1
            journal.commit()
            assert reader.last_seq == index
            assert not reader.closed
        journal.close()
    assert numbers(path) == [1.0, 2.0, 3.0]


def test_two_cursors_advance_while_the_writer_commits(path: Path) -> None:
    journal = Journal.create(path, INFO)
    total = 200

    def follow(name: str) -> None:
        with open_journal(path) as reader, Cursor(path, name) as cursor:
            deadline = time.monotonic() + 30
            while cursor.position < total and time.monotonic() < deadline:
                for entry in reader.entries(cursor.position, 7):
                    cursor.advance(entry.seq)

    followers = [threading.Thread(target=follow, args=(name,)) for name in ("mqtt", "influxdb")]
    for follower in followers:
        follower.start()
    for index in range(total):
        journal.append(marker(index), index)
        journal.commit()
    for follower in followers:
        follower.join()
    journal.close()
    with Cursor(path, "mqtt") as one, Cursor(path, "influxdb") as other, Cursor(path, "x") as new:
        assert (one.position, other.position, new.position) == (total, total, 0)
        assert one.begun
        assert not new.begun


def test_appending_and_committing_from_two_threads_loses_nothing(path: Path) -> None:
    journal = Journal.create(path, INFO)
    total, done = 20_000, threading.Event()

    def commit() -> None:
        while not done.is_set():
            journal.commit()

    committer = threading.Thread(target=commit)
    committer.start()
    for index in range(total):
        journal.append(marker(index), index)
    done.set()
    committer.join()
    journal.close()
    assert numbers(path) == [float(index) for index in range(total)]


def test_closing_waits_for_no_reader(path: Path) -> None:
    journal = Journal.create(path, INFO)
    journal.append(marker(1), 0)
    with open_journal(path) as reader:
        reader.entries(0, 1)
        begun = time.monotonic()
        journal.close()
        assert time.monotonic() - begun < 1.0
    assert numbers(path) == [1.0]


# --- files that are none ----------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(JournalError) as caught, open_journal(path) as journal:
        list(journal.messages(["marker"]))
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_an_empty_file_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert "the file is empty" in refused(path)


def test_a_missing_file_is_refused(path: Path) -> None:
    assert "No such file" in refused(path)


def test_another_kind_of_file_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"time;acc_x\n" * 100)
    assert "not a session file of gaitwire" in refused(path)


def test_another_program_s_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (key, value)")
    connection.close()
    assert "an SQLite file, but not a session" in refused(path)


def test_another_version_is_refused(path: Path) -> None:
    connection = sqlite3.connect(written(path))
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    assert "format 7, but this gaitwire reads format 1" in refused(path)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.5, 0.95])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    whole = written(path, count=5000).read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "truncated" in refused(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("whole") / "whole.gaitwire", count=400)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_a_damaged_file_never_gives_a_foreign_error(whole: Path, seed: int) -> None:
    path = whole.with_stem("spoilt")
    rng = random.Random(seed)
    content = bytearray(whole.read_bytes())
    for _ in range(rng.randrange(1, 40)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)
    complaint = _complaint(path)
    assert complaint is None or str(path) in complaint


def _complaint(path: Path) -> str | None:
    try:
        with open_journal(path) as journal:
            list(journal.messages(["marker"]))
            journal.counts()
    except JournalError as error:
        return str(error)
    return None


def test_a_session_without_its_description_is_refused(path: Path) -> None:
    connection = sqlite3.connect(written(path))
    connection.execute("DELETE FROM meta WHERE key = 'person'")
    connection.commit()
    connection.close()
    assert "the session's description is damaged" in refused(path)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("grid_rate_hz", "0.0", "a grid of 0 Hz"),
        ("grid_rate_hz", "-100.0", "a grid of -100 Hz"),
        ("grid_rate_hz", "0.001", "a grid of 0.001 Hz"),
        ("grid_rate_hz", "1e300", "a grid of 1e"),
        ("wall_origin_ns", "-1", "at a time that no calendar has"),
        ("person", '"../../../escaped"', "a person called '../../../escaped'"),
        ("person", '"gait/#"', "a person called 'gait/#'"),
        ("person", '""', "a person called ''"),
        (
            "sensors",
            '[{"sensor": "A", "place": "pelvis", "driver": "movella_dot", "rate_hz": 1e9}]',
            "a sensor of 1e+09 Hz",
        ),
        ("wall_origin_ns", "1" + "0" * 30, "at a time that no calendar has"),
    ],
)
def test_a_session_that_says_impossible_things_of_itself_is_refused(
    path: Path, key: str, value: str, told: str
) -> None:
    connection = sqlite3.connect(written(path))
    connection.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
    connection.commit()
    connection.close()
    assert f"the session's description is damaged: {told}" in refused(path).replace("it began ", "")


def test_the_list_of_sessions_names_damage(tmp_path: Path) -> None:
    written(tmp_path / "good.gaitwire")
    (tmp_path / "empty.gaitwire").touch()
    (tmp_path / "other.txt").touch()
    bad, good = stored_sessions(tmp_path)
    assert bad.problem == "the file is empty; nothing was recorded in it"
    assert (good.person, good.duration_s, good.closed, good.problem) == ("p1", 4.0, True, "")
    assert good.started == "2027-01-15T08:00:00+00:00"
