"""Bytes to samples on an unbroken device time, mapped to the host's clock."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.decoding.packet_blocks import before_and_after, between, joined
from gateway.decoding.rate_watch import RATE, RateWatch
from gateway.decoding.readings import Reading
from gateway.decoding.refusals import refused_by_packet
from gateway.decoding.sampling import Sampling
from gateway.decoding.streams import Streams
from gateway.drivers import (
    FASTEST_HZ,
    SLOWEST_HZ,
    Battery,
    Decoded,
    Driver,
    Press,
    Samples,
    Settings,
    driver,
)
from gateway.errors import SettingError, UsageError
from gateway.link_state import (
    SETTINGS_CHANNEL,
    STATE_CHANNEL,
    SYNCED,
    read_settings,
    read_state,
)
from gateway.messages import (
    BatteryLevel,
    IntArray,
    LinkNews,
    Message,
    PacketBlock,
    Place,
    SensorNews,
    SensorSpec,
    Tick,
)

_NONE = Samples(np.zeros(0, np.int64), np.zeros(0, np.bool_))
"""Where nothing could be read of a sensor's first stream."""
_OF_ONE_SENSOR = ("firmware", "battery", "mac")
"""Read-back that does not matter to how bytes are read."""


def check_places(sensors: Sequence[SensorSpec]) -> None:
    """Raise SettingError, with the second's number, where two share a place or an identity."""
    worn: dict[Place, str] = {}
    named: set[str] = set()
    for number, spec in enumerate(sensors):
        # An address is the same in capitals.
        if spec.sensor.upper() in named:
            raise SettingError(
                f"sensor {spec.sensor} is there twice; name each sensor once", number, "sensor"
            )
        if spec.place is not None and spec.place in worn:
            raise SettingError(
                f"sensors {worn[spec.place]} and {spec.sensor} both claim place {spec.place}; "
                "give each sensor a place of its own",
                number,
                "place",
            )
        if spec.place is not None:
            worn[spec.place] = spec.sensor
        named.add(spec.sensor.upper())


@dataclass(frozen=True)
class _Group:
    """Sensors that are read the same way, and so together."""

    driver: Driver
    settings: Settings
    sensors: tuple[int, ...]


@dataclass
class _State:
    """What is carried from block to block; lists have an entry a sensor.

    ``waiting`` blocks came since the last Tick; ``kept`` are packets, by channel, that begin
    something whose rest has not come yet.
    """

    settings: list[Settings]
    waiting: list[list[PacketBlock]]
    kept: list[dict[str, PacketBlock]]
    learned: list[dict[str, Settings]]
    sampling: Sampling
    rates: RateWatch


