"""``gaitwire validate`` as a person and a program use it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gateway.app.validation import Mode, validation_sets
from gateway.cli.validating import run_set
from gateway.cli.validation_report import write_report
from gateway.errors import UsageError
from gateway.messages import Figure, GaitEvent, Stride
from gateway.recordings import open_recording
from tests.data import data_set
from tests.playing import played

VOISARD = "voisard_healthy_gait"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two trials of one person."""
    for path in (data_set(VOISARD) / "GaitData").glob("1-*"):
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path


def test_document(folder: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli", "validate", VOISARD, str(folder), "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert (document["set"], document["mode"], document["people"]) == (VOISARD, "live", 1)
    assert [trial["name"] for trial in document["trials"]] == ["1-1", "1-2"]
    assert document["look_ahead_ms"] > 0
    for values in (*document["trials"], document["summary"]):
        assert 0.0 < values["ic_f1"] <= 1.0


def test_a_damaged_trial_is_remarked_on_and_the_others_scored(folder: Path) -> None:
    (folder / "1-1_lf.txt").write_bytes(b"")
    document = run_set(VOISARD, folder, Mode.LIVE).document
    assert "1-1_lf.txt" in document.trials[0]["remark"]
    assert "ic_f1" in document.trials[1]


def test_no_sound_trial_is_a_failure_that_is_told_beside_other_sets(folder: Path) -> None:
    for path in folder.glob("*.json"):
        path.write_text("{")
    (folder / "all").mkdir()
    (folder / "all" / VOISARD).symlink_to(folder)
    (folder / "all" / "xio_foot_loop").symlink_to(data_set("xio_foot_loop"))
    command = [sys.executable, "-m", "gateway.cli", "validate", "all", str(folder / "all")]
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "no trial of voisard_healthy_gait could be scored" in told.stderr
    assert "Traceback" not in told.stderr
    failed, scored = json.loads(told.stdout)["sets"]
    assert [trial["name"] for trial in failed["trials"]] == ["1-1", "1-2"]
    assert set(failed["summary"].values()) == {None}
    assert scored["summary"]["closure_mm"] < 60


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'voisard_healthy_gait'"):
        run_set("voisard_healthy", tmp_path, Mode.LIVE)
    with pytest.raises(UsageError, match="no such folder"):
        run_set(VOISARD, tmp_path / "absent", Mode.LIVE)
    with pytest.raises(UsageError, match="no trial"):
        run_set(VOISARD, tmp_path, Mode.LIVE)


def test_a_report_has_every_figure_and_its_plots(folder: Path, tmp_path: Path) -> None:
    live, offline = (run_set(VOISARD, folder, mode) for mode in Mode)
    page = tmp_path / "docs" / "validation.md"
    page.parent.mkdir()
    write_report([(live, offline)], page)
    told = page.read_text("utf-8")
    for metric in live.chosen.metrics:
        assert f"| `{metric.name}` |" in told
    plots = re.findall(r"\]\((plots/[a-z_]+\.svg)\)", told)
    assert plots
    for plot in plots:
        assert "</svg>" in (page.parent / plot).read_text("utf-8")
    count = len(live.chosen.metrics)
    assert f"The other {count} figures of this page are the same live and offline" in told


def test_what_looking_ahead_buys_is_told_where_it_buys_something(
    folder: Path, tmp_path: Path
) -> None:
    live = run_set(VOISARD, folder, Mode.LIVE)
    better = msgspec.structs.replace(
        live.document, summary={**live.document.summary, "ic_ms": 0.25}
    )
    page = tmp_path / "validation.md"
    write_report([(live, replace(live, document=better))], page)
    told = page.read_text("utf-8")
    assert re.search(r"\| voisard_healthy_gait: `ic_ms` \| [\d.]+ ms \| 0.25 ms \|", told)


def test_live_hops_say_what_the_whole_recording_says(folder: Path) -> None:
    hops, whole = (played(open_recording(folder / "1-1.json"), hop_s) for hop_s in (0.02, 20.0))
    for kind in (GaitEvent, Stride, Figure):
        live, offline = (
            sorted(msgspec.msgpack.encode(m) for m in made if isinstance(m, kind))
            for made in (hops, whole)
        )
        assert live
        assert live == offline


def test_metrics_are_named_once() -> None:
    for name, one in validation_sets().items():
        names = [metric.name for metric in one.metrics]
        assert name == one.name
        assert len(set(names)) == len(names)
