from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from inference.model.resampling import Resampler, every, weighted

RATES = [25.0, 40.0, 50.0, 60.0, 100.0, 102.4, 200.0, 204.8, 285.714]


def resampled(rows: np.ndarray, rate_hz: float) -> tuple[np.ndarray, int]:
    plan = Resampler(rate_hz, 50.0)
    first = max(0, int(np.ceil(plan.half_width / plan.ratio)))
    count = plan.ready(first, len(rows))
    return weighted(rows.T, plan.taps(0, first, count)).T, first


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_straight_line_keeps_its_time(rate_hz: float) -> None:
    t = np.arange(600) / rate_hz
    result, first = resampled(np.stack([t, 2 - 3 * t], axis=1), rate_hz)
    expected = (first + np.arange(len(result))) / 50.0
    tolerance = 0.0 if rate_hz % 50 == 0 else 0.004
    np.testing.assert_allclose(result[:, 0], expected, atol=1e-12 + tolerance)
    np.testing.assert_allclose(result[:, 1], 2 - 3 * expected, atol=1e-12 + 3 * tolerance)


@pytest.mark.parametrize("rate_hz", [100.0, 200.0])
def test_what_would_alias_to_standstill_is_gone(rate_hz: float) -> None:
    t = np.arange(600) / rate_hz
    result, _ = resampled(np.cos(2 * np.pi * 50.0 * t)[:, None], rate_hz)
    assert np.abs(result).max() < 1e-12


@given(rate_hz=st.sampled_from(RATES), output=st.integers(0, 10**7), end=st.integers(0, 10**8))
def test_ready_outputs_rest_on_samples_that_are_there(
    rate_hz: float, output: int, end: int
) -> None:
    plan = Resampler(rate_hz, 50.0)
    end = min(end, int(output * plan.ratio) + 2000)
    count = plan.ready(output, end)
    assert plan.ready(output + count, end) == 0
    last = np.ceil((output + np.arange(count)) * rate_hz / 50.0 + plan.half_width) - 1
    assert (last < end).all()
    if count:
        start = plan.first_sample(output)
        rows = np.ones((end - start, 1))
        np.testing.assert_allclose(weighted(rows.T, plan.taps(start, output, count)), 1.0)


@given(
    rate_hz=st.sampled_from(RATES),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    seed=st.integers(0, 99),
)
def test_any_cutting_gives_the_same_bits(rate_hz: float, cuts: list[int], seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(400, 3))
    whole, first = resampled(rows, rate_hz)
    plan, output, parts = Resampler(rate_hz, 50.0), first, []
    for end in [*sorted(cuts), 400]:
        count = plan.ready(output, end)
        if count:
            start = max(0, plan.first_sample(output))
            parts.append(weighted(rows[start:end].T, plan.taps(start, output, count)).T)
        output += count
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_missing_sample_spoils_only_what_rests_on_it(rate_hz: float) -> None:
    rows = np.zeros((400, 1))
    rows[200] = np.nan
    present = np.isfinite(rows)
    plan = Resampler(rate_hz, 50.0)
    count = plan.ready(2, 400)
    taps = plan.taps(0, 2, count)
    spoilt = np.flatnonzero(~every(present.T, taps)[0])
    assert np.array_equal(spoilt, np.flatnonzero(np.isnan(weighted(rows.T, taps)[0])))
    times = (2 + spoilt) / 50.0
    assert len(spoilt)
    assert np.abs(times - 200 / rate_hz).max() < plan.half_width / rate_hz


@pytest.mark.parametrize(("rate_hz", "delay_s"), [(50.0, 0.0), (100.0, 0.01), (200.0, 0.015)])
def test_delay_is_the_wait_for_the_last_sample(rate_hz: float, delay_s: float) -> None:
    plan = Resampler(rate_hz, 50.0)
    assert plan.delay_s == pytest.approx(delay_s)
    needed = next(end for end in range(1000) if plan.ready(10, end) == 1)
    assert (needed - 1) / rate_hz - 10 / 50.0 == pytest.approx(delay_s)
