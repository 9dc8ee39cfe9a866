"""How far apart sensors are in time once mapped to the host, and whether the stated error says so.

Simulated radio: 8 sensors, crystals up to 30 ppm off, a stall of 150 ms on average every half
minute, losses; judged from one minute on. Run with ``-s`` to see the figures.
"""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from gateway.clocks.device import SECOND_NS, ClockFit
from gateway.messages import BoolArray, FloatArray, IntArray
from gateway.runs import Runs
from simulators.radio import DeviceClock, Link, arrivals, draw_stalls, lost

SENSORS, SECONDS, JUDGED_FROM_S = 8, 240, 60
DRIFT = 30e-6
LINK = Link(stall_every_s=30.0)
FAST = Link(stall_every_s=30.0, interval_s=0.0075)


@dataclass(frozen=True)
class Sent:
    """What one sensor sent: device time, arrival and true time of each sample, in ns."""

    device_ns: IntArray
    arrival_ns: IntArray
    true_ns: FloatArray


@dataclass(frozen=True)
class Crystal:
    """How a sensor's clock runs: fast by ``drift``, at ``power_on_us`` when all begins."""

    drift: float
    power_on_us: int


def own(count: int, rng: np.random.Generator) -> list[Crystal]:
    """Every sensor has a clock of its own."""
    return [Crystal(rng.uniform(-DRIFT, DRIFT), int(rng.integers(0, 2**31))) for _ in range(count)]


def agreed(count: int, rng: np.random.Generator) -> list[Crystal]:
    """All have agreed on a clock; within half an hour they are apart by up to 1 ppm."""
    drift, power_on_us = rng.uniform(-DRIFT, DRIFT), int(rng.integers(0, 2**31))
    return [Crystal(drift + rng.uniform(-0.5e-6, 0.5e-6), power_on_us) for _ in range(count)]


def send(rate_hz: float, link: Link, crystal: Crystal, rng: np.random.Generator) -> Sent:
    period_s = (1 + crystal.drift) / rate_hz
    phase_s = float(rng.uniform(0, 1 / rate_hz))
    counted_us = crystal.power_on_us + round(phase_s / (1 + crystal.drift) * 1e6)
    clock = DeviceClock(phase_s, period_s, counted_us, rate_hz)
    index = clock.samples(0, SECONDS)
    index = index[~lost(len(index), link, rng)]
    true_s = clock.host_s(index)
    stalls = draw_stalls(0, SECONDS, link, rng)
    arrival_ns = arrivals(true_s, float(rng.uniform(0, link.interval_s)), link, stalls, 0, rng)
    return Sent(clock.ticks_us(index) * 1000, arrival_ns, true_s * SECOND_NS)


