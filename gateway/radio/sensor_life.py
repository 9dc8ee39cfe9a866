"""One sensor's life: searched for, connected to, streaming, perhaps stalled, lost, and again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Coroutine
from typing import Any

from gateway.drivers import Driver, Settings, radio_driver, settled
from gateway.errors import GaitwireError, SourceError, UnableError
from gateway.link_state import SYNCED, SensorState, settings_packet, state_packet
from gateway.messages import LinkState, SensorSpec
from gateway.radio.airtime import Airtime
from gateway.radio.link import Link, Sighting
from gateway.radio.procedure import Conversation, Emit
from gateway.retry import Backoff, Healthy, keep_trying
from gateway.tasks import one_error, wait_for

FIRST_AGAIN_S = 0.1
"""A sensor that was dropped in range is back at once."""
LAST_AGAIN_S = 5.0
SILENT_S = 0.9
"""A connected sensor that says nothing for so long has stalled, if it is not slow by nature."""
SILENT_PERIODS = 3.0
"""How many of its own intervals between packets may pass, if that is longer."""
PATIENCE_S = 2.0
"""A stalled sensor may come back by itself for so long, then it is connected anew."""
FIRST_PACKET_S = 5.0
"""Within which a started sensor sends its first packet, and as long as ..."""
LEARNING_S = 2.0
"""... its packets have come for less than this, how they are spaced is not known yet."""
UNHEARD_S = 15.0
"""So long nobody wonders where a sensor is."""
LEAVE_S = 1.5
"""A goodbye takes no longer."""
GATHER_S = 5.0
"""Connected sensors wait for the others as long as these keep coming this soon."""


class Burst:
    """Lets all sensors of a session start together, once they are connected and ready.

    Nobody waits for a sensor that is missing: ``GATHER_S`` after the last one came, the others
    start without it. A sensor that comes later, or again, starts at once.
    """

    def __init__(self, sensors: int) -> None:
        self._missing = sensors
        self._came: set[str] = set()
        self._begun = asyncio.Event()
        self._newcomer = asyncio.Event()

    async def start(self, sensor: str) -> None:
        """Wait for the start."""
        if sensor not in self._came:
            self._came.add(sensor)
            self._missing -= 1
            self._newcomer.set()
        while self._missing and not self._begun.is_set():
            self._newcomer.clear()
            came = len(self._came)
            await wait_for(self._begun, GATHER_S)
            if len(self._came) == came:
                break
        self._begun.set()


class SensorLife:
    """Keeps one sensor streaming until cancelled, or until it says that it is unable to.

    Raises UsageError where the specification asks for what the sensor or its driver cannot do.
    ``log`` is bound to the sensor; ``agreed`` are those that have agreed on a clock.
    """

    def __init__(
        self,
        spec: SensorSpec,
        burst: Burst,
        emit: Emit,
        log: Any,
        agreed: Collection[str] = (),
    ) -> None:
        self._spec = spec
        self._agreed = agreed
        self._driver = radio_driver(spec.driver)
        self._settings = settled(spec.driver, spec.settings, spec.rate_hz)
        self._ticked = _ticked(self._driver, self._settings, spec.rate_hz)
        self._burst = burst
        self._emit = emit
        self._sighting: Sighting | None = None
        self._unused = 0
        self._log = log

    async def run(self, airtime: Airtime) -> None:
        """Live."""

        async def attempt(healthy: Healthy) -> None:
            try:
                await self._attempt(airtime, healthy)
            except UnableError as error:
                self._tell(LinkState.LOST, f"{error} (it is not tried again before a new start)")
                self._log.error(f"given up: {error}")

        backoff = Backoff(FIRST_AGAIN_S, LAST_AGAIN_S)
        await keep_trying(attempt, self._failed, backoff, on=SourceError)

    async def _attempt(self, airtime: Airtime, healthy: Healthy) -> None:
        """Go from searching to streaming, and stay there until the sensor is lost."""
        self._sighting, self._unused = None, 0
        self._tell(LinkState.SEARCHING)
        self._missed = asyncio.get_running_loop().call_later(UNHEARD_S, self._unheard)
        try:
            await self._live(airtime, healthy)
        finally:
            self._missed.cancel()

    async def _live(self, airtime: Airtime, healthy: Healthy) -> None:
        lost, address = asyncio.Event(), self._spec.sensor.upper()
        async with airtime.link(address, self._found, lost.set) as (link, sighting):
            talk = Conversation(link, self._spec.sensor, self._emit, ticked=self._ticked)
            try:
                await _unless(lost, self._stream(talk, healthy))
            finally:
                await self._leave(link, talk, stop=not lost.is_set())
                self._unused = talk.unused
                if lost.is_set():
                    await _briefly(airtime.forget(sighting))

    async def _stream(self, talk: Conversation, healthy: Healthy) -> None:
        await self._burst.start(self._spec.sensor)
        read_back = await talk.run(self._driver.start(self._settings, self._spec.rate_hz))
        read_back = self._with_its_clock(read_back)
        self._emit(settings_packet(self._spec.sensor, read_back))
        self._compare(read_back)
        talk.let_go()
        with one_error():
            async with asyncio.TaskGroup() as group:
                group.create_task(talk.keep_repeating())
                group.create_task(self._watch(talk, healthy))

    async def _watch(self, talk: Conversation, healthy: Healthy) -> None:
        """Follow the stream; raises SourceError once it has been silent for too long."""
        if not talk.motions and not await _moves(talk, FIRST_PACKET_S):
            raise SourceError(f"it was started, but sent nothing for {FIRST_PACKET_S:g} s")
        healthy()
        first, began_ns = talk.motions, talk.motion_ns
        self._tell(LinkState.STREAMING)
        while True:
            lasted_s = (talk.motion_ns - began_ns) * 1e-9
            period_s = lasted_s / max(1, talk.motions - first)
            spaced = lasted_s > LEARNING_S
            allowed_s = max(SILENT_S, SILENT_PERIODS * period_s) if spaced else FIRST_PACKET_S
            silent_s = (time.monotonic_ns() - talk.motion_ns) * 1e-9
            if silent_s < allowed_s:
                # Looked at again before long, for what is allowed may have become less.
                await asyncio.sleep(min(SILENT_S, allowed_s - silent_s))
            else:
                await self._stalled(talk, silent_s)

    async def _stalled(self, talk: Conversation, silent_s: float) -> None:
        self._tell(LinkState.STALLED, f"connected, but silent for {silent_s:.1f} s")
        if not await _moves(talk, PATIENCE_S):
            silent_s += PATIENCE_S
            raise SourceError(f"it was connected, but silent for {silent_s:.1f} s")
        self._tell(LinkState.STREAMING)

    async def _leave(self, link: Link, talk: Conversation, *, stop: bool) -> None:
        """Stop the sensor, so that it does not drain its battery, and let it go."""
        if talk.doubled:
            self._log.info("notifications came twice, and were passed on once", count=talk.doubled)
        if stop:
            await _briefly(talk.run(self._driver.stop(self._settings, self._spec.rate_hz)))
        await _briefly(link.disconnect())

    def _unheard(self) -> None:
        why = (
            f"not heard for {UNHEARD_S:g} s; switch it on, bring it near, disconnect the phone it "
            "may be connected to, and compare its address with what `gaitwire scan` shows"
        )
        self._tell(LinkState.SEARCHING, why)
        self._log.warning(why)

    def _found(self, sighting: Sighting) -> None:
        self._missed.cancel()
        self._sighting = sighting
        self._tell(LinkState.CONNECTING)

    def _failed(self, error: GaitwireError, wait_s: float) -> None:
        self._tell(LinkState.LOST, str(error))
        self._log.warning(f"lost: {error}", again_in_s=round(wait_s, 1))

    def _with_its_clock(self, read_back: Settings) -> Settings:
        """Return what was read back, with whether its clock is that of others in this session."""
        if SYNCED not in read_back:
            return read_back
        member = self._spec.sensor in self._agreed
        if member and not read_back[SYNCED]:
            self._log.warning(
                "it was switched off, or restarted, and has a clock of its own again; start the "
                "session anew to let the sensors agree once more"
            )
        return {**read_back, SYNCED: int(member and bool(read_back[SYNCED]))}

    def _compare(self, read_back: Settings) -> None:
        rate_hz = read_back.get("rate_hz", self._spec.rate_hz)
        if rate_hz != self._spec.rate_hz:
            self._log.warning(
                f"it streams at {rate_hz:g} Hz, not at the {self._spec.rate_hz:g} Hz it was "
                "asked for; the figures are made at the rate it has"
            )

    def _tell(self, state: LinkState, why: str = "") -> None:
        sighting = self._sighting
        adapter, rssi = (sighting.adapter, sighting.rssi) if sighting else ("", None)
        told = SensorState(state, why, adapter, rssi, self._unused)
        self._emit(state_packet(self._spec.sensor, told))
        if state == LinkState.STREAMING:
            self._log.info("streams", adapter=adapter, rssi=rssi)
        elif state == LinkState.STALLED:
            self._log.warning(f"stalled: {why}")


def _ticked(chosen: Driver, settings: Settings, rate_hz: float) -> bool:
    """Say whether every packet is whole in itself and carries the device's time."""
    streams = chosen.streams(settings, rate_hz)
    return chosen.independent and all(stream.clock is not None for stream in streams)


async def _moves(talk: Conversation, within_s: float) -> bool:
    """Say whether the sensor tells something of motion within so many seconds from now."""
    talk.moved.clear()
    await wait_for(talk.moved, within_s)
    return talk.moved.is_set()


async def _unless(lost: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Await ``work``, which ends with a SourceError once ``lost`` is set.

    No task group: where one of its tasks fails as it is cancelled, it forgets the cancellation.
    """
    working, losing = asyncio.create_task(work), asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        losing.cancel()
        working.cancel()
        await asyncio.wait({working, losing})
        failure = None if working.cancelled() else working.exception()
    if lost.is_set():
        raise SourceError(
            "the sensor disconnected: it went out of range, off, or out of battery"
        ) from failure
    if failure is not None:
        raise failure


async def _briefly(work: Coroutine[Any, Any, Any]) -> None:
    with contextlib.suppress(SourceError, TimeoutError):
        async with asyncio.timeout(LEAVE_S):
            await work