class Decode:
    """Stage: PacketBlocks, gathered until the next Tick → ImuBlocks and what else was told.

    Packets of sensors that are not in the session are left alone. What the radio says of a sensor
    holds from its arrival on. With settings that were read back a connection begins, and with it a
    new segment of the sensor's clock.
    """

    consumes: tuple[type, ...] = (PacketBlock, Tick)

    def __init__(self, sensors: Sequence[SensorSpec]) -> None:
        check_places(sensors)
        self._sensors = tuple(sensors)
        self._index = {spec.sensor: index for index, spec in enumerate(sensors)}
        self._streams = Streams.of(sensors)
        self._state = _State(
            settings=[{"rate_hz": spec.rate_hz, **spec.settings} for spec in sensors],
            waiting=[[] for _ in sensors],
            kept=[{} for _ in sensors],
            learned=[{} for _ in sensors],
            sampling=Sampling(self._streams),
            rates=RateWatch(self._streams),
        )
        self._groups = self._grouped()

    def push(self, message: Message) -> Iterable[Message]:
        """Keep a block until the Tick that follows it."""
        match message:
            case Tick():
                return self._decode_waiting()
            case PacketBlock() if message.sensor in self._index and len(message.ends):
                self._state.waiting[self._index[message.sensor]].append(message)
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
        self._groups = self._grouped()

    def _decode_waiting(self) -> list[Message]:
        waiting, self._state.waiting = self._state.waiting, [[] for _ in self._sensors]
        produced: list[Message] = []
        for arrival_ns, sensor, channel, payload in _words_of_the_radio(waiting):
            earlier, waiting = _cut(waiting, arrival_ns)
            produced += self._decode(earlier)
            produced += self._heed(sensor, arrival_ns, channel, payload)
        return produced + self._decode(waiting)

    def _heed(
        self, sensor: int, arrival_ns: int, channel: str, payload: bytes
    ) -> Iterator[Message]:
        """Take what the radio says of a sensor; what cannot be read says nothing."""
        try:
            if channel == STATE_CHANNEL:
                link = read_state(payload)
                yield LinkNews(self._sensors[sensor].sensor, arrival_ns, link.state, link.why)
            else:
                read_back = read_settings(payload)
                self._start_anew(sensor, read_back)
                level = read_back.get("battery", "")
                if not isinstance(level, str):
                    yield BatteryLevel(self._sensors[sensor].sensor, arrival_ns, level, False)
        except (ValueError, UsageError):
            return

    def _start_anew(self, sensor: int, read_back: Settings) -> None:
        """Go on with a sensor that was connected and started, as it says it was.

        What a damaged file says that no such sensor can be is left out; may raise UsageError.
        """
        spec, first = self._sensors[sensor], int(self._streams.first[sensor])
        fresh = {name: value for name, value in read_back.items() if name not in _OF_ONE_SENSOR}
        settings = {**self._state.settings[sensor], **fresh}
        rate_hz = settings["rate_hz"]
        if isinstance(rate_hz, str) or not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            return
        if not _possible(spec.driver, fresh):
            return
        streams = driver(spec.driver).streams(settings, rate_hz)
        if len(streams) != np.count_nonzero(self._streams.sensor == sensor):
            return
        self._state.settings[sensor] = settings
        self._state.kept[sensor], self._state.learned[sensor] = {}, {}
        self._groups = self._grouped()
        for number, told in enumerate(streams):
            self._state.sampling.restart(
                first + number, SECOND_NS / told.rate_hz, shared=bool(settings.get(SYNCED, 0))
            )
            self._state.rates.expect(first + number, told.rate_hz)

    def _decode(self, waiting: list[list[PacketBlock]]) -> list[Message]:
        produced: list[Message] = []
        readings: list[Reading] = []
        for group in self._groups:
            for channel, blocks in _by_channel(group, waiting).items():
                produced += self._decode_channel(group, channel, blocks, readings)
        block = self._state.sampling.place(readings) if readings else None
        if block is None:
            return produced
        wrong = self._state.rates.push(block)
        return [*produced, *(self._rate_news(*told) for told in wrong), block]

    def _rate_news(self, stream: int, at_ns: int, text: str) -> SensorNews:
        sensor = self._sensors[int(self._streams.sensor[stream])].sensor
        return SensorNews(sensor, at_ns, RATE, text)

    def _decode_channel(
        self,
        group: _Group,
        channel: str,
        blocks: list[tuple[int, PacketBlock]],
        readings: list[Reading],
    ) -> Iterable[Message]:
        """Add what is read in ``blocks`` (sensor, block) to ``readings``; return the facts."""
        settings = group.settings
        if not group.driver.independent:
            sensor = group.sensors[0]
            kept = self._state.kept[sensor].pop(channel, None)
            blocks = blocks if kept is None else [(sensor, kept), *blocks]
            settings = {**settings, **self._state.learned[sensor].get(channel, {})}
        packets = joined([block for _, block in blocks])
        decoded = group.driver.decode(channel, packets, settings)
        if decoded.learned:
            self._state.learned[group.sensors[0]][channel] = decoded.learned
        if decoded.kept:
            whole = len(packets.ends) - decoded.kept
            self._state.kept[group.sensors[0]][channel] = between(packets, whole, len(packets.ends))
        sensor_of_packet = np.array([sensor for sensor, _ in blocks]).repeat(
            [len(block.ends) for _, block in blocks]
        )
        total = sum(decoded.refused.values())
        bad = refused_by_packet(group.driver, channel, packets, settings, total)
        first = self._streams.first[sensor_of_packet]
        series = decoded.samples
        if total and group.sensors[0] in self._streams.sensor and all(one.stream for one in series):
            series = (_NONE, *series)
        for samples in series:
            # What is refused is told of a sensor's first stream.
            refused = np.zeros_like(bad) if samples.stream else bad
            readings.append(Reading(samples, first + samples.stream, packets.arrival_ns, refused))
        return self._news(decoded, sensor_of_packet, packets.arrival_ns) if decoded.facts else ()

    def _news(
        self, decoded: Decoded, sensor_of_packet: IntArray, arrival_ns: IntArray
    ) -> Iterator[Message]:
        for at, fact in decoded.facts:
            sensor, at_ns = self._sensors[sensor_of_packet[at]].sensor, int(arrival_ns[at])
            match fact:
                case Battery(level=level, charging=charging):
                    yield BatteryLevel(sensor, at_ns, level, charging)
                case Press(times=times):
                    yield SensorNews(sensor, at_ns, "button", f"pressed {times} times")
                case _:
                    yield SensorNews(sensor, at_ns, fact.name, "", fact.value, fact.unit)

    def _grouped(self) -> tuple[_Group, ...]:
        alike: dict[str, list[int]] = {}
        for index, (spec, settings) in enumerate(
            zip(self._sensors, self._state.settings, strict=True)
        ):
            alone = "" if driver(spec.driver).independent else spec.sensor
            key = f"{spec.driver} {alone} {sorted(settings.items())}"
            alike.setdefault(key, []).append(index)
        return tuple(
            _Group(
                driver(self._sensors[members[0]].driver),
                self._state.settings[members[0]],
                tuple(members),
            )
            for members in alike.values()
        )


