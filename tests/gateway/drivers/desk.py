"""A driver and a virtual sensor of its kind on one desk: no radio between them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from gateway.decoding.packet_blocks import between, gathered, joined
from gateway.drivers import Decoded, Driver, Settings, settled
from gateway.drivers.talk import Ask, Procedure, Read, Repeat, Step, Subscribe, Write
from gateway.messages import PacketBlock, RawPacket
from gateway.quaternion import from_axis_angle
from simulators.peripherals import Movement, Peripheral, Property
from simulators.plans.talk import Talk

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
        self._talk = Talk(driver, sensor)

    @property
    def repeated(self) -> list[Repeat]:
        """What procedures want repeated."""
        return self._talk.repeated

    @property
    def packets(self) -> list[RawPacket]:
        """What was notified so far, a millisecond apart."""
        return [
            RawPacket(SENSOR, 1_000_000 * number, told.payload, channel)
            for number, (channel, told) in enumerate(self._talk.heard)
        ]

    def start(self) -> Settings:
        """Run the start procedure; what was read back joins the settings."""
        read_back = self.run(self.driver.start(self.settings, self.rate_hz))
        self.settings |= read_back
        return read_back

    def stop(self) -> None:
        """Run the stop procedure, then end the subscriptions."""
        self.run(self.driver.stop(self.settings, self.rate_hz))
        self._talk.leave()

    def run(self, procedure: Procedure) -> Settings:
        """Run any procedure; return what it read back."""
        return self._talk.run(self._watched(procedure))

    def feel(self, movement: Movement) -> None:
        """Let the sensor move."""
        self._talk.feel(movement)

    def repeat(self) -> None:
        """Do once what shall be repeated."""
        self._talk.repeat()

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

    def _watched(self, procedure: Procedure) -> Procedure:
        """Return the procedure; each of its steps is noted, and is one that the sensor allows."""
        answer: bytes | None = None
        while True:
            try:
                step = next(procedure) if answer is None else procedure.send(answer)
            except StopIteration as end:
                return dict(end.value)
            self.steps.append(step)
            if isinstance(step, Subscribe | Write | Ask):
                known = self._talk.named(step.characteristic)
                assert known is not None, step
                optional = isinstance(step, Subscribe) and step.optional
                assert optional or _needed(step) & set(known.properties), f"{step} but {known}"
            answer = yield step


def _needed(step: Subscribe | Write | Ask) -> set[Property]:
    """Return the properties of a characteristic that allow a step, any of which is enough."""
    if isinstance(step, Subscribe):
        return {"notify", "indicate"}
    return {"write"} if step.response else {"write-without-response"}


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
        settings = {**settings, **decoded.learned}
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
