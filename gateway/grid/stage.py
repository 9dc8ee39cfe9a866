"""All sensors of a person on one time grid, with a stated hold-back (``gateway.grid.hold_back``).

Grid sample ``k`` at time ``t`` rests on what had arrived by ``t + hold_back``: later data is
missing for it, so a late or dead sensor delays nobody beyond that, and a replay of the same
arrivals gives the same grid. Between two samples the value is interpolated; where the newer one
is missing the last value is held for at most ``bridge``; beyond that the sensor is missing (NaN).
A sensor that is clearly faster than the grid passes a low-pass first (``gateway.grid.low_pass``),
and its samples are waited for one grid interval longer, within the hold-back.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.decoding.rate_watch import RATE
from gateway.decoding.streams import Streams
from gateway.grid.low_pass import LowPass
from gateway.grid.plausibility import Finding, Plausibility
from gateway.grid.resample import OnGrid, resample
from gateway.grid.tally import WRONG, Tally
from gateway.grid.tracks import Tracks
from gateway.messages import (
    BatteryLevel,
    BodyBlock,
    Figure,
    ImuBlock,
    LinkNews,
    Marker,
    Message,
    Place,
    Quality,
    SensorNews,
    SensorSpec,
    Tick,
)

RIGHT_AGAIN = "it is right again"


@dataclass
class _State:
    """Everything that changes."""

    tracks: Tracks
    tally: Tally
    plausibility: Plausibility
    next_index: int = 0
    next_second: int = 0
    now_ns: int = 0


class Align:
    """Stage: ImuBlock and Tick → BodyBlock in hops cut by grid index, SensorStatus each second.

    A hop is given out once every sensor has delivered it, or at the latest when a Tick says that
    the hold-back of its last sample is over. ``judge_places`` is as in
    ``gateway.grid.plausibility``.
    """

    consumes: tuple[type, ...] = (ImuBlock, BatteryLevel, LinkNews, SensorNews, Tick)

    def __init__(
        self,
        person: str,
        sensors: Sequence[SensorSpec],
        origin_ns: int,
        rate_hz: float,
        hold_back_s: float,
        bridge_s: float,
        hop_samples: int,
        *,
        judge_places: bool = True,
    ) -> None:
        self._person = person
        self._sensors = tuple(sensors)
        self._streams = Streams.of(sensors)
        worn = {spec.place: row for row, spec in enumerate(sensors) if spec.place}
        self._places = tuple(place for place in Place if place in worn)
        self._rows = np.array([worn[place] for place in self._places], np.int64)
        self._origin_ns = origin_ns
        self._rate_hz = rate_hz
        self._hold_back_ns = round(hold_back_s * SECOND_NS)
        self._bridge_ns = round(bridge_s * SECOND_NS)
        self._hop = hop_samples
        self._low_pass = LowPass.of(self._streams, rate_hz)
        half_width_ns = 0 if self._low_pass is None else self._low_pass.half_width_ns
        self._kept_ns = max(self._bridge_ns, half_width_ns)
        self._state = _State(
            Tracks(len(self._streams.each), origin_ns, self._streams.channels),
            Tally(self._streams, origin_ns, rate_hz, self._hold_back_ns),
            Plausibility(sensors, rate_hz, judge_places=judge_places),
        )

    def push(self, message: Message) -> Iterable[Message]:
        """Take samples; a Tick gives out what is due."""
        match message:
            case ImuBlock() if len(message.stream):
                self._state.tracks.append(message)
                self._state.tally.append(message)
            case BatteryLevel():
                self._state.tally.said(message)
            case LinkNews():
                self._state.tally.said(message)
                text = f"{message.link}: {message.why}" if message.why else str(message.link)
                return [self._marker(message, "state", text)]
            case SensorNews():
                return [self._told(message)]
            case Tick():
                self._state.now_ns = message.now_ns
                return self._due(message.now_ns)
        return ()

    def flush(self) -> Iterable[Message]:
        """Give out the grid as far as any sensor, or the hold-back, reached by the last Tick."""
        reached_ns = max(self._state.tracks.reached_ns.tolist(), default=-1)
        overdue_ns = self._state.now_ns - self._hold_back_ns - self._origin_ns
        end_ns = max(reached_ns, overdue_ns)
        if end_ns < 0:
            return []
        due = self._due(self._origin_ns + end_ns + self._hold_back_ns)
        rest = self._emit(self._index_at(end_ns) + 1)
        return [*due, *rest, *self._statuses(self._origin_ns + end_ns)]

    def snapshot(self) -> object:
        """Return what has not been given out yet."""
        return copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, _State)
        self._state = copy.deepcopy(snapshot)

    def _told(self, news: SensorNews) -> Message:
        """Put news of a sensor on the session's timeline: a figure, or a remark."""
        if news.kind in (WRONG, RATE):
            self._state.tally.said(news)
        if news.unit:
            t_s, quality = self._time_s(news.arrival_ns), Quality(real_share=1.0)
            return Figure(self._person, t_s, news.kind, None, news.value, news.unit, quality)
        return self._marker(news, news.kind, news.text or RIGHT_AGAIN)

    def _marker(self, news: LinkNews | SensorNews, kind: str, text: str) -> Marker:
        label = next(spec.label for spec in self._sensors if spec.sensor == news.sensor)
        t_s = self._time_s(news.arrival_ns)
        return Marker(self._person, t_s, f"sensor_{kind}", f"{label}: {text}")

    def _time_s(self, host_ns: int) -> float:
        return (host_ns - self._origin_ns) / SECOND_NS

    def _due(self, now_ns: int) -> list[Message]:
        overdue_ns = now_ns - self._hold_back_ns - self._origin_ns
        reached_ns = self._state.tracks.reached_ns
        if self._low_pass is not None:
            reached_ns = reached_ns - self._low_pass.ahead_ns
        complete_ns = min(reached_ns.tolist(), default=overdue_ns)
        end = (self._index_at(max(complete_ns, overdue_ns)) + 1) // self._hop * self._hop
        produced: list[Message] = []
        while self._state.next_index < end:
            produced += self._emit(self._state.next_index + self._hop)
        return produced + self._statuses(now_ns)

    def _emit(self, end: int) -> list[Message]:
        """Give out the grid from the next index to ``end``."""
        start = self._state.next_index
        if end <= start:
            return []
        grid_ns = np.rint(np.arange(start, end) * (SECOND_NS / self._rate_hz)).astype(np.int64)
        tracks = self._state.tracks
        placed = self._by_sensor(
            resample(tracks, grid_ns, self._hold_back_ns, self._bridge_ns, self._low_pass)
        )
        tracks.forget(int(grid_ns[-1]) - self._kept_ns)
        self._state.next_index = end
        found = self._state.plausibility.judge(start, placed)
        self._state.tally.append_grid(placed.real)
        return [self._body_block(start, placed), *map(self._remark, found)]

    def _remark(self, found: Finding) -> Marker:
        """Put what is wrong with a sensor on the session's timeline, and in its status."""
        spec, t_s = self._sensors[found.sensor], found.at / self._rate_hz
        at_ns = self._origin_ns + round(t_s * SECOND_NS)
        self._state.tally.said(SensorNews(spec.sensor, at_ns, WRONG, found.text))
        text = f"{spec.label}: {found.text or RIGHT_AGAIN}"
        return Marker(self._person, t_s, f"sensor_{WRONG}", text)

    def _by_sensor(self, placed: OnGrid) -> OnGrid:
        """Return the streams of each sensor as one; valid where it has all of its motion."""
        acc, gyr, mag = self._streams.acc, self._streams.gyr, self._streams.mag
        if self._streams.plain:
            return placed
        shape = (len(acc), *placed.real.shape[1:])
        motion = np.full((*shape, self._streams.channels), np.nan)
        whole = (acc >= 0) & (gyr >= 0)
        motion[whole, :, :3] = placed.motion[acc[whole], :, :3]
        motion[whole, :, 3:6] = placed.motion[gyr[whole], :, 3:6]
        motion[mag >= 0, :, 6:] = placed.motion[mag[mag >= 0], :, 6:]
        valid, real, clipped = (np.zeros(shape, np.bool_) for _ in range(3))
        valid[whole] = placed.valid[acc[whole]] & placed.valid[gyr[whole]]
        real[whole] = placed.real[acc[whole]] & placed.real[gyr[whole]]
        clipped[whole] = placed.clipped[acc[whole]] | placed.clipped[gyr[whole]]
        motion[~valid] = np.nan
        return OnGrid(motion, valid, real, clipped, placed.ready_ns)

    def _body_block(self, start: int, placed: OnGrid) -> BodyBlock:
        motion = placed.motion.take(self._rows, axis=0).swapaxes(0, 1)
        return BodyBlock(
            person=self._person,
            start=start,
            rate_hz=self._rate_hz,
            ready_ns=self._origin_ns + placed.ready_ns,
            places=self._places,
            acc=motion[..., :3],
            gyr=motion[..., 3:6],
            valid=placed.valid.take(self._rows, axis=0).T,
            real=placed.real.take(self._rows, axis=0).T,
            mag=motion[..., 6:] if motion.shape[2] > 6 else None,
        )

    def _statuses(self, now_ns: int) -> list[Message]:
        """Tell of every second that both the clock and the grid have passed."""
        state = self._state
        produced: list[Message] = []
        while True:
            end_ns = self._origin_ns + (state.next_second + 1) * SECOND_NS
            if now_ns < end_ns or state.next_index < (state.next_second + 1) * self._rate_hz:
                return produced
            produced += state.tally.close(self._person, self._sensors, state.next_second, end_ns)
            state.next_second += 1

    def _index_at(self, elapsed_ns: int) -> int:
        """Return the last grid index at or before a time since the origin."""
        return math.floor(elapsed_ns * (self._rate_hz / SECOND_NS) + 1e-9)
