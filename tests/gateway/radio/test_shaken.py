"""Which sensor was shaken."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages import FloatArray
from gateway.radio.shaken import LEAST, judge, strength

RATE_HZ, SECONDS = 60, 3


def resting(seed: int = 1, samples: int = RATE_HZ * SECONDS) -> FloatArray:
    """A sensor that lies still in some direction of gravity."""
    rng = np.random.default_rng(seed)
    down = rng.normal(size=3)
    return 9.81 * down / np.linalg.norm(down) + rng.normal(0, 0.05, (samples, 3))


def shaken() -> FloatArray:
    """One that is shaken for half a second of the three."""
    acc = resting(2)
    acc[60:90, 1] += 25 * np.sin(np.arange(30))
    return acc


def test_a_short_shake_and_a_few_taps_count_and_one_knock_does_not() -> None:
    tapped, knocked = resting(3), resting(4)
    for at in (20, 55, 90, 125, 160):
        tapped[at : at + 2, 2] += 30.0
    knocked[70] += 300.0
    assert strength(shaken()) > 3 * LEAST
    assert strength(tapped) > LEAST
    assert strength(knocked) < LEAST
    assert strength(resting()) < 0.2


@pytest.mark.parametrize("acc", [np.empty((0, 3)), np.full((9, 3), np.nan), resting(5, 4)])
def test_little_or_nothing_is_no_motion(acc: FloatArray) -> None:
    assert strength(acc) < LEAST


def test_the_one_that_stands_out_is_told_and_else_why_not() -> None:
    assert judge({"a": 1.0, "b": 20.0, "c": 9.0}).sensor == "b"
    assert judge({"a": 20.0}).sensor == "a"
    both = judge({"a": 20.0, "b": 11.0, "c": 0.1})
    assert (both.sensor, both.why) == (
        "",
        "a and b both moved; shake one, and keep the others still",
    )
    for quiet in ({}, {"a": 0.1, "b": 2.9}):
        assert judge(quiet).sensor == ""
        assert "tap it several times" in judge(quiet).why
