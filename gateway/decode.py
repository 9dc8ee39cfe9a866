"""Bytes to samples on an unbroken device time, mapped to the host's clock."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.clock import SECOND_NS, ClockFit, Unwrapped, Unwrapper
from gateway.drivers import Driver, Samples, Settings, driver
from gateway.errors import UsageError
from gateway.messages import (
    BatteryLevel,
    FloatArray,
    ImuBlock,
    IntArray,
    Message,
    PacketBlock,
    SensorSpec,
    Tick,
)
from gateway.packet_blocks import joined
from gateway.runs import Runs


def check_places(sensors: Sequence[SensorSpec]) -> None:
    """Raise UsageError where two sensors share a place or an identity."""
    for kind in ("place", "sensor"):
        seen: dict[str, SensorSpec] = {}
        for spec in sensors:
            value = str(getattr(spec, kind))
            if value in seen:
                raise UsageError(
                    f"sensors {seen[value].sensor} and {spec.sensor} both claim {kind} {value}; "
                    "give each sensor a place and a name of its own"
                )
            seen[value] = spec


@dataclass(frozen=True)
class _Group:
    """Sensors that are read the same way, and so together."""

    driver: Driver
    settings: Settings
    sensors: tuple[int, ...]
    tick_ns: float | None


@dataclass
class _State:
    """What is carried from block to block; arrays have a value a sensor."""

    waiting: list[list[PacketBlock]]
    unwrapper: Unwrapper
    fit: ClockFit
    counted: IntArray
    refused: IntArray


class Decode:
    """Stage: PacketBlocks, gathered until the next Tick → one ImuBlock, and BatteryLevels.

    Packets of sensors that are not in the session are left alone.
    """

    consumes: tuple[type, ...] = (PacketBlock, Tick)

    def __init__(self, sensors: Sequence[SensorSpec]) -> None:
        check_places(sensors)
        self._index = {spec.sensor: index for index, spec in enumerate(sensors)}
        self._groups = _groups(sensors)
        self._periods_ns = np.array([SECOND_NS / spec.rate_hz for spec in sensors])
        clocks = [driver(s.driver).clock(s.settings, s.rate_hz) for s in sensors]
        self._state = _State(
            waiting=[[] for _ in sensors],
            unwrapper=Unwrapper([2.0**c.bits * c.tick_ns if c else np.inf for c in clocks]),
            fit=ClockFit(self._periods_ns.tolist(), [c is not None for c in clocks]),
            counted=np.zeros(len(sensors), np.int64),
            refused=np.zeros(len(sensors), np.int64),
        )

    def push(self, message: Message) -> Iterable[Message]:
        """Keep a block until the Tick that follows it; tell battery levels at once."""
        match message:
            case Tick():
                return self._decode_waiting()
            case PacketBlock(channel="motion") if message.sensor in self._index:
                self._state.waiting[self._index[message.sensor]].append(message)
            case PacketBlock(channel="battery") if message.sensor in self._index:
                return self._battery(message)
        return ()

    def flush(self) -> Iterable[Message]:
        """Decode what no Tick has followed."""
        return self._decode_waiting()

    def snapshot(self) -> object:
        """Return the clocks of all sensors and the blocks that wait."""
        return copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, _State)
        self._state = copy.deepcopy(snapshot)

    def _battery(self, block: PacketBlock) -> Iterable[Message]:
        group = next(g for g in self._groups if self._index[block.sensor] in g.sensors)
        starts = [0, *block.ends[:-1].tolist()]
        for start, end, arrival in zip(starts, block.ends, block.arrival_ns, strict=True):
            read = group.driver.battery(block.payload[start:end])
            if read is not None:
                yield BatteryLevel(block.sensor, int(arrival), *read)

    def _decode_waiting(self) -> Iterable[Message]:
        waiting, self._state.waiting = self._state.waiting, [[] for _ in self._index]
        blocks = [self._decode(group, waiting) for group in self._groups]
        found = [block for block in blocks if block is not None]
        return [_merge(found)] if found else []

    def _decode(self, group: _Group, waiting: list[list[PacketBlock]]) -> ImuBlock | None:
        blocks = [(sensor, block) for sensor in group.sensors for block in waiting[sensor]]
        if not blocks:
            return None
        packets = joined([block for _, block in blocks])
        counts = np.array([len(block.ends) for _, block in blocks])
        sensor_of_packet = np.array([sensor for sensor, _ in blocks]).repeat(counts)
        samples = group.driver.decode(packets, group.settings)
        sensor = sensor_of_packet[samples.packet]
        arrival_ns = packets.arrival_ns[samples.packet]
        raw_ns = self._raw_ns(group, sensor, samples)
        runs, rows = Runs(sensor), _readable(samples)
        if len(rows) < len(sensor):
            runs, raw_ns, arrival_ns = Runs(sensor[rows]), raw_ns[rows], arrival_ns[rows]
        unwrapped = self._state.unwrapper.push(runs, raw_ns, arrival_ns)
        if len(unwrapped.row) < len(rows):
            rows, arrival_ns = rows[unwrapped.row], arrival_ns[unwrapped.row]
            runs = Runs(sensor[rows])
        refused = self._refused(sensor_of_packet, samples.packet, sensor, rows)
        if len(rows) == 0:
            return None
        return self._imu_block(samples, runs, arrival_ns, rows, refused, unwrapped)

    def _raw_ns(self, group: _Group, sensor: IntArray, samples: Samples) -> FloatArray:
        """Return the raw device time of every sample; without one, the samples are counted."""
        if group.tick_ns is not None and samples.ticks is not None:
            return samples.ticks.astype(np.float64) * group.tick_ns
        runs = Runs(sensor)
        count = self._state.counted[sensor] + runs.rank
        self._state.counted[runs.sensors] = count[runs.last] + 1
        raw_ns: FloatArray = count * self._periods_ns[sensor]
        return raw_ns

    def _imu_block(
        self,
        samples: Samples,
        runs: Runs,
        arrival_ns: IntArray,
        rows: IntArray,
        refused: IntArray,
        unwrapped: Unwrapped,
    ) -> ImuBlock:
        host_ns, error_s = self._state.fit.push(
            runs, unwrapped.device_ns, arrival_ns, unwrapped.segment
        )
        every = len(rows) == len(samples.packet)
        return ImuBlock(
            sensor=runs.run,
            device_ns=unwrapped.device_ns,
            arrival_ns=arrival_ns,
            host_ns=host_ns,
            acc=samples.acc if every else samples.acc[rows],
            gyr=samples.gyr if every else samples.gyr[rows],
            clipped=samples.clipped if every else samples.clipped[rows],
            segment=unwrapped.segment,
            lost=self._lost(runs, unwrapped),
            refused=refused,
            clock_error_s=error_s,
        )

    def _lost(self, runs: Runs, unwrapped: Unwrapped) -> IntArray:
        """Return how many samples are missing just before each, by the device's clock."""
        periods = np.rint(unwrapped.step_ns / self._periods_ns[runs.run])
        lost: IntArray = np.maximum(periods.astype(np.int64) - 1, 0)
        return lost

    def _refused(
        self, sensor_of_packet: IntArray, packet: IntArray, sensor: IntArray, row: IntArray
    ) -> IntArray:
        """Return how many packets and samples were refused just before each kept row."""
        refused = np.zeros(len(row), np.int64)
        carried = self._state.refused
        if len(row) == len(sensor_of_packet) == len(packet):
            if np.count_nonzero(carried):
                runs = Runs(sensor)
                refused[runs.start], carried[runs.sensors] = carried[runs.sensors], 0
            return refused
        bad_packet, bad_row = np.ones(len(sensor_of_packet), int), np.ones(len(packet), int)
        bad_packet[packet], bad_row[row] = 0, 0
        bad_so_far = (np.cumsum(bad_packet)[packet] + np.cumsum(bad_row))[row]
        earlier = 0
        for which in np.unique(sensor_of_packet):
            own = sensor[row] == which
            total = bad_packet[sensor_of_packet == which].sum() + bad_row[sensor == which].sum()
            so_far = np.concatenate([[0], bad_so_far[own] - earlier + carried[which]])
            refused[own] = np.diff(so_far)
            carried[which] += total - (so_far[-1] if own.any() else 0)
            earlier += total
        return refused


