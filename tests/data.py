"""Where the real recordings lie: beside the checkout, never inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "shared"


def shared(*parts: str) -> Path:
    """Return a file or folder beside the checkout; skips the test where it is absent."""
    path = ROOT.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not beside this checkout")
    return path


def data_set(name: str) -> Path:
    """Return the folder of a data set; skips the test where it is absent."""
    return shared("data", name)
