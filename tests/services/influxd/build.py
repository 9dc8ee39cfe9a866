"""Build InfluxDB 2 from its Go module, once; the binary is cached outside the checkout.

What it takes and why: the pkg-config wrapper of InfluxDB's makers builds its Rust library (flux)
while Go asks for compiler flags, so that wrapper is built first and put before the system's own;
flux asks for an old Rust by name, so ``RUSTUP_TOOLCHAIN`` names the installed one; ``go.mod``
repeats the two replacements of InfluxDB's own, because a module does not inherit them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "2.9.1"
MODULE = Path(__file__).parent
INFLUXD = "github.com/influxdata/influxdb/v2/cmd/influxd"
PKG_CONFIG = "github.com/influxdata/pkg-config"
TOOLS = {
    "go": "the Go toolchain (1.25 or newer)",
    "cargo": "the Rust toolchain with rustup (stable)",
    "clang": "the Debian package clang",
    "pkg-config": "the Debian package pkg-config",
}


class BuildError(Exception):
    """The build cannot be done here; says what is missing or what failed."""


def binary() -> Path:
    """Return where the binary lies once it is built."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "gaitwire" / f"influxd-{VERSION}" / "influxd"


def ensure() -> Path:
    """Return the binary, building it (4 to 5 minutes on two cores) where it is missing."""
    path = binary()
    if not path.exists():
        missing = [words for tool, words in TOOLS.items() if shutil.which(tool) is None]
        if missing:
            raise BuildError(f"building InfluxDB {VERSION} needs {', '.join(missing)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        _build(path)
    return path


def _build(path: Path) -> None:
    sys.stderr.write(f"building InfluxDB {VERSION}, once; it takes about five minutes\n")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        work = Path(folder)
        for name in ("go.mod", "go.sum"):
            shutil.copy(MODULE / name, work / name)
        wrapper, built = work / "bin" / "pkg-config", work / "bin" / "influxd"
        _go(work, dict(os.environ), "build", "-o", str(wrapper), PKG_CONFIG)
        environment = {
            **os.environ,
            "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}",
            "PKG_CONFIG": str(wrapper),
            "RUSTUP_TOOLCHAIN": "stable",
        }
        tags = ("-tags", "sqlite_foreign_keys,sqlite_json")
        _go(work, environment, "build", *tags, "-o", str(built), INFLUXD)
        built.replace(path)  # whole or not at all


def _go(work: Path, environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        ["go", *arguments], cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"go {' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