def _groups(sensors: Sequence[SensorSpec]) -> tuple[_Group, ...]:
    alike: dict[str, list[int]] = {}
    for index, spec in enumerate(sensors):
        alike.setdefault(f"{spec.driver} {sorted(spec.settings.items())}", []).append(index)
    groups = []
    for members in alike.values():
        spec = sensors[members[0]]
        clock = driver(spec.driver).clock(spec.settings, spec.rate_hz)
        tick_ns = None if clock is None else clock.tick_ns
        groups.append(_Group(driver(spec.driver), spec.settings, tuple(members), tick_ns))
    return tuple(groups)


def _readable(samples: Samples) -> IntArray:
    """Return the rows that are finite throughout."""
    finite = np.isfinite(samples.acc) & np.isfinite(samples.gyr)
    if np.count_nonzero(finite) == finite.size:
        return np.arange(len(finite))
    return np.flatnonzero(finite.all(axis=1))


def _merge(blocks: list[ImuBlock]) -> ImuBlock:
    """Return the blocks of several groups as one, sensor by sensor."""
    if len(blocks) == 1:
        return blocks[0]
    order = np.argsort(np.concatenate([block.sensor for block in blocks]), kind="stable")
    names = [field.name for field in dataclasses.fields(ImuBlock)]
    return ImuBlock(
        **{name: np.concatenate([getattr(b, name) for b in blocks])[order] for name in names}
    )