def _possible(name: str, read_back: Settings) -> bool:
    """Say whether a driver's sensor can have these settings; what else it tells is a number."""
    known = {setting.name: setting for setting in driver(name).about.settings}
    return all(
        known[key].allows(value)
        if key in known
        else not isinstance(value, str) and 0 <= value < math.inf
        for key, value in read_back.items()
    )


def _words_of_the_radio(
    waiting: list[list[PacketBlock]],
) -> list[tuple[int, int, str, bytes]]:
    """Take out what the radio says, as (arrival, sensor, channel, payload), in order."""
    words: list[tuple[int, int, str, bytes]] = []
    for sensor, blocks in enumerate(waiting):
        for block in [b for b in blocks if b.channel in (STATE_CHANNEL, SETTINGS_CHANNEL)]:
            blocks.remove(block)
            ends = block.ends.tolist()
            words += [
                (int(arrival), sensor, block.channel, block.payload[start:end])
                for arrival, start, end in zip(block.arrival_ns, [0, *ends[:-1]], ends, strict=True)
            ]
    return sorted(words, key=lambda word: word[:2])


def _cut(
    waiting: list[list[PacketBlock]], at_ns: int
) -> tuple[list[list[PacketBlock]], list[list[PacketBlock]]]:
    """Return the packets that arrived before ``at_ns``, and the others, by sensor."""
    halves = [[before_and_after(block, at_ns) for block in blocks] for blocks in waiting]
    earlier = [[half[0] for half in own if len(half[0].ends)] for own in halves]
    later = [[half[1] for half in own if len(half[1].ends)] for own in halves]
    return earlier, later


def _by_channel(
    group: _Group, waiting: list[list[PacketBlock]]
) -> Mapping[str, list[tuple[int, PacketBlock]]]:
    """Return (sensor, block) of a group's sensors by channel."""
    found: dict[str, list[tuple[int, PacketBlock]]] = {}
    for sensor in group.sensors:
        for block in waiting[sensor]:
            found.setdefault(block.channel, []).append((sensor, block))
    return found
