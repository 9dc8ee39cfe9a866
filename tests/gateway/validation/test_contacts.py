"""Matching of found events to marked ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from gateway.app.validation.contacts import f1, match

RATE_HZ = 100.0


@given(marked=st.integers(0, 100_000), apart=st.integers(-8, 8))
def test_a_whole_window_apart_is_within_it(marked: int, apart: int) -> None:
    """Samples five apart are 50 ms apart, though 15.05 - 15.0 is a little more."""
    found_s, marked_s = np.array([marked + apart]) / RATE_HZ, np.array([marked]) / RATE_HZ
    assert len(match(found_s, marked_s, 0.05).error_s) == (abs(apart) <= 5)


def test_each_mark_is_matched_once_and_the_closest_first() -> None:
    matched = match(np.array([0.98, 1.01, 3.0]), np.array([1.0, 2.0]), 0.05)
    np.testing.assert_allclose(matched.error_s, [0.01])
    assert (matched.false, matched.missed) == (2, 1)
    assert f1(matched) == 2 / 5
