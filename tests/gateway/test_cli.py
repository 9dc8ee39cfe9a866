"""The command line as a person or a program calls it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.cli import main
from gateway.errors import JournalError
from gateway.journal import SUFFIX, Journal, open_journal
from tests.dashboards.grafana_server import EDITOR, grafana_server
from tests.data import data_set
from tests.gateway.session_files import INFO
from tests.services.wait import until_now

SUMMARY = {
    "seconds",
    "samples",
    "lost",
    "strides",
    "repetitions",
    "cues",
    "mqtt_messages",
    "latency_ms",
}
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Call]:
    """Call the program in this process: exit status, standard output, standard error."""
    monkeypatch.setenv("GAITWIRE_JOURNAL__FOLDER", str(tmp_path / "sessions"))
    monkeypatch.setenv("GAITWIRE_PAGES__PORT", "0")
    monkeypatch.setenv("GAITWIRE_MQTT__PORT", "0")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gaitwire", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    yield run
    structlog.reset_defaults()


@contextmanager
def program(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the program as a process of its own; what it says goes to files in ``folder``."""
    environment = {
        **os.environ,
        "GAITWIRE_JOURNAL__FOLDER": str(folder / "sessions"),
        "GAITWIRE_PAGES__PORT": "0",
        "GAITWIRE_MQTT__PORT": "0",
    }
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", *arguments],
            env=environment,
            stdout=out,
            stderr=err,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def sessions(folder: Path) -> list[Path]:
    """Session files below ``folder``."""
    return sorted(folder.glob(f"sessions/*{SUFFIX}"))


def document(text: str) -> dict[str, Any]:
    """The one JSON document on standard output."""
    read: dict[str, Any] = json.loads(text)
    return read


def test_demo_sums_up_what_it_showed(call: Call, tmp_path: Path) -> None:
    code, out, err = call("demo", "--headless", "--seconds", "9", "--scenario", "walk", "--json")
    assert code == 0, err
    summary = document(out)
    assert set(summary) == SUMMARY
    assert set(summary["latency_ms"]) == {"p50", "p99"}
    assert 8.5 < summary["seconds"] < 12
    assert summary["samples"] > 6000
    assert summary["strides"] >= 2
    assert summary["mqtt_messages"] > 100
    assert "patient page" in err
    (session,) = sessions(tmp_path)
    with open_journal(session) as journal:
        assert journal.info.truth
        assert {"JointAngleBlock", "GaitEvent"} <= {type(told).__name__ for told in journal.truth()}
    code, out, _ = call("replay", "--max", "--json", session)
    again = document(out)
    assert code == 0
    assert set(again) == {*SUMMARY, "recording", "real_time_factor"}
    assert again["strides"] >= summary["strides"]
    code, out, _ = call("sessions", "--json", "--folder", tmp_path / "sessions")
    (listed,) = document(out)["sessions"]
    assert listed["strides"] == summary["strides"]


def test_simulating_with_a_seed_gives_the_same_bytes(call: Call, tmp_path: Path) -> None:
    digests = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        out = tmp_path / f"{name}{SUFFIX}"
        code, _, err = call(
            "simulate", "--scenario", "squat", "--out", out, "--seed", str(seed), "--seconds", "20"
        )
        assert code == 0, err
        digests.append(hashlib.sha256(out.read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]
    with open_journal(tmp_path / f"a{SUFFIX}") as journal:
        kinds = {type(message).__name__ for message in journal.truth()}
        assert {"JointAngleBlock", "Repetition"} <= kinds
    code, _, err = call("simulate", "--scenario", "squat", "--out", tmp_path / f"a{SUFFIX}")
    assert code == 2
    assert "is there already" in err


def test_an_interrupted_simulation_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / f"long{SUFFIX}"
    arguments = ("simulate", "--scenario", "walk", "--seconds", "80000", "--out", str(out))
    with program(tmp_path, *arguments) as process:
        until_now(lambda: out.exists() and out.stat().st_size > 100_000, "something is written")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) != 0
    assert not list(tmp_path.glob("long*"))
    told = (tmp_path / "err").read_text()
    assert "was not finished, and is removed" in told
    assert "Traceback" not in told


def test_replay_of_a_simulated_session_finds_what_truly_happened(
    call: Call, tmp_path: Path
) -> None:
    out = tmp_path / f"truth{SUFFIX}"
    call("simulate", "--scenario", "clinic", "--out", out, "--seconds", "70", "--seed", "3")
    code, text, err = call("replay", "--max", "--json", out)
    assert code == 0, err
    with open_journal(out) as journal:
        names = [type(message).__name__ for message in journal.truth()]
    found = document(text)
    assert found["repetitions"] == names.count("Repetition")
    assert abs(found["strides"] - names.count("Stride")) <= 4


