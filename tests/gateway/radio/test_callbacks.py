"""Nothing is lost between bleak's callbacks and the pipe; ``callbacks`` counts for an hour."""

from __future__ import annotations

from tests.gateway.radio.callbacks import RATE_HZ, count

SECONDS, SEED = 20.0, 1


def test_all_that_bleak_s_callbacks_are_given_comes_into_the_pipe() -> None:
    passed = count(SECONDS, SEED)
    assert len(passed) == 8
    for one in passed:
        assert one.whole, one
        assert one.samples > 0.99 * RATE_HZ * SECONDS
