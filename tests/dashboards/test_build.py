"""The pages' libraries in what is installed: a wheel and an sdist carry them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "dashboards" / "live"
VENDOR = "dashboards/live/static/vendor"


def _build(target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.iterdir()
    return built


def test_wheel_carries_pages_and_libraries(tmp_path: Path) -> None:
    with zipfile.ZipFile(_build("wheel", tmp_path)) as wheel:
        names = set(wheel.namelist())
    assert {f"{VENDOR}/{name}" for name in hatch_build.FILES.values()} <= names
    assert "dashboards/live/templates/patient.html" in names
    assert "dashboards/live/static/js/patient.js" in names
    assert not {name for name in names if "package" in name or "hatch_build" in name}


def test_sdist_carries_libraries_and_the_way_to_build_them(tmp_path: Path) -> None:
    with tarfile.open(_build("sdist", tmp_path)) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {f"{VENDOR}/{name}" for name in hatch_build.FILES.values()} <= names
    assert {f"dashboards/live/{name}" for name in hatch_build.RECIPE} <= names
    assert "hatch_build.py" in names


def test_lock_pins_contents_and_names_no_registry() -> None:
    lock = json.loads((PAGES / "package-lock.json").read_text())
    wanted = json.loads((PAGES / "package.json").read_text())["dependencies"]
    packages = {k.removeprefix("node_modules/"): v for k, v in lock["packages"].items() if k}
    assert {name: package["version"] for name, package in packages.items()} == wanted
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "://" not in json.dumps(lock)


def test_current_libraries_are_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(PAGES, tmp_path / "dashboards" / "live")
    # Where nothing can be run, anything but leaving things as they are would fail.
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(hatch_build, "NPM_CI", ("no-such-command",))
    vendor = hatch_build.build(tmp_path)
    assert (vendor / "three.core.min.js").stat().st_size > 100_000

    (vendor / "three.core.min.js").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        hatch_build.build(tmp_path)
