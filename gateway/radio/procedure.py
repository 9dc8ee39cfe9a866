"""A sensor's side of the talk: runs a driver's procedures over a link, and passes on what it says.

Until the procedure that starts a sensor has ended, what it notifies is held back, so that its
settings come first; it is stamped anew when it is let go, for packets are emitted in the order of
their stamps, and an early stamp is of no use to anyone before the sensor's clock is known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.drivers import Settings
from gateway.drivers.talk import Ask, Pause, Procedure, Read, Repeat, Step, Subscribe, Write
from gateway.errors import SourceError
from gateway.messages import RawPacket
from gateway.radio.link import Heard, Link

ASKED = 2
"""How often a sensor is asked before it is given up."""
DOUBLED_NS = 1_000_000
"""BlueZ delivers the repetitions of one notification within this time."""
SIDE_CHANNELS = frozenset({"battery", "battery_status", "control", "state", "settings"})
"""Channels that say nothing of motion."""

Emit = Callable[[RawPacket], None]


@dataclass
class _Asked:
    channel: str
    answer: bytes
    came: asyncio.Future[bytes]


class Conversation:
    """The talk with one sensor over one link.

    ``ticked`` says that every packet carries a device time, so that two which are the same are
    one that was delivered twice. ``motion_ns`` is when it last told something of motion, 0 if
    never, ``motions`` how often it did, and ``moved`` is set each time.
    """

    def __init__(self, link: Link, sensor: str, emit: Emit, *, ticked: bool) -> None:
        self.motion_ns = self.motions = self.doubled = 0
        self.moved = asyncio.Event()
        self.repeats: list[Repeat] = []
        self._link = link
        self._sensor = sensor
        self._emit = emit
        self._ticked = ticked
        self._held: list[RawPacket] | None = []
        self._asked: _Asked | None = None
        self._before: dict[str, tuple[int, bytes]] = {}

    async def run(self, procedure: Procedure) -> Settings:
        """Do what the procedure says and return what it read back; raises SourceError."""
        try:
            step = next(procedure)
            while True:
                step = procedure.send(await self._do(step))
        except StopIteration as end:
            settings: Settings = end.value
            return settings
        finally:
            procedure.close()

    @property
    def unused(self) -> int:
        """Return how many notifications are held back."""
        return len(self._held or ())

    def let_go(self) -> None:
        """Pass on what was held back, and from now on everything at once."""
        held, self._held = self._held or [], None
        now_ns = time.monotonic_ns()
        for packet in held:
            self._emit(RawPacket(packet.sensor, now_ns, packet.payload, packet.channel))

    async def keep_repeating(self) -> None:
        """Do what the procedures want repeated, until cancelled; raises SourceError."""
        async with asyncio.TaskGroup() as group:
            for step in self.repeats:
                group.create_task(self._repeat(step))

    async def _repeat(self, step: Repeat) -> None:
        while True:
            await self._write(step)
            await asyncio.sleep(step.every_s)

    async def _do(self, step: Step) -> bytes:
        match step:
            case Subscribe():
                await self._subscribe(step)
            case Write():
                await self._write(step)
            case Read():
                if step.optional and not self._link.has(step.characteristic, step.service):
                    return b""
                return await self._link.read(step.characteristic, step.service)
            case Ask():
                return await self._ask(step)
            case Pause():
                await asyncio.sleep(step.seconds)
            case Repeat():
                self.repeats.append(step)
        return b""

    async def _write(self, step: Write | Ask | Repeat) -> None:
        await self._link.write(
            step.characteristic, step.payload, response=step.response, service=step.service
        )

    async def _ask(self, step: Ask) -> bytes:
        if step.optional and not self._link.has(step.characteristic, step.service):
            return b""
        came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked = _Asked(step.channel, step.answer, came)
        try:
            for _ in range(ASKED):
                await self._write(step)
                done, _ = await asyncio.wait({came}, timeout=step.timeout_s)
                if done:
                    return came.result()
        finally:
            self._asked = None
        if step.optional:
            return b""
        raise SourceError(
            f"sensor {self._sensor} does not answer what it is asked (characteristic "
            f"{step.characteristic}); switch it off and on"
        )

    async def _subscribe(self, step: Subscribe) -> None:
        heard = self._hearing(step.channel)
        try:
            await self._link.subscribe(step.characteristic, heard, step.service)
        except SourceError:
            # Where the link itself is gone, the next step tells.
            if not step.optional:
                raise

    def _hearing(self, channel: str) -> Heard:
        def heard(arrival_ns: int, payload: bytes) -> None:
            if self._is_double(channel, arrival_ns, payload):
                return
            packet = RawPacket(self._sensor, arrival_ns, payload, channel)
            if self._held is None:
                self._emit(packet)
            else:
                self._held.append(packet)
            if channel not in SIDE_CHANNELS:
                self.motion_ns = arrival_ns
                self.motions += 1
                self.moved.set()
            if self._asked is not None:
                self._answer(self._asked, packet)

        return heard

    def _is_double(self, channel: str, arrival_ns: int, payload: bytes) -> bool:
        """Say whether a packet is the one before once more."""
        if not self._ticked:
            return False
        before_ns, before = self._before.get(channel, (-DOUBLED_NS, b""))
        double = payload == before and arrival_ns - before_ns < DOUBLED_NS
        self._before[channel] = (arrival_ns, payload)
        self.doubled += double
        return double

    def _answer(self, asked: _Asked, packet: RawPacket) -> None:
        fits = packet.channel == asked.channel and packet.payload.startswith(asked.answer)
        if fits and not asked.came.done():
            asked.came.set_result(packet.payload)
