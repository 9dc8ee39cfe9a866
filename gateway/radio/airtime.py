"""Who may scan and connect when: one search for all sensors, and a fair share of the adapters.

While anything is looked for, all adapters scan together; while anything is being connected, none
does, and an adapter connects one sensor at a time: adapters fail otherwise. A sensor goes to the
adapter with the fewest sensors among those that heard it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from gateway.radio.link import Link, Radio, RadioError, Sighting
from gateway.retry import Backoff

ROUND_S = 5.0
"""A search lasts no longer, so that streams have the adapter to themselves again."""
SETTLE_S = 0.5
"""Once something was found, others that are about to advertise are waited for so long."""
MOST_SENSORS = 4
"""What an adapter streams reliably; with more, people report stalls."""
UNHEARD_DBM = -127

Sightings = dict[str, Sighting]


class Airtime:
    """Shares a radio among the sensors of a session."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio
        self._wanted: dict[str, asyncio.Future[Sightings]] = {}
        self._due: set[str] = set()
        self._changed = asyncio.Event()
        self._connecting = {adapter: asyncio.Lock() for adapter in radio.adapters}
        self._sensors: Counter[str] = Counter()
        self._crowded: set[str] = set()
        self._failing: dict[str, str] = {}
        self._log = structlog.get_logger()

    async def check(self) -> None:
        """Raise RadioError where there is no Bluetooth at all."""
        async with self._scanning(lambda _: None):
            pass

    async def run(self) -> None:
        """Search whenever a sensor is wanted, until cancelled."""
        backoff, failures = Backoff(first_s=0.5, most_s=10.0), 0
        while True:
            while not self._wanted or self._due:
                await self._change()
            wanted = set(self._wanted)
            try:
                found = await self._round()
            except RadioError as error:
                self._log.warning(str(error))
                found = {}
            if found:
                self._hand_out(found)
                failures = 0
            else:
                failures += 1
                await self._pause(backoff.wait_s(failures), wanted)

    @asynccontextmanager
    async def link(
        self, address: str, found: Callable[[Sighting], None], lost: Callable[[], None]
    ) -> AsyncIterator[tuple[Link, Sighting]]:
        """Search for a sensor and connect to it; it counts on its adapter while the context lasts.

        ``found`` is told which sighting is connected to, ``lost`` that the link is gone. Raises
        SourceError where it cannot be connected to; a sensor out of range is waited for.
        """
        try:
            sighting = self._choose(await self._search(address))
            found(sighting)
            self._sensors[sighting.adapter] += 1
            try:
                async with self._connecting[sighting.adapter]:
                    link = await self._radio.connect(sighting, lost)
                self._done(address)
                yield link, sighting
            finally:
                self._sensors[sighting.adapter] -= 1
        finally:
            self._done(address)

    async def forget(self, sighting: Sighting) -> None:
        """Make the system forget a sensor whose link was lost."""
        await self._radio.forget(sighting)

    async def _search(self, address: str) -> Sightings:
        future: asyncio.Future[Sightings] = asyncio.get_running_loop().create_future()
        self._wanted[address] = future
        self._changed.set()
        return await future

    def _done(self, address: str) -> None:
        self._wanted.pop(address, None)
        self._due.discard(address)
        self._changed.set()

    def _hand_out(self, found: dict[str, Sightings]) -> None:
        for address, sightings in found.items():
            future = self._wanted.pop(address, None)
            if future is not None and not future.done():
                self._due.add(address)
                future.set_result(sightings)

    def _choose(self, sightings: Sightings) -> Sighting:
        adapter = min(sightings, key=lambda name: (self._sensors[name], -sightings[name].rssi))
        if self._sensors[adapter] >= MOST_SENSORS and adapter not in self._crowded:
            self._crowded.add(adapter)
            self._log.warning(
                f"more than {MOST_SENSORS} sensors on one Bluetooth adapter: if they stall or "
                "drop, plug in another adapter and name both in `source.adapters`",
                adapter=adapter or "the system's",
            )
        return sightings[adapter]

    async def _round(self) -> dict[str, Sightings]:
        """Search once; return what was found of what is wanted, by address and adapter."""
        found: dict[str, Sightings] = {}
        news = asyncio.Event()

        def seen(sighting: Sighting) -> None:
            # BlueZ also tells devices that it remembers, without a signal.
            if sighting.address in self._wanted and sighting.rssi > UNHEARD_DBM:
                by_adapter = found.setdefault(sighting.address, {})
                if sighting.adapter not in by_adapter:
                    news.set()
                by_adapter[sighting.adapter] = sighting

        async with self._scanning(seen) as adapters, _limit(ROUND_S):
            while not self._complete(found, adapters):
                news.clear()
                async with _limit(SETTLE_S if found else ROUND_S) as limit:
                    await news.wait()
                if limit.expired():
                    break
        return found

    def _complete(self, found: dict[str, Sightings], adapters: int) -> bool:
        return all(len(found.get(address, ())) == adapters for address in self._wanted)

    @asynccontextmanager
    async def _scanning(self, seen: Callable[[Sighting], None]) -> AsyncIterator[int]:
        """Scan with every adapter that works; raises RadioError where none does."""
        async with AsyncExitStack() as stack:
            errors = []
            for adapter in self._radio.adapters:
                try:
                    await stack.enter_async_context(self._radio.scan(adapter, seen))
                    self._failing.pop(adapter, None)
                except RadioError as error:
                    errors.append(error)
                    self._report(adapter, error)
            if len(errors) == len(self._radio.adapters):
                raise errors[0]
            yield len(self._radio.adapters) - len(errors)

    def _report(self, adapter: str, error: RadioError) -> None:
        """Tell once that one adapter of several fails."""
        if len(self._radio.adapters) > 1 and self._failing.get(adapter) != str(error):
            self._failing[adapter] = str(error)
            self._log.warning(str(error), adapter=adapter)

    async def _pause(self, seconds: float, tried: set[str]) -> None:
        """Leave the adapters to the streams for a while, unless another sensor is wanted."""
        async with _limit(seconds):
            while set(self._wanted) <= tried:
                await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


@asynccontextmanager
async def _limit(seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """End what takes longer; whoever cares asks whether the limit ``expired``."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield limit
    except TimeoutError:
        if not limit.expired():
            raise
