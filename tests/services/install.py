"""Make sure that everything the tests run against is there: ``python -m tests.services.install``.

Installs Debian packages and builds InfluxDB, and a machine with the real BlueZ, where they are
missing; does nothing, in a moment, where they are not.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.services.bluez import build as bluez
from tests.services.influxd.build import BuildError, binary, ensure
from tests.services.programs import find

PROGRAMS = {"mosquitto": "mosquitto", "chromium": "chromium", "openssl": "openssl"}
BUILD_PROGRAMS = {"clang": "clang", "pkg-config": "pkg-config"}


class InstallError(Exception):
    """Something is missing and cannot be installed here; says what to do."""


def main() -> int:
    """Install what is missing; returns the exit status."""
    try:
        install()
    except (InstallError, BuildError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def install() -> None:
    """Install packages, then build what is built; raises InstallError or BuildError."""
    wanted = PROGRAMS if binary().exists() else {**PROGRAMS, **BUILD_PROGRAMS}
    missing = [package for program, package in wanted.items() if _absent(program)]
    if missing:
        _install_packages(missing)
    ensure()
    _install_bluez()


def _install_bluez() -> None:
    """Make the virtual machine; where that cannot be, its tests are skipped, and say why."""
    try:
        missing = [package for program, package in bluez.TOOLS.items() if _absent(program)]
        if missing:
            _install_packages(missing)
        bluez.ensure()
    except (InstallError, bluez.BuildError) as error:
        sys.stderr.write(f"the tests with the real BlueZ will be skipped: {error}\n")


def _absent(program: str) -> bool:
    return find(program) is None


def _install_packages(packages: list[str]) -> None:
    names = " ".join(packages)
    if _absent("apt-get"):
        raise InstallError(
            f"the tests need {names}: install them with this system's package manager"
        )
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and _absent("sudo"):
        raise InstallError(f"the tests need {names}: as root, run apt-get install {names}")
    sys.stderr.write(f"installing {names}\n")
    command = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    for step in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *packages]):
        done = subprocess.run([*command, *step], capture_output=True, text=True, check=False)
        if done.returncode:
            raise InstallError(
                f"apt-get {step[0]} failed, so {names} are missing:\n{done.stderr[-1500:]}"
            )


if __name__ == "__main__":
    sys.exit(main())