def errors_ms(
    sent: list[Sent], rates_hz: list[float], *, shared: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return the error and the stated bound (sensors, seconds) at the end of each second."""
    count = len(sent)
    wrap_ns = [2.0**32 * 1000] * count
    fit = ClockFit([SECOND_NS / rate_hz for rate_hz in rates_hz], [True] * count, wrap_ns)
    for sensor in range(count):
        fit.share(sensor, shared=shared)
    error, stated = np.full((2, len(sent), SECONDS), np.nan)
    for second in range(SECONDS):
        bounds = [second * SECOND_NS, (second + 1) * SECOND_NS]
        spans = [slice(*np.searchsorted(one.arrival_ns, bounds)) for one in sent]
        run = np.arange(len(sent)).repeat([span.stop - span.start for span in spans])
        pairs = list(zip(sent, spans, strict=True))
        device_ns = np.concatenate([one.device_ns[span] for one, span in pairs])
        arrival_ns = np.concatenate([one.arrival_ns[span] for one, span in pairs])
        true_ns = np.concatenate([one.true_ns[span] for one, span in pairs])
        runs = Runs(run)
        mapped = fit.push(runs, device_ns, arrival_ns, np.zeros(len(run), np.int64))
        error[runs.sensors, second] = (mapped.host_ns - true_ns)[runs.last] * 1e-6
        stated[runs.sensors, second] = mapped.error_s[runs.last] * 1e3
    return error, stated


def judged(
    rates_hz: list[float], link: Link, seed: int, *, shared: bool = False
) -> tuple[FloatArray, BoolArray]:
    """Return by how much pairs of sensors differ (ms), and which are within the stated bounds."""
    left, right = np.triu_indices(SENSORS, 1)
    rng = np.random.default_rng([seed, 77])
    crystals = (agreed if shared else own)(SENSORS, rng)
    sent = [send(rate, link, c, rng) for rate, c in zip(rates_hz, crystals, strict=True)]
    error, stated = errors_ms(sent, rates_hz, shared=shared)
    error, stated = error[:, JUDGED_FROM_S:], stated[:, JUDGED_FROM_S:]
    difference = np.abs(error[left] - error[right])
    known = np.isfinite(difference)
    bound = np.hypot(stated[left], stated[right])
    return difference[known], (difference <= bound)[known]


@pytest.mark.parametrize(
    ("name", "rates_hz", "link", "most_rms_ms", "most_p99_ms"),
    [
        ("60 Hz", [60.0] * SENSORS, LINK, 0.7, 2.0),
        ("100 Hz, events every 7.5 ms", [100.0] * SENSORS, FAST, 1.1, 3.0),
        ("mixed", [60.0, 60.0, 100.0, 100.0, 52.0, 104.0, 50.0, 200.0], LINK, 2.0, 5.0),
        # Where samples and connection events stay in step, the arrivals cannot tell it better: a
        # wait of 0 to 5 ms that hardly changes is 2.04 ms of difference, RMS.
        ("100 Hz, in step with events every 15 ms", [100.0] * SENSORS, LINK, 2.2, 5.2),
    ],
)
def test_sensors_agree_in_time_and_say_how_well(
    name: str, rates_hz: list[float], link: Link, most_rms_ms: float, most_p99_ms: float
) -> None:
    apart, covered = zip(*(judged(rates_hz, link, seed) for seed in range(4)), strict=True)
    difference_ms, within = np.concatenate(apart), np.concatenate(covered)
    rms = float(np.sqrt(np.mean(difference_ms**2)))
    p99 = float(np.percentile(difference_ms, 99))
    sys.stdout.write(
        f"seeds 0..3, {name}: rms {rms:.2f} ms, p99 {p99:.2f} ms, covered {within.mean():.1%}\n"
    )
    assert rms <= most_rms_ms
    assert p99 <= most_p99_ms
    assert within.mean() >= 0.95


@pytest.mark.parametrize("link", [LINK, FAST], ids=["15 ms", "7.5 ms"])
def test_sensors_that_agreed_on_a_clock_are_on_one_line(link: Link) -> None:
    parts = [judged([60.0] * SENSORS, link, seed, shared=True) for seed in range(4)]
    apart, covered = zip(*parts, strict=True)
    difference_ms, within = np.concatenate(apart), np.concatenate(covered)
    rms = float(np.sqrt(np.mean(difference_ms**2)))
    most = float(difference_ms.max())
    sys.stdout.write(f"one clock: rms {rms:.3f} ms, most {most:.3f} ms, {within.mean():.1%}\n")
    assert rms <= 0.15
    assert most <= 1.0
    assert within.mean() >= 0.95


def test_a_sensor_that_has_another_clock_after_all_does_no_harm() -> None:
    rng = np.random.default_rng(5)
    crystals = [*agreed(SENSORS - 1, rng), *own(1, rng)]
    rates_hz = [60.0] * SENSORS
    sent = [send(60.0, LINK, crystal, rng) for crystal in crystals]
    error, _ = errors_ms(sent, rates_hz, shared=True)
    settled = error[:, JUDGED_FROM_S:]
    assert np.nanmax(np.abs(settled[:-1] - np.nanmean(settled[:-1], axis=0))) < 0.5
    assert np.nanmax(np.abs(settled[-1])) < 6.0


def test_counters_may_be_whole_turns_apart_on_one_clock() -> None:
    rng, wrap_ns = np.random.default_rng(6), 2**32 * 1000
    sent = [send(60.0, LINK, crystal, rng) for crystal in agreed(SENSORS, rng)]
    turned = dataclasses.replace(sent[0], device_ns=sent[0].device_ns + 3 * wrap_ns)
    error, _ = errors_ms([turned, *sent[1:]], [60.0] * SENSORS, shared=True)
    settled = error[:, JUDGED_FROM_S:]
    assert np.nanmax(np.ptp(settled, axis=0)) < 0.5
