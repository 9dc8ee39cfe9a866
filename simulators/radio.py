"""The way from a sensor's clock and radio to the host: drift, latency, bunching, stalls, loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray

_SPACING_NS = 150_000
_STALL_REACH_S = 3.0


@dataclass(frozen=True)
class Link:
    """One sensor's radio link.

    A packet takes ``base_s`` and an exponential ``jitter_s``, then waits for the next connection
    event, one every ``interval_s``. About every ``stall_every_s`` the link stalls for an
    exponential ``stall_s`` and delivers all at once. ``loss`` is the share of packets that never
    arrive, in bursts of ``burst`` on average. Figures after published measurements: means of
    10 to 30 ms, stalls of hundreds of ms, loss from overflowing buffers rather than the air.
    """

    loss: float = 0.002
    burst: float = 2.0
    base_s: float = 0.004
    jitter_s: float = 0.003
    interval_s: float = 0.015
    stall_every_s: float = 120.0
    stall_s: float = 0.15


@dataclass(frozen=True)
class DeviceClock:
    """A sensor's own time: samples are taken at ``phase_s`` + k · ``period_s`` of the host.

    ``power_on_us`` is the counter at sample 0 and ``rate_hz`` what the device believes.
    """

    phase_s: float
    period_s: float
    power_on_us: int
    rate_hz: float

    def samples(self, start_s: float, end_s: float) -> IntArray:
        """Return the indices of the samples in [start, end), none of them before sample 0."""
        bounds = (max(start_s, 0.0) - self.phase_s, end_s - self.phase_s)
        first, last = (int(np.ceil(bound / self.period_s)) for bound in bounds)
        return np.arange(max(first, 0), last, dtype=np.int64)

    def host_s(self, index: IntArray) -> FloatArray:
        """Return the host's time of samples."""
        return self.phase_s + index.astype(np.float64) * self.period_s

    def ticks_us(self, index: IntArray) -> IntArray:
        """Return the device's counter, not wrapped."""
        since: IntArray = np.rint(index * (1e6 / self.rate_hz)).astype(np.int64)
        return self.power_on_us + since


def draw_clock(rate_hz: float, drift_sd_ppm: float, rng: np.random.Generator) -> DeviceClock:
    """Draw a clock: any phase, any count since power-on (so it may wrap), a crystal's drift."""
    drift = rng.normal(0, drift_sd_ppm) * 1e-6
    return DeviceClock(
        phase_s=float(rng.uniform(0, 1 / rate_hz)),
        period_s=float((1 + drift) / rate_hz),
        power_on_us=int(rng.integers(0, 2**32)),
        rate_hz=rate_hz,
    )


def lost(count: int, link: Link, rng: np.random.Generator) -> BoolArray:
    """Return which of ``count`` packets are lost, in bursts."""
    begins = rng.random(count) < link.loss / max(link.burst, 1.0)
    lengths = rng.geometric(1 / max(link.burst, 1.0), count)
    open_bursts = np.zeros(count + 1, np.int64)
    starts = np.flatnonzero(begins)
    np.add.at(open_bursts, starts, 1)
    np.add.at(open_bursts, np.minimum(starts + lengths[starts], count), -1)
    gone: BoolArray = np.cumsum(open_bursts)[:count] > 0
    return gone


def draw_stalls(start_s: float, end_s: float, link: Link, rng: np.random.Generator) -> FloatArray:
    """Return (M, 2) stalls (from, until) that begin in [start, end)."""
    count = rng.poisson((end_s - start_s) / link.stall_every_s)
    begin = np.sort(rng.uniform(start_s, end_s, count))
    length = np.minimum(rng.exponential(link.stall_s, count), _STALL_REACH_S)
    return np.stack([begin, begin + length], axis=1)


def arrivals(
    sent_s: FloatArray,
    offset_s: float,
    link: Link,
    stalls: FloatArray,
    after_ns: int,
    rng: np.random.Generator,
) -> IntArray:
    """Return when packets sent at ``sent_s`` (N,) arrive, in ns and in order.

    All arrive after ``after_ns``; ``offset_s`` is the phase of the connection events.
    """
    ready = sent_s + link.base_s + rng.exponential(link.jitter_s, len(sent_s))
    for begin, end in stalls:
        ready = np.where((ready >= begin) & (ready < end), end, ready)
    event = np.ceil((ready - offset_s) / link.interval_s) * link.interval_s + offset_s
    at_ns = np.rint(event * 1e9).astype(np.int64)
    spread = np.arange(len(at_ns)) * _SPACING_NS
    in_order = np.maximum.accumulate(np.maximum(at_ns, after_ns + _SPACING_NS) - spread) + spread
    return in_order.astype(np.int64)
