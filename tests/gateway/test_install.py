"""The installer of the real services: quick when warm, clear where it cannot help."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.services.influxd.build import MODULE, BuildError, binary, ensure

ROOT = Path(__file__).parents[2]


def test_does_nothing_in_a_moment_where_all_is_there() -> None:
    began = time.monotonic()
    done = install(os.environ.copy())
    assert done.returncode == 0
    # Where nobody is root, the machine with BlueZ cannot be built, which is no failure.
    assert not done.stderr or done.stderr.startswith("the tests with the real BlueZ")
    assert time.monotonic() - began < 10


def test_says_what_is_missing_where_there_is_no_package_manager(tmp_path: Path) -> None:
    done = install({**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("the tests need ")
    assert "chromium" in done.stderr
    assert done.stderr.endswith(": install them with this system's package manager\n")


def test_a_build_without_its_tools_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match=r"needs the Go toolchain .*, the Rust toolchain .* clang"):
        ensure()
    assert not binary().parent.exists()


def test_the_module_pins_what_is_built() -> None:
    module = (MODULE / "go.mod").read_text(encoding="utf-8")
    assert "github.com/influxdata/influxdb/v2 v2.9.1" in module
    assert module.count("replace ") == 2
    assert "github.com/influxdata/influxdb/v2 v2.9.1 h1:" in (MODULE / "go.sum").read_text("utf-8")


def install(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.services.install"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
