"""Whatever goes wrong: no crash, no gap without a reason, nothing wrong that is marked good."""

from __future__ import annotations

import pytest

from tests.faults.drawing import draw
from tests.faults.trial import failures, told


@pytest.mark.parametrize("seed", range(1, 26))
def test_whatever_goes_wrong(seed: int) -> None:
    found = failures(seed)
    assert not found, f"seed {seed}: {told(draw(seed))}\n" + "\n".join(found)
