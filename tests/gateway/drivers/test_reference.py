"""The page of all sensors says what the drivers say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.drivers.layout_file import TYPES, read_layout
from gateway.drivers.reference import reference

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = Path(__file__).parents[3] / "gateway" / "drivers" / "layouts"


def test_the_page_is_current() -> None:
    assert (DOCS / "sensors.md").read_text(encoding="utf-8") == reference(), (
        "run: python -m gateway.drivers.reference > docs/sensors.md"
    )


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_layouts_that_come_along_can_be_read(path: Path) -> None:
    assert read_layout(path.read_text(encoding="utf-8"), path.name).name


def test_the_page_of_layouts_names_types_that_there_are() -> None:
    page = (DOCS / "sensor_layouts.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([uif](?:8|16|32|64)(?:le|be)?)`", page))
    assert named
    assert named <= TYPES.keys()
