"""The link: what arrives, when, and what does not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from simulators.radio import Link, arrivals, draw_clock, draw_stalls, lost

QUIET = Link(stall_every_s=1e9)
SENT = np.arange(5000) / 100


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.floats(0, 0.5),
    burst=st.floats(1, 20),
    interval=st.floats(1e-4, 0.1),
)
def test_packets_arrive_in_order_and_never_before_they_are_sent(
    seed: int, loss: float, burst: float, interval: float
) -> None:
    rng = np.random.default_rng(seed)
    link = Link(loss=loss, burst=burst, interval_s=interval, stall_every_s=5.0)
    stalls = draw_stalls(0, 50, link, rng)
    sent = SENT[~lost(len(SENT), link, rng)]
    at_ns = arrivals(sent, 0.003, link, stalls, 0, rng)
    assert at_ns.dtype == np.int64
    assert (np.diff(at_ns) > 0).all()
    assert (at_ns / 1e9 >= sent + link.base_s - 1e-9).all()


def test_arrivals_bunch_at_connection_events() -> None:
    at_s = arrivals(SENT, 0.004, QUIET, np.empty((0, 2)), 0, np.random.default_rng(1)) / 1e9
    phase = (at_s - 0.004) % 0.015
    assert np.minimum(phase, 0.015 - phase).max() < 0.002


def test_a_stall_delivers_all_at_once_when_it_ends() -> None:
    stalls = np.array([[10.0, 10.3]])
    at_s = arrivals(SENT, 0.0, QUIET, stalls, 0, np.random.default_rng(1)) / 1e9
    assert not ((at_s > 10.016) & (at_s < 10.3)).any()
    assert ((at_s >= 10.3) & (at_s < 10.33)).sum() > 28


def test_none_arrives_before_what_came_earlier() -> None:
    at_ns = arrivals(SENT, 0.0, QUIET, np.empty((0, 2)), 2_000_000_000, np.random.default_rng(1))
    assert at_ns[0] >= 2_000_000_000


def test_stalls_come_as_often_as_stated() -> None:
    link = Link(stall_every_s=10.0, stall_s=0.2)
    stalls = draw_stalls(0, 10_000, link, np.random.default_rng(2))
    assert len(stalls) == pytest.approx(1000, rel=0.15)
    assert (stalls[:, 1] - stalls[:, 0]).mean() == pytest.approx(0.2, rel=0.15)


def test_loss_is_as_stated_and_none_means_none() -> None:
    rng = np.random.default_rng(3)
    assert lost(400_000, Link(loss=0.01, burst=3), rng).mean() == pytest.approx(0.01, rel=0.15)
    assert not lost(10_000, Link(loss=0.0), rng).any()
    assert lost(0, Link(), rng).shape == (0,)


def test_a_clock_counts_its_samples_without_gap_or_overlap() -> None:
    clock = draw_clock(60.0, 30.0, np.random.default_rng(4))
    edges = [0.0, 1.0, 1.001, 7.5, 60.0]
    parts = [clock.samples(a, b) for a, b in pairwise(edges)]
    whole = clock.samples(0.0, 60.0)
    assert np.array_equal(np.concatenate(parts), whole)
    assert (clock.host_s(whole) >= 0).all()
    assert set(np.diff(clock.ticks_us(whole))) <= {16666, 16667}
