"""A link to a device that answers as it is told, and a radio that such devices are heard by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import SourceError
from gateway.radio.link import Heard, Link, RadioError, Sighting

COMMAND, DATA, BATTERY, ABSENT = (f"0000{n:04x}-0000-1000-8000-00805f9b34fb" for n in range(1, 5))


@dataclass
class ScriptedLink:
    """Has COMMAND, DATA and BATTERY; ``answers`` maps what is written to what is notified."""

    answers: dict[bytes, list[bytes]] = field(default_factory=dict)
    written: list[tuple[str, bytes, bool]] = field(default_factory=list)
    heard: dict[str, Heard] = field(default_factory=dict)

    def has(self, characteristic: str, service: str = "") -> bool:
        del service
        return characteristic != ABSENT

    async def subscribe(self, characteristic: str, heard: Heard, service: str = "") -> None:
        del service
        if characteristic == ABSENT:
            raise SourceError("it sends none of it")
        self.heard[characteristic] = heard

    async def write(
        self, characteristic: str, payload: bytes, *, response: bool, service: str = ""
    ) -> None:
        del service
        self.written.append((characteristic, payload, response))
        for answer in self.answers.get(payload, []):
            self.notify(answer)

    async def read(self, characteristic: str, service: str = "") -> bytes:
        del service
        assert characteristic != ABSENT
        return b"\x55"

    async def disconnect(self) -> None:
        self.heard.clear()

    def notify(self, payload: bytes, characteristic: str = DATA) -> None:
        self.heard[characteristic](time.monotonic_ns(), payload)


class ScriptedRadio:
    """Hears the sensors of ``hears`` (by adapter), and says what it is asked to do at a time."""

    def __init__(
        self,
        hears: dict[str, dict[str, int]],
        make_link: Callable[[], ScriptedLink] = ScriptedLink,
    ) -> None:
        self.adapters = tuple(hears)
        self._make_link = make_link
        self.hears = hears
        self.failing: set[str] = set()
        self.lost: Callable[[], None] = lambda: None
        self.events: list[str] = []
        self.scanning = 0
        self.connecting = dict.fromkeys(hears, 0)
        self.forgotten: list[str] = []
        self.links: list[ScriptedLink] = []

    @asynccontextmanager
    async def scan(self, adapter: str, seen: Callable[[Sighting], None]) -> AsyncIterator[None]:
        if adapter in self.failing:
            raise RadioError(f"{adapter} is off")
        assert not any(self.connecting.values()), "scans while something is being connected"
        self.scanning += 1
        self.events.append(f"scan {adapter}")
        telling = asyncio.create_task(self._tell(adapter, seen))
        try:
            yield
        finally:
            telling.cancel()
            self.scanning -= 1

    async def _tell(self, adapter: str, seen: Callable[[Sighting], None]) -> None:
        while True:
            for address, rssi in self.hears[adapter].items():
                seen(Sighting(address, "sensor", (), (), rssi, adapter))
            await asyncio.sleep(0.01)

    async def connect(self, sighting: Sighting, lost: Callable[[], None]) -> Link:
        self.lost = lost
        assert not self.scanning, "connects while it scans"
        self.connecting[sighting.adapter] += 1
        assert self.connecting[sighting.adapter] == 1, "connects two at a time"
        await asyncio.sleep(0.01)
        self.connecting[sighting.adapter] -= 1
        self.events.append(f"connect {sighting.address}")
        self.links.append(self._make_link())
        return self.links[-1]

    async def forget(self, sighting: Sighting) -> None:
        self.forgotten.append(sighting.address)
