"""Decoded samples to ``ImuBlock``: when each was taken, and what is missing before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.clocks.counters import Unwrapped, Unwrapper
from gateway.clocks.device import ClockFit
from gateway.decoding.readings import Reading, Rows, join
from gateway.decoding.refusals import refused_before
from gateway.decoding.streams import Streams
from gateway.drivers import Samples
from gateway.messages import BoolArray, FloatArray, ImuBlock, IntArray
from gateway.quaternion import conjugate, multiply, to_rotation_vector
from gateway.runs import Runs

WHOLE_STEP = 1.5
"""Beyond so many periods a difference of orientations says too little of the turning between."""
EXACT = 1e-3
"""A tick that is a whole number of periods, but for so much of one, counts samples."""
_SEGMENT_BITS = 32
PLAUSIBLE = (0.5, 1.5)
"""Shares of the nominal time between which a packet's own time is believed."""


class Sampling:
    """Places the samples of all streams in time; what it holds is carried from block to block."""

    def __init__(self, streams: Streams) -> None:
        clocks = [stream.clock for stream in streams.each]
        self._periods_ns = np.array(streams.period_ns)
        self._fields = streams.channels > 6
        self._tick_ns = np.array([1.0 if c is None else c.tick_ns for c in clocks])
        self._slack_ns = np.array(list(map(_slack_ns, self._tick_ns, self._periods_ns)))
        self._spread = np.array([c is not None and c.spread for c in clocks], np.bool_)
        wraps_ns = [np.inf if c is None else 2.0**c.bits * c.tick_ns for c in clocks]
        self._unwrapper = Unwrapper(wraps_ns)
        self._fit = ClockFit(self._periods_ns.tolist(), [c is not None for c in clocks], wraps_ns)
        self._counted = np.zeros(len(clocks), np.int64)
        self._refused = np.zeros(len(clocks), np.int64)
        self._packet_ns = np.full(len(clocks), np.nan)
        self._quat = np.full((len(clocks), 4), np.nan)

    def restart(self, stream: int, period_ns: float, *, shared: bool = False) -> None:
        """Begin a new segment of a stream's clock, with ``period_ns`` as its nominal period.

        It is ``shared`` with all other streams of which that was said.
        """
        self._unwrapper.restart(stream)
        self._fit.share(stream, shared=shared)
        self._fit.expect(stream, period_ns)
        self._periods_ns[stream] = period_ns
        self._slack_ns[stream] = _slack_ns(self._tick_ns[stream], period_ns)
        self._packet_ns[stream] = np.nan

    def place(self, readings: Sequence[Reading]) -> ImuBlock | None:
        """Return the usable samples of all readings of a hop; None if there is none."""
        raw_ns = [self._raw_ns(one.samples, one.stream_of_sample) for one in readings]
        read, packets = join(readings, raw_ns, fields=self._fields)
        usable = read.usable()
        rows = read if len(usable) == len(read.stream) else read.take(usable)
        runs = Runs(rows.stream)
        unwrapped = self._unwrapper.push(runs, rows.raw_ns, rows.arrival_ns)
        if len(unwrapped.row) < len(usable):
            usable = usable[unwrapped.row]
            rows = read.take(usable)
            runs = Runs(rows.stream)
        refused = refused_before(packets, read.packet, usable, self._refused)
        return self._block(rows, runs, refused, unwrapped) if len(usable) else None

    def _raw_ns(self, samples: Samples, stream: IntArray) -> FloatArray:
        """Return the raw device time of every sample; without one, the samples are counted."""
        period_ns = self._periods_ns[stream]
        if samples.ticks is None:
            runs = Runs(stream)
            count = self._counted[stream] + runs.rank
            self._counted[runs.sensors] = count[runs.last] + 1
            return np.asarray(count * period_ns)
        raw_ns: FloatArray = samples.ticks.astype(np.float64) * self._tick_ns[stream]
        if samples.after is not None:
            raw_ns += samples.after * period_ns
        if len(stream) and self._spread[stream[0]]:
            raw_ns = self._spread_evenly(samples.packet, stream, raw_ns)
        return raw_ns

    def _spread_evenly(self, packet: IntArray, stream: IntArray, raw_ns: FloatArray) -> FloatArray:
        """Spread the samples of a packet evenly since the packet before."""
        change = (np.diff(packet) != 0) | (np.diff(stream) != 0)
        last = np.flatnonzero(np.append(change, True))
        counts = np.diff(last, prepend=-1)
        runs, at_ns = Runs(stream[last]), raw_ns[last]
        before = at_ns - runs.steps(at_ns, self._packet_ns)
        self._packet_ns[runs.sensors] = at_ns[runs.last]
        nominal = counts * self._periods_ns[stream[last]]
        taken = at_ns - before
        with np.errstate(invalid="ignore"):
            believed = (taken > PLAUSIBLE[0] * nominal) & (taken < PLAUSIBLE[1] * nominal)
        period_ns = (np.where(believed, taken, nominal) / counts).repeat(counts)
        behind = last.repeat(counts) - np.arange(len(stream))
        return np.asarray(at_ns.repeat(counts) - behind * period_ns)

    def _block(self, rows: Rows, runs: Runs, refused: IntArray, unwrapped: Unwrapped) -> ImuBlock:
        waited_ns = _gathered(rows.packet, unwrapped)
        soonest = rows.arrival_ns if waited_ns is None else rows.arrival_ns - waited_ns
        mapped = self._fit.push(runs, unwrapped.device_ns, soonest, unwrapped.segment)
        periods = unwrapped.step_ns / self._periods_ns[runs.run]
        slack = (self._slack_ns / self._periods_ns)[runs.run]
        lost: IntArray = np.maximum(np.rint(periods - slack).astype(np.int64) - 1, 0)
        if unwrapped.dropped_ns.any():
            lost += np.rint(unwrapped.dropped_ns / self._periods_ns[runs.run]).astype(np.int64)
        gyr, clipped = self._turned(rows, unwrapped.step_ns * mapped.pace, periods)
        return ImuBlock(
            stream=runs.run,
            device_ns=unwrapped.device_ns,
            arrival_ns=rows.arrival_ns,
            host_ns=mapped.host_ns,
            acc=rows.acc,
            gyr=gyr,
            clipped=clipped,
            segment=unwrapped.segment,
            lost=lost,
            refused=refused,
            clock_error_s=mapped.error_s,
            mag=rows.mag,
        )

    def _turned(
        self, rows: Rows, step_ns: FloatArray, periods: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """Return the rates of turn (N, 3), and what is clipped or not known (N,).

        A sensor that tells its orientation turned, on the mean, as it did since the sample before.
        """
        if rows.quat is None or rows.by_quat is None:
            return rows.gyr, rows.clipped
        own = np.flatnonzero(rows.by_quat)
        runs, quat = Runs(rows.stream[own]), rows.quat[own]
        before = np.empty_like(quat)
        before[1:] = quat[:-1]
        before[runs.start] = self._quat[runs.sensors]
        self._quat[runs.sensors] = quat[runs.last]
        near = (step_ns[own] > 0) & (periods[own] < WHOLE_STEP)
        known: BoolArray = np.asarray(near & np.isfinite(before[:, 0]))
        before = np.where(known[:, None], before, quat)
        turn = to_rotation_vector(multiply(conjugate(before), quat))
        gyr, clipped = rows.gyr.copy(), rows.clipped.copy()
        gyr[own] = turn / np.where(known, step_ns[own] * 1e-9, 1.0)[:, None]
        clipped[own] |= ~known
        return gyr, clipped


def _gathered(packet: IntArray, unwrapped: Unwrapped) -> IntArray | None:
    """Return how long (N,) each sample waited in its sensor for its packet's last; None: none did.

    What its packet's way took is what is left of its delay.
    """
    if len(Runs(packet).last) == len(packet):
        return None
    together = Runs((packet << _SEGMENT_BITS) + unwrapped.segment)
    return unwrapped.device_ns[together.last][together.ordinal] - unwrapped.device_ns


def _slack_ns(tick_ns: float, period_ns: float) -> float:
    """Return by how much a step may be longer than it looks without a sample being lost.

    A clock that ticks more rarely than twice a sample tells steps that differ by whole ticks; one
    that ticks once in so many samples counts them, and is exact.
    """
    ticks = tick_ns / period_ns
    counts = abs(ticks - round(ticks)) < EXACT
    return tick_ns if ticks > 0.5 and not counts else 0.0
