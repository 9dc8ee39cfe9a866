"""A driver and a virtual sensor of its kind on one desk: no radio between them."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from gateway.drivers import Decoded, Driver, Settings, settled
from gateway.drivers.talk import Ask, Pause, Procedure, Read, Repeat, Step, Subscribe, Write, names
from gateway.messages import PacketBlock, RawPacket
from gateway.packet_blocks import between, gathered, joined
from gateway.quaternion import from_axis_angle
from simulators.peripherals import Movement, Notification, Peripheral, characteristics

SENSOR = "C0:FF:EE:00:00:01"


class Desk:
    """Runs the driver's procedures against the sensor and keeps what the sensor notifies."""

    def __init__(
        self,
        driver: Driver,
        sensor: Peripheral,
        settings: Settings | None = None,
        rate_hz: float | None = None,
    ) -> None:
        self.driver = driver
        self.sensor = sensor
        self.rate_hz = rate_hz or max(driver.about.rates_hz, default=100.0)
        self.settings = dict(settled(driver.name, settings or {}, self.rate_hz))
        self.steps: list[Step] = []
        self.repeated: list[Repeat] = []
        self.packets: list[RawPacket] = []
        self._channels: dict[tuple[str, str], str] = {}

    def start(self) -> Settings:
        """Run the start procedure; what was read back joins the settings."""
        read_back = self._run(self.driver.start(self.settings, self.rate_hz))
        self.settings |= read_back
        return read_back

    def stop(self) -> None:
        """Run the stop procedure, then end the subscriptions, as a client does that leaves."""
        self._run(self.driver.stop(self.settings, self.rate_hz))
        for characteristic, service in self._channels:
            self._take(self.sensor.subscribed(characteristic, False, service))
        self._channels.clear()

    def feel(self, movement: Movement) -> None:
        """Let the sensor move."""
        self._take(self.sensor.stream(movement))

    def block(self, channel: str = "motion") -> PacketBlock:
        """Return what was notified on a channel."""
        return gathered([packet for packet in self.packets if packet.channel == channel])[0]

    def channels(self) -> list[str]:
        """Return the channels on which something was notified."""
        return sorted({packet.channel for packet in self.packets})

    def decoded(self, channel: str = "motion") -> Decoded:
        """Return what the driver makes of it."""
        return self.driver.decode(channel, self.block(channel), self.settings)

    def said(self) -> list[str]:
        """Return, as hexadecimal digits, all that procedures wrote."""
        return [step.payload.hex() for step in self.steps if isinstance(step, Write | Ask)]

    def repeat(self) -> None:
        """Do once what shall be repeated."""
        for step in self.repeated:
            self._take(self.sensor.written(step.characteristic, step.payload, step.service))

    def _run(self, procedure: Procedure) -> Settings:
        try:
            step = next(procedure)
            while True:
                step = procedure.send(self._do(step))
        except StopIteration as end:
            return dict(end.value)

    def _do(self, step: Step) -> bytes:
        self.steps.append(step)
        if not isinstance(step, Pause):
            step = dataclasses.replace(step, characteristic=self._uuid(step.characteristic))
        match step:
            case Subscribe():
                known = characteristics(self.sensor.services)[step.characteristic]
                assert {"notify", "indicate"} & set(known.properties), step
                self._channels[step.characteristic, step.service] = step.channel
                self._take(self.sensor.subscribed(step.characteristic, True, step.service))
            case Write():
                self._write(step)
            case Read(optional=True) if step.characteristic not in characteristics(
                self.sensor.services
            ):
                return b""
            case Read():
                return self.sensor.read(step.characteristic, step.service)
            case Ask():
                before = len(self.packets)
                self._write(Write(step.characteristic, step.payload, step.response, step.service))
                answers = (p for p in self.packets[before:] if p.channel == step.channel)
                answer = next((p for p in answers if p.payload.startswith(step.answer)), None)
                assert answer is not None or step.optional, f"no answer to {step}"
                return b"" if answer is None else answer.payload
            case Repeat():
                self.repeated.append(step)
        return b""

    def _uuid(self, characteristic: str) -> str:
        """Return the sensor's UUID for what a step names."""
        known = characteristics(self.sensor.services)
        return next((uuid for uuid in known if names(characteristic, uuid)), characteristic)

    def _write(self, step: Write) -> None:
        known = characteristics(self.sensor.services)[step.characteristic]
        wanted = "write" if step.response else "write-without-response"
        assert wanted in known.properties, f"{step} but {known}"
        self._take(self.sensor.written(step.characteristic, step.payload, step.service))

    def _take(self, notifications: Sequence[Notification]) -> None:
        for told in notifications:
            channel = self._channels.get((told.characteristic, told.service))
            if channel is not None:
                arrival_ns = 1_000_000 * len(self.packets)
                self.packets.append(RawPacket(SENSOR, arrival_ns, told.payload, channel))


def in_pieces(
    driver: Driver, channel: str, block: PacketBlock, settings: Settings, cuts: Sequence[int]
) -> list[tuple[int, Decoded]]:
    """Decode a block cut at ``cuts``, kept packets handed in again; with each piece's first."""
    pieces: list[tuple[int, Decoded]] = []
    bounds = [0, *cuts, len(block.ends)]
    kept = 0
    for first, last in itertools.pairwise(bounds):
        if first == last:
            continue
        piece = joined([between(block, first - kept, first), between(block, first, last)])
        decoded = driver.decode(channel, piece, settings)
        pieces.append((first - kept, decoded))
        kept = decoded.kept
    return pieces


def movement(rate_hz: float, seconds: float = 2.0, start_s: float = 5.0) -> Movement:
    """A sensor that is swung about all its axes, gently enough for any range."""
    index = np.arange(round(seconds * rate_hz))
    t = start_s + index / rate_hz
    gyr = np.stack([2 * np.sin(3 * t), 1.5 * np.cos(2 * t), 0.8 * np.sin(5 * t + 1)], axis=1)
    acc = np.stack([3 * np.sin(2 * t), 9 + np.cos(4 * t), 2 * np.cos(t)], axis=1)
    angle = 0.5 * np.sin(2 * t)
    quat = from_axis_angle(np.array([0.6, 0.0, 0.8]), angle)
    return Movement(np.rint(t * 1e9).astype(np.int64), acc, gyr, quat)


def steps(procedure: Procedure, answers: Mapping[str, bytes] | None = None) -> list[Step]:
    """Return what a procedure does where a read, by its characteristic, comes to these bytes."""
    done: list[Step] = []
    with contextlib.suppress(StopIteration):
        done.append(next(procedure))
        while True:
            step = done[-1]
            answer = (answers or {}).get(step.characteristic) if isinstance(step, Read) else None
            done.append(procedure.send(answer or b""))
    return done


def written(done: Sequence[Step]) -> list[tuple[str, str]]:
    """Return characteristic and bytes in hexadecimal of every write among ``done``."""
    return [(step.characteristic, step.payload.hex()) for step in done if isinstance(step, Write)]


def subscribed(done: Sequence[Step]) -> list[str]:
    """Return the characteristics that are subscribed to among ``done``."""
    return [step.characteristic for step in done if isinstance(step, Subscribe)]
