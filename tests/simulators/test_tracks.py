"""Keyframes that stand and glide."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from simulators.movement.tracks import Track, TrackBuilder, smootherstep

VALUES = st.floats(-10, 10)
GAPS = st.floats(0.05, 5)


@given(st.lists(st.tuples(GAPS, VALUES), min_size=1, max_size=8))
def test_a_track_goes_through_its_keyframes_and_never_beyond(
    keys: list[tuple[float, float]],
) -> None:
    times = np.cumsum([gap for gap, _ in keys])
    values = np.array([value for _, value in keys])
    track = Track(times, values)
    assert np.allclose(track.at(times), values)
    between = track.at(np.linspace(times[0] - 1, times[-1] + 1, 200))
    assert between.min() >= values.min() - 1e-9
    assert between.max() <= values.max() + 1e-9


def test_a_glide_starts_and_ends_without_speed_or_acceleration() -> None:
    t = np.linspace(-0.5, 1.5, 20001)
    step = t[1] - t[0]
    speed = np.gradient(smootherstep(t), step)
    acceleration = np.gradient(speed, step)
    assert np.abs(np.diff(acceleration)).max() < 0.01
    at_ends = np.searchsorted(t, [0.0, 1.0])
    assert np.abs(speed[at_ends]).max() < 1e-6
    assert np.abs(acceleration[at_ends]).max() < 0.02


def test_a_builder_stands_until_it_moves() -> None:
    track = TrackBuilder.starting(0.0, 1.0)
    track.move(2.0, 3.0, 5.0)
    track.move(3.0, 4.0, 0.0)
    read = track.build().at(np.array([-1.0, 1.9, 2.5, 3.0, 3.5, 9.0]))
    assert np.allclose(read, [1.0, 1.0, 3.0, 5.0, 2.5, 0.0])


def test_tracks_of_arrays_keep_their_shape() -> None:
    track = TrackBuilder.starting(0.0, np.zeros((3, 2)))
    track.move(1.0, 2.0, np.ones((3, 2)))
    assert track.build().at(np.array([0.0, 1.5, 2.0, 3.0])).shape == (4, 3, 2)
