"""What is installed: a wheel and an sdist carry all that they need, and a wheel works alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "dashboards" / "live"
VENDOR = "dashboards/live/static/vendor"
PACKAGES = ("gateway", "inference", "simulators", "dashboards")


def _build(target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.iterdir()
    return built


def _files(folder: Path, packages: Sequence[str] = PACKAGES) -> set[str]:
    """What lies in the packages, but for what Python keeps there for itself."""
    found = (path for package in packages for path in (folder / package).rglob("*"))
    return {
        path.relative_to(folder).as_posix()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel alone: for one without compiled parts, an installation."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(_build("wheel", tmp_path_factory.mktemp("wheel"))) as wheel:
        wheel.extractall(folder)
    return folder


def _python(installed: Path, elsewhere: Path, *arguments: str) -> str:
    """Run Python with what is installed, in a folder that is not the checkout."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_carries_the_packages_whole_and_nothing_else(installed: Path) -> None:
    carried = _files(installed)
    recipe = {f"dashboards/live/{name}" for name in hatch_build.RECIPE}
    assert carried == _files(ROOT) - recipe
    assert {f"{VENDOR}/{name}" for name in hatch_build.FILES.values()} <= carried
    assert "dashboards/live/templates/patient.html" in carried
    assert any(name.startswith("inference/model/files/") and ".onnx" in name for name in carried)
    others = {path.name for path in installed.iterdir()} - set(PACKAGES)
    assert [name.endswith(".dist-info") for name in others] == [True]


def test_wheel_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = "import gateway, inference; print(gateway.__file__, inference.__file__)"
    assert _python(installed, tmp_path, "-c", where).count(str(installed)) == 2
    gaitwire = ("-m", "gateway.cli")
    assert "--headless" in _python(installed, tmp_path, *gaitwire, "demo", "--help")
    simulate = ("simulate", "--scenario", "walk", "--seconds", "12", "--out", "walk.gaitwire")
    _python(installed, tmp_path, *gaitwire, *simulate)
    replay = ("replay", "walk.gaitwire", "--max", "--json")
    assert json.loads(_python(installed, tmp_path, *gaitwire, *replay))["strides"] > 2


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