@pytest.mark.parametrize(
    ("path", "least_samples", "strides"),
    [
        ("voisard_healthy_gait/GaitData/1-1.json", 8000, (20, 40)),
        ("gaitmap_foot/imu_sample.csv", 15_000, (40, 65)),
        ("neura_sparse_sample/imu/S02-Trial-Walk-1-Pelvis.csv", 6000, (4, 14)),
        ("mobgap_lowback/lab/HA/001/data.mat", 1000, (50, 100)),
        ("uci_physical_therapy/s1/e1/u2/test.txt", 2000, (0, 0)),
        ("broad/data_mat/02_undisturbed_slow_rotation_B.mat", 1000, (0, 0)),
    ],
)
def test_recordings_of_data_sets_replay(
    call: Call, path: str, least_samples: int, strides: tuple[int, int]
) -> None:
    folder, _, rest = path.partition("/")
    code, out, err = call("replay", "--max", "--json", data_set(folder) / rest)
    assert code == 0, err
    figures = document(out)
    assert figures["samples"] >= least_samples
    assert strides[0] <= figures["strides"] <= strides[1]
    assert figures["real_time_factor"] > 1


def test_replay_live_at_a_speed(call: Call) -> None:
    trial = data_set("voisard_healthy_gait") / "GaitData" / "1-1.json"
    code, out, err = call("replay", "--speed", "8", "--json", trial)
    assert code == 0, err
    figures = document(out)
    assert 4 < figures["real_time_factor"] <= 8.5
    assert figures["strides"] >= 20


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such file"),
        (b"", "empty"),
        (b"hello, this is something else", "not a recording|not a session|another kind"),
        (b"SQLite format 3\x00" + b"\x00" * 50, "truncated|damaged|not a session"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(
    call: Call, tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / f"some{SUFFIX}"
    if content is not None:
        path.write_bytes(content)
    code, out, err = call("replay", "--max", path)
    assert code == 1
    assert out == ""
    assert "Traceback" not in err
    assert any(part in err for part in told.split("|")), err


def test_sessions_killed_before_their_first_packet_replay_together(
    call: Call, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{name}{SUFFIX}" for name in ("a", "b")]
    for path in paths:
        Journal.create(path, INFO).close()
    code, out, err = call("replay", "--max", "--json", *paths)
    assert code == 0, err
    assert document(out)["real_time_factor"] == 0.0


def test_a_truncated_session_is_told_and_read_as_far_as_it_goes(call: Call, tmp_path: Path) -> None:
    out = tmp_path / f"cut{SUFFIX}"
    call("simulate", "--scenario", "walk", "--out", out, "--seconds", "20")
    with out.open("r+b") as file:
        file.truncate(out.stat().st_size // 2)
    code, _, err = call("replay", "--max", out)
    assert code == 1
    assert "truncated or damaged" in err


def test_wrong_usage_is_2_and_failures_are_1(call: Call, tmp_path: Path) -> None:
    assert call("demo", "--scenario", "dance", "--seconds", "1", "--headless")[0] == 2
    assert call("replay")[0] == 2
    assert call("nonsense")[0] == 2
    assert call("replay", "--max", "--speed", "2", tmp_path / "x")[0] == 2
    config = tmp_path / "c.toml"
    config.write_text("[pages]\nprot = 1\n")
    code, _, err = call("run", "-c", config)
    assert code == 2
    assert "c.toml, line 2: pages.prot" in err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("EXERCISES__PROGRAMME", '["sqat"]', "exercises.programme.0: .*'sqat'; did you mean 'squa"),
        ("MODEL__FILE", "none.onnx", r"model.file: none\.onnx: the model cannot be read"),
        ("PAGES__HOST", "nowhere.invalid", "pages.host: 'nowhere.invalid' is no address"),
    ],
)
def test_the_demo_names_the_variable_that_asks_for_what_cannot_be(
    call: Call, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"GAITWIRE_{variable}", value)
    monkeypatch.setenv("GAITWIRE_SOURCE__SCENARIO", "walk")
    code, _, err = call("demo", "--seconds", "1", "--headless")
    assert code == 2
    assert re.search(f"environment variable GAITWIRE_{variable}: {said}", err)
    code, _, err = call("demo", "--scenario", "dance", "--seconds", "1", "--headless")
    assert code == 2
    assert "variable" not in err


def test_a_port_in_use_is_told(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("GAITWIRE_PAGES__PORT", str(port))
        config = tmp_path / "c.toml"
        config.write_text("")
        code, _, err = call("run", "-c", config)
        assert code == 1
        assert f"port {port}: another program listens there" in err
        assert not sessions(tmp_path)
        code, out, _ = call("doctor", "--json", "-c", config)
        assert code == 1
        found = {f["subject"]: f for f in document(out)["findings"]}
        assert found["live pages"]["state"] == "bad"
        assert str(port) in found["live pages"]["text"]


def test_doctor_looks_at_everything_and_says_what_to_do(call: Call) -> None:
    code, out, _ = call("doctor", "--json")
    findings = document(out)["findings"]
    assert code == 0
    subjects = [finding["subject"] for finding in findings]
    services = ["live pages", "MQTT (embedded)", "InfluxDB", "Grafana"]
    assert subjects == ["Bluetooth", *services, "disk", "clock"]
    assert all(finding["advice"] for finding in findings if finding["state"] != "good")


@pytest.mark.parametrize(
    ("token", "state", "told"),
    [
        ("", "warning", "no token is given"),
        (EDITOR, "good", "takes the token at http"),
        ("wrong", "bad", "does not accept the token"),
    ],
)
def test_doctor_tells_whether_grafana_takes_the_token(
    call: Call, tmp_path: Path, token: str, state: str, told: str
) -> None:
    config = tmp_path / "c.toml"
    with grafana_server() as grafana:
        config.write_text(f'[grafana]\nurl = "{grafana.url}"\ntoken = "{token}"\n')
        _, out, _ = call("doctor", "--json", "-c", config)
    (found,) = [f for f in document(out)["findings"] if f["subject"] == "Grafana"]
    assert found["state"] == state
    assert told in found["text"]


def test_an_address_of_another_machine_is_told_with_its_key(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[pages]\nhost = "999.1.1.1"\n')
    code, _, err = call("run", "-c", config)
    assert code == 2
    assert "c.toml, line 2: pages.host: '999.1.1.1' is no address of this machine" in err
    assert not sessions(tmp_path)
    monkeypatch.setenv("GAITWIRE_PAGES__HOST", "203.0.113.1")
    code, out, _ = call("doctor", "--json", "-c", config)
    assert code == 1
    (found,) = [f for f in document(out)["findings"] if f["subject"] == "live pages"]
    assert found["advice"].startswith("correct pages.host")


def test_the_version_is_told(call: Call) -> None:
    assert call("--version") == (0, f"gaitwire {version('gaitwire')}\n", "")


def test_ctrl_c_ends_cleanly_with_everything_recorded(tmp_path: Path) -> None:
    with program(tmp_path, "demo", "--headless", "--json") as process:
        until_now(lambda: _recorded_packets(tmp_path) > 10, "something is recorded")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    summary = document((tmp_path / "out").read_text())
    (session,) = sessions(tmp_path)
    with open_journal(session) as journal:
        assert journal.end_ns > (summary["seconds"] - 1.5) * 1e9
    assert not list(tmp_path.glob("sessions/*-wal"))
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_a_killed_service_leaves_a_session_that_replays(call: Call, tmp_path: Path) -> None:
    with program(tmp_path, "demo", "--headless") as process:
        until_now(lambda: _recorded_packets(tmp_path) > 20, "something is recorded")
        process.kill()
    (session,) = sessions(tmp_path)
    code, out, err = call("replay", "--max", "--json", session)
    assert code == 0, err
    assert document(out)["samples"] > 1500


def test_a_full_disk_stops_recording_and_nothing_else(tmp_path: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))"
    run = "import sys; sys.argv = ['gaitwire', 'demo', '--headless', '--seconds', '9', '--json']"
    environment = {
        **os.environ,
        "GAITWIRE_JOURNAL__FOLDER": str(tmp_path / "sessions"),
        "GAITWIRE_PAGES__PORT": "0",
        "GAITWIRE_MQTT__PORT": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"{limited}; {run}; from gateway.cli import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "recording has stopped, live feedback goes on" in done.stderr
    summary = document(done.stdout)
    assert summary["samples"] > 6000
    assert summary["mqtt_messages"] > 200


def _recorded_packets(folder: Path) -> int:
    found = sessions(folder)
    if not found:
        return 0
    try:
        with open_journal(found[0]) as journal:
            return journal.counts().get("packets", 0)
    except JournalError:  # the file is there before its tables are
        return 0
