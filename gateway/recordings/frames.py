"""Recordings of data sets: samples with counters, played as frames of ``sample_frame``.

These sets have no arrival times, so a frame arrives at its own device time: at the moment that
its counter or time stamp says. Lost samples are missing in the frames as they were on the day.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
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
from gateway.recordings.clock_jumps import without_jumps_back
from gateway.recordings.full_scale import full_scale

RATES_HZ = (10.0, 2000.0)
"""Slower, nothing of a movement is told; faster, no sensor for bodies is."""

_LONG_SILENCE_S = 5.0
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
    is what the set notes of the person's, ``remarks`` what a reader of figures should know.

    A clock that jumps back goes on in usual steps. Raises RecordingError for a clock that cannot
    be.
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
        remarks: Sequence[str] = (),
    ) -> None:
        _check(path, timing)
        steadied = [_steadied(path, track, timing) for track in tracks]
        tracks = [track for track, _ in steadied]
        self.name = name
        self.person = _pseudonym(person)
        self.remarks = (*remarks, *(told for _, odd in steadied for told in odd))
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


def _pseudonym(subject: str) -> str:
    """Return what a set calls a person as we may call one."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", subject)[:64] or "person"


def absent(places: Iterable[Place]) -> list[str]:
    """Say that the trial has no sensor at the ``places``, where other trials of its set do."""
    return [f"{place.replace('_', ' ')}: it has no sensor" for place in places]


def whole_ticks(path: Path, values: FloatArray) -> IntArray:
    """Return counter values (N,) as integers; raises RecordingError where they are none."""
    exact = np.where(np.abs(values) < _LARGEST_EXACT, values, -1.0)
    ticks = np.rint(exact).astype(np.int64)
    if not ((ticks >= 0) & (np.abs(ticks - exact) < 1e-3)).all():
        raise RecordingError(f"{path}: the counter holds values that are no whole numbers")
    return ticks


def _check(path: Path, timing: Timing) -> None:
    """Raise RecordingError for a rate or a clock that no sensor has."""
    slowest_hz, fastest_hz = RATES_HZ
    if not (slowest_hz <= timing.rate_hz <= fastest_hz and 0 < timing.tick_ns < np.inf):
        raise RecordingError(
            f"{path}: {timing.rate_hz:g} samples a second are not between {slowest_hz:g} and "
            f"{fastest_hz:g}; is its rate or the unit of its time stamps right?"
        )


def _gapped(track: Track) -> list[str]:
    """Say which axes have no value, in words."""
    kinds = (("acceleration", track.acc), ("rate of turn", track.gyr))
    who = track.place.replace("_", " ")
    return [
        f"{who}: {what} along {' and '.join('xyz'[axis] for axis in empty)} has no values"
        for what, values in kinds
        if len(empty := np.flatnonzero(np.isnan(values).all(axis=0)))
    ]


def _steadied(path: Path, track: Track, timing: Timing) -> tuple[Track, list[str]]:
    """Return the track with a clock that never jumps back, and what was odd about it."""
    if not len(track.ticks):
        raise RecordingError(f"{path}: {track.sensor} has no sample")
    ticks, jumps = without_jumps_back(_unwrapped(track.ticks, timing))
    ahead_s = np.diff(ticks, prepend=ticks[:1]).max() * timing.tick_ns / SECOND_NS
    who = track.place.replace("_", " ")
    odd = [f"{who}: its clock jumps back, {jumps} in all, and is taken to go on"] if jumps else []
    if ahead_s > _LONG_SILENCE_S:
        odd.append(f"{who}: its clock jumps ahead by {ahead_s:.0f} s, or it was silent for so long")
    odd += _gapped(track)
    if jumps:
        wrapped = ticks if timing.bits >= 64 else ticks % (1 << timing.bits)
        track = dataclasses.replace(track, ticks=wrapped)
    return track, odd


def _spec(track: Track, timing: Timing) -> SensorSpec:
    settings: dict[str, int | float | str] = {"tick_ns": timing.tick_ns, "bits": timing.bits}
    if track.mag is not None:
        settings["mag"] = 1
    scales = {"acc_full_scale": full_scale(track.acc), "gyr_full_scale": full_scale(track.gyr)}
    settings |= {name: scale for name, scale in scales.items() if scale}
    return SensorSpec(track.sensor, track.place, DRIVER.name, timing.rate_hz, settings)


def _block(path: Path, track: Track, timing: Timing) -> PacketBlock:
    time_ns = _unwrapped(track.ticks, timing).astype(np.float64) * timing.tick_ns
    if time_ns.max() > _LATEST_NS or np.ptp(time_ns) > _LONGEST_NS:
        raise RecordingError(f"{path}: the counter of {track.sensor} jumps by more than a day")
    # A counter may run backwards, but nothing arrives before what arrived earlier.
    arrival_ns = np.maximum.accumulate(np.rint(time_ns).astype(np.int64))
    payload = frames(track.ticks, track.acc, track.gyr, track.mag)
    layout = FRAME if track.mag is None else MAG_FRAME
    ends = np.arange(1, len(track.ticks) + 1) * layout.itemsize
    return PacketBlock(track.sensor, "motion", arrival_ns, payload, ends)


def _unwrapped(ticks: IntArray, timing: Timing) -> IntArray:
    """Return the ticks (N,) of a counter that is narrow as those of one that never wraps."""
    if timing.bits >= 64:
        return ticks
    half = 1 << (timing.bits - 1)
    steps = (np.diff(ticks, prepend=ticks[0]) + half) % (2 * half) - half
    unwrapped: IntArray = ticks[0] + np.cumsum(steps)
    return unwrapped
