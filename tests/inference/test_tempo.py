"""Tempo and smoothness of a repetition whose course is known."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages import FloatArray
from inference.repetitions.tempo import Tempo, smoothness, spectral_arc_length, without_holes

RATE_HZ = 100.0


def way(seconds: float) -> FloatArray:
    """From 0 to 1 with least jerk (Flash and Hogan 1985)."""
    x = np.linspace(0, 1, round(seconds * RATE_HZ))
    return np.asarray(10 * x**3 - 15 * x**4 + 6 * x**5)


def held(seconds: float, out_s: float = 1.0) -> FloatArray:
    plateau = np.ones(round(seconds * RATE_HZ))
    return np.concatenate([np.zeros(50), way(out_s), plateau, way(2.0)[::-1], np.zeros(50)])


def test_ways_and_hold() -> None:
    angle = held(3.0)
    tempo = Tempo.of(angle)
    assert (tempo.low, tempo.peak) == (0.0, 1.0)
    quarter_to_three = 0.28  # of a way of least jerk
    assert np.isclose((tempo.arrived - tempo.start) / RATE_HZ, quarter_to_three, atol=0.03)
    assert np.isclose((tempo.left - tempo.arrived) / RATE_HZ, 3.0 + 3 * 0.36, atol=0.05)


def test_a_hold_is_no_lack_of_smoothness_and_a_tremor_is() -> None:
    smooth = held(5.0)
    short = held(0.1)
    shaking = smooth + 0.02 * np.sin(2 * np.pi * 5 * np.arange(len(smooth)) / RATE_HZ)
    told = [smoothness(a, Tempo.of(a), RATE_HZ) for a in (smooth, short, shaking)]
    assert np.isclose(told[0], told[1], atol=0.1)
    assert told[2] < told[0] - 0.3
    assert -2.5 < told[0] < -1.3


@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0])
def test_smoothness_does_not_depend_on_pace(seconds: float) -> None:
    assert np.isclose(spectral_arc_length(np.diff(way(seconds)) * RATE_HZ, RATE_HZ), -1.4, atol=0.1)


def test_what_does_not_move_has_no_smoothness() -> None:
    assert np.isnan(spectral_arc_length(np.zeros(20), RATE_HZ))
    angle = np.zeros(3)
    assert np.isnan(smoothness(angle, Tempo.of(angle), RATE_HZ))


def test_holes_are_bridged_straight() -> None:
    assert list(without_holes(np.array([0.0, np.nan, np.nan, 3.0]))) == [0.0, 1.0, 2.0, 3.0]
