"""Files that are no recordings, or no longer: each is refused with a sentence about it."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import RecordingError
from gateway.journal import Journal
from gateway.recordings import open_recording, readers
from gateway.recordings.frames import FrameRecording
from gateway.recordings.table import read_table
from tests.data import data_set
from tests.gateway.session_files import INFO, packets, written
from tests.gateway.trials import (
    GAITMAP,
    MS_LEFT,
    NEURA,
    NEURA_RAW,
    ONE_EACH,
    UCI,
    VOISARD,
    Trial,
    name_of,
)


def complaint(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        for _ in open_recording(path).chunks(10.0):
            pass
    text = str(caught.value)
    assert "\n" not in text
    assert str(path.parent) in text
    return text


@pytest.mark.parametrize("trial", ONE_EACH, ids=name_of)
def test_an_empty_file_is_refused(tmp_path: Path, trial: Trial) -> None:
    path = trial.copy(tmp_path)
    path.write_bytes(b"")
    assert "empty" in complaint(path) or "not whole JSON" in complaint(path)


@pytest.mark.parametrize("trial", ONE_EACH, ids=name_of)
def test_a_file_of_brackets_without_end_is_refused(tmp_path: Path, trial: Trial) -> None:
    path = trial.copy(tmp_path)
    path.write_bytes(b"[" * 200_000)
    assert complaint(path)


@pytest.mark.parametrize("trial", ONE_EACH, ids=name_of)
@pytest.mark.parametrize("share", [0.001, 0.3, 0.77])
def test_a_truncated_file_is_refused(tmp_path: Path, trial: Trial, share: float) -> None:
    path = trial.copy(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)].rstrip(b"\n"))
    text = complaint(path)
    assert any(word in text for word in ("truncated", "not a recording", "not of MATLAB", "empty"))


@pytest.mark.parametrize("trial", ONE_EACH, ids=name_of)
def test_another_kind_of_file_is_refused(tmp_path: Path, trial: Trial) -> None:
    path = trial.copy(tmp_path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    assert complaint(path)


TEXTS = [GAITMAP, MS_LEFT, UCI, NEURA, NEURA_RAW]


@pytest.mark.parametrize("trial", TEXTS, ids=name_of)
def test_the_line_that_is_wrong_is_named(tmp_path: Path, trial: Trial) -> None:
    path = trial.copy(tmp_path)
    lines = path.read_text().split("\n")
    lines[40] = lines[40].replace(".", "x", 1)
    path.write_text("\n".join(lines))
    assert "line 41 holds " in complaint(path)
    lines[40] = lines[41][: len(lines[41]) // 2]
    path.write_text("\n".join(lines))
    assert "line 41 " in complaint(path)


def test_a_sensor_s_file_of_voisard_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = VOISARD.copy(tmp_path)
    foot = path.with_name("1-1_rf.txt")
    foot.write_bytes(foot.read_bytes()[:20_000])
    text = complaint(path)
    assert "1-1_rf.txt: the last line is incomplete; the file is truncated" in text


def test_voisard_without_a_sensor_plays_the_others(tmp_path: Path) -> None:
    path = VOISARD.copy(tmp_path)
    path.with_name("1-1_lf.txt").unlink()
    assert [spec.sensor for spec in open_recording(path).sensors] == ["rf", "lb"]


def test_a_json_that_is_no_trial_is_refused(tmp_path: Path) -> None:
    path = VOISARD.copy(tmp_path)
    path.write_text(json.dumps([1, 2]))
    assert "does not describe a trial" in complaint(path)


def test_a_unit_of_uci_that_is_shorter_is_refused(tmp_path: Path) -> None:
    path = UCI.copy(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-7]))
    assert f"{path}: 5942 samples where u1 has 5949; the file is truncated" in complaint(path)


def test_a_trial_that_mobgap_lacks_is_refused() -> None:
    path = data_set("mobgap_lowback") / "lab/HA/001/data.mat#Test9-Trial1"
    assert "no trial Test9-Trial1; it has Test5-Trial1, Test5-Trial2, " in complaint(path)


def test_gaitmap_under_another_name_is_taken_at_its_usual_rate(tmp_path: Path) -> None:
    path = tmp_path / "imu_new.csv"
    shutil.copyfile(data_set("gaitmap_foot") / "imu_sample_ic_stride.csv", path)
    recording = open_recording(path)
    assert isinstance(recording, FrameRecording)
    assert recording.grid_rate_hz == 204.8
    assert "does not state its rate" in recording.remarks[0]


def test_gaitmap_without_either_foot_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "imu_new.csv"
    table = (data_set("gaitmap_foot") / "imu_sample.csv").read_text()
    path.write_text(table.replace("t_sensor", "t_hand"))
    assert "there is no column of left_sensor or right_sensor" in complaint(path)


def test_an_empty_cell_is_missing_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b,c\n1,,\n,,3\n,2,\n4,5,6\n")
    nan = np.nan
    wanted = np.array([[1, nan, nan], [nan, nan, 3], [nan, 2, nan], [4, 5, 6]])
    assert np.array_equal(read_table(path, ",", heading=1).values, wanted, equal_nan=True)
    path.write_text("a\tb\n1\t\n\t2\n")
    values = read_table(path, "\t", heading=1).values
    assert np.array_equal(values, np.array([[1, nan], [nan, 2]]), equal_nan=True)


def test_a_counter_that_jumps_by_years_is_refused(tmp_path: Path) -> None:
    path = VOISARD.copy(tmp_path)
    foot = path.with_name("1-1_rf.txt")
    lines = foot.read_text().split("\n")
    lines[900] = "9" * 12 + lines[900][lines[900].index("\t") :]
    foot.write_text("\n".join(lines))
    assert "jumps by more than a day" in complaint(path)


def test_a_counter_that_runs_backwards_is_played(tmp_path: Path) -> None:
    path = VOISARD.copy(tmp_path)
    foot = path.with_name("1-1_rf.txt")
    lines = foot.read_text().split("\n")
    lines[900] = "3.0" + lines[900][lines[900].index("\t") :]
    foot.write_text("\n".join(lines))
    recording = open_recording(path)
    arrivals = [
        block.arrival_ns
        for chunk in recording.chunks(10.0)
        for block in chunk
        if block.sensor == "rf"
    ]
    assert sum(map(len, arrivals)) == len(lines) - 3
    assert (np.diff(np.concatenate(arrivals)) >= 0).all()


@pytest.mark.parametrize("share", [0.001, 0.6])
def test_a_truncated_session_is_refused(tmp_path: Path, share: float) -> None:
    path = written(tmp_path / "s.gaitwire", count=3000)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "truncated" in complaint(path)


def test_a_session_whose_arrivals_fall_is_refused(tmp_path: Path) -> None:
    block = packets("AA:01", 50, 60.0)
    arrival_ns = block.arrival_ns.copy()
    arrival_ns[20] += 10**18
    block = dataclasses.replace(block, arrival_ns=arrival_ns)
    path = tmp_path / "s.gaitwire"
    journal = Journal.create(path, INFO)
    journal.append(block, 0)
    journal.close()
    assert "damaged" in complaint(path)


def test_a_missing_file_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    assert "there is no such file" in complaint(tmp_path / "none.gaitwire")
    (tmp_path / "notes.txt").write_text("hello")
    text = complaint(tmp_path / "notes.txt")
    assert "not a recording that can be read" in text
    assert all(name in text for name in readers())


@pytest.mark.parametrize("height", [1.7, 17_000])
def test_a_height_that_nobody_has_is_left_out(tmp_path: Path, height: float) -> None:
    path = VOISARD.copy(tmp_path)
    described = json.loads(path.read_bytes())
    path.write_text(json.dumps({**described, "Height": height}))
    recording = open_recording(path)
    assert isinstance(recording, FrameRecording)
    assert math.isnan(recording.size.height_m)
    assert any("Height is left out: nobody is" in remark for remark in recording.remarks)
