"""Recordings of data sets: samples with counters, played as frames of ``sample_frame``.

These sets have no arrival times, so a frame arrives at its own device time: at the moment that
its counter or time stamp says. Lost samples are missing in the frames as they were on the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gateway.drivers.sample_frame import DRIVER, FRAME, MAG_FRAME, frames
from gateway.errors import RecordingError
from gateway.journal.seconds import SECOND_NS, PacketRecorder
from gateway.messages import (
    UNKNOWN_SIZE,
    BodySize,
    FloatArray,
    IntArray,
    PacketBlock,
    Place,
    SensorSpec,
    message,
)
from gateway.recordings.chunks import chunks

_LONGEST_NS = 24 * 3600 * SECOND_NS
_LATEST_NS = 2.0**62
_LARGEST_EXACT = 2.0**53


@message
class Timing:
    """The clock of a set: ``rate_hz`` of the samples, ``tick_ns`` of a counter ``bits`` wide."""

    rate_hz: float
    tick_ns: float
    bits: int = 64

    @staticmethod
    def counted(rate_hz: float, bits: int = 64) -> Timing:
        """Return the timing of a counter that rises by one a sample."""
        return Timing(rate_hz, SECOND_NS / rate_hz, bits)


@message
class Track:
    """What one sensor recorded.

    ``ticks`` (N,) as the device counted; ``acc`` (N, 3) m/s²; ``gyr`` (N, 3) rad/s; ``mag``
    (N, 3) µT where there is a magnetometer.
    """

    sensor: str
    place: Place
    ticks: IntArray
    acc: FloatArray
    gyr: FloatArray
    mag: FloatArray | None = None


class FrameRecording:
    """A trial of a data set; see ``gateway.recordings.Recording``.

    ``origin_tick`` is the tick at grid index 0; by default the earliest of all sensors. ``size``
    is what the set notes of the person's.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        person: str,
        tracks: Sequence[Track],
        timing: Timing,
        *,
        origin_tick: int | None = None,
        size: BodySize = UNKNOWN_SIZE,
    ) -> None:
        self.name = name
        self.person = person
        self.sensors = tuple(_spec(track, timing) for track in tracks)
        self.grid_rate_hz = timing.rate_hz
        self.size = size
        self._blocks = [_block(path, track, timing) for track in tracks]
        first_ns = min(int(block.arrival_ns[0]) for block in self._blocks)
        self.origin_ns = first_ns if origin_tick is None else round(origin_tick * timing.tick_ns)
        last_ns = max(int(block.arrival_ns[-1]) for block in self._blocks)
        self.duration_s = (last_ns - self.origin_ns) / SECOND_NS + 1 / timing.rate_hz

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of consecutive ``seconds`` by arrival."""
        cutter = PacketRecorder(self.origin_ns)
        by_second = [*cutter.push(self._blocks), *cutter.flush()]
        return chunks(by_second, self.origin_ns, seconds)


def whole_ticks(path: Path, values: FloatArray) -> IntArray:
    """Return counter values (N,) as integers; raises RecordingError where they are none."""
    exact = np.where(np.abs(values) < _LARGEST_EXACT, values, -1.0)
    ticks = np.rint(exact).astype(np.int64)
    if not ((ticks >= 0) & (np.abs(ticks - exact) < 1e-3)).all():
        raise RecordingError(f"{path}: the counter holds values that are no whole numbers")
    return ticks


def _spec(track: Track, timing: Timing) -> SensorSpec:
    settings: dict[str, int | float | str] = {"tick_ns": timing.tick_ns, "bits": timing.bits}
    if track.mag is not None:
        settings["mag"] = 1
    return SensorSpec(track.sensor, track.place, DRIVER.name, timing.rate_hz, settings)


def _block(path: Path, track: Track, timing: Timing) -> PacketBlock:
    time_ns = _device_times(track.ticks, timing)
    if time_ns.max() > _LATEST_NS or np.ptp(time_ns) > _LONGEST_NS:
        raise RecordingError(f"{path}: the counter of {track.sensor} jumps by more than a day")
    # A counter may run backwards, but nothing arrives before what arrived earlier.
    arrival_ns = np.maximum.accumulate(np.rint(time_ns).astype(np.int64))
    payload = frames(track.ticks, track.acc, track.gyr, track.mag)
    layout = FRAME if track.mag is None else MAG_FRAME
    ends = np.arange(1, len(track.ticks) + 1) * layout.itemsize
    return PacketBlock(track.sensor, "motion", arrival_ns, payload, ends)


def _device_times(ticks: IntArray, timing: Timing) -> FloatArray:
    """Return the time of each tick (N,) in ns, unwrapped where the counter is narrow."""
    unwrapped = ticks
    if timing.bits < 64:
        half = 1 << (timing.bits - 1)
        steps = (np.diff(ticks, prepend=ticks[0]) + half) % (2 * half) - half
        unwrapped = ticks[0] + np.cumsum(steps)
    time_ns: FloatArray = unwrapped.astype(np.float64) * timing.tick_ns
    return time_ns
