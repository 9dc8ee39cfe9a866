"""Where the programs are that the tests run against."""

from __future__ import annotations

import os
import shutil

PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
"""Debian's servers lie where not everyone's path leads."""


def find(name: str) -> str | None:
    """Return where a program is; None where it is not installed."""
    return shutil.which(name, path=PLACES)


def program(name: str) -> str:
    """Return where a program is; fails with what to do where it is not installed."""
    found = find(name)
    assert found, f"{name} is missing: run python -m tests.services.install"
    return found
