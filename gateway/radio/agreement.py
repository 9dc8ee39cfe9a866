"""Sensors that agree on one clock by themselves, before they stream, while nobody talks to them.

All that may are connected to and told of the same root; then they are left alone, and asked
afterwards how it went (``gateway.drivers.Agreeing``). Whoever could not keeps a clock of its own,
and why is said; the session begins all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gateway.drivers import Agreeing, radio_driver, settled
from gateway.errors import SourceError
from gateway.link_state import SensorState, state_packet
from gateway.messages import LinkState, SensorSpec
from gateway.radio.airtime import Airtime
from gateway.radio.procedure import Conversation, Emit

HEARD_WITHIN_S = 20.0
"""Nobody waits longer for a sensor that is to agree with the others."""

Log = Callable[[SensorSpec], Any]
Tasks = Mapping[str, asyncio.Task[None]]


class Agreement:
    """Lets sensors agree. ``log`` gives that of a sensor."""

    def __init__(self, specs: Sequence[SensorSpec], airtime: Airtime, emit: Emit, log: Log) -> None:
        self._specs = {spec.sensor: spec for spec in specs if _may_agree(spec)}
        self._airtime = airtime
        self._emit = emit
        self._log = log
        self._macs: dict[str, asyncio.Future[str]] = {}

    async def come_about(self) -> set[str]:
        """Return which have agreed, once they have or have had their time."""
        if len(self._specs) < 2:
            return set()
        told, began_s = await self._tell_all()
        if not told:
            return set()
        times = _driver(self._specs[told[0]]).agreement
        await asyncio.sleep(began_s + times.return_s - _now_s())
        asked = {name: asyncio.create_task(self._ask(self._specs[name])) for name in told}
        try:
            await asyncio.wait(asked.values(), timeout=times.give_up_s - times.return_s)
        finally:
            await _end(asked)
        agreed = self._succeeded(asked)
        for name in agreed:
            self._log(self._specs[name]).info("agreed on one clock with the others")
        return set(agreed)

    async def _tell_all(self) -> tuple[list[str], float]:
        """Tell all that are ready in time of one root; return them, and when that was."""
        loop = asyncio.get_running_loop()
        root: asyncio.Future[str] = loop.create_future()
        self._macs = {name: loop.create_future() for name in self._specs}
        tasks = {n: asyncio.create_task(self._tell(s, root)) for n, s in self._specs.items()}
        try:
            await asyncio.wait(self._macs.values(), timeout=HEARD_WITHIN_S)
            ready = [name for name, mac in self._macs.items() if mac.done() and not mac.cancelled()]
            for name in self._specs.keys() - (set(ready) if len(ready) > 1 else set()):
                tasks[name].cancel()
            if ready:
                root.set_result(self._macs[ready[0]].result())
            began_s = _now_s()
            await asyncio.wait(tasks.values())
        finally:
            await _end(tasks)
        return self._succeeded(tasks), began_s

    async def _tell(self, spec: SensorSpec, root: asyncio.Future[str]) -> None:
        chosen, mac = _driver(spec), self._macs[spec.sensor]
        settings = settled(spec.driver, spec.settings, spec.rate_hz)
        try:
            async with self._talking(spec) as talk:
                ready = await talk.run(chosen.before_agreement(settings, spec.rate_hz))
                mac.set_result(str(ready["mac"]))
                await talk.run(chosen.agree(await asyncio.shield(root)))
                await asyncio.sleep(chosen.agreement.leave_s)
        finally:
            mac.cancel()

    async def _ask(self, spec: SensorSpec) -> None:
        chosen = _driver(spec)
        async with self._talking(spec) as talk:
            await asyncio.sleep(chosen.agreement.settle_s)
            await talk.run(chosen.agreed())

    @asynccontextmanager
    async def _talking(self, spec: SensorSpec) -> AsyncIterator[Conversation]:
        told = SensorState(LinkState.CONNECTING, "agrees on one clock with the others")
        self._emit(state_packet(spec.sensor, told))
        address = spec.sensor.upper()
        async with self._airtime.link(address, lambda _: None, lambda: None) as (link, _):
            try:
                yield Conversation(link, spec.sensor, lambda _: None, ticked=False)
            finally:
                await link.disconnect()

    def _succeeded(self, tasks: Tasks) -> list[str]:
        """Return who did what it was to, and say of the others why not."""
        done = []
        for name, task in tasks.items():
            error = None if task.cancelled() else task.exception()
            if isinstance(error, SourceError) or task.cancelled():
                why = str(error) if error else "it, or another, was not there in time"
                self._log(self._specs[name]).warning(f"keeps a clock of its own: {why}")
            elif error is not None:
                raise error
            else:
                done.append(name)
        return done


def _may_agree(spec: SensorSpec) -> bool:
    chosen = radio_driver(spec.driver)
    settings: Mapping[str, Any] = settled(spec.driver, spec.settings, spec.rate_hz)
    return isinstance(chosen, Agreeing) and chosen.may_agree(settings)


def _driver(spec: SensorSpec) -> Agreeing:
    chosen = radio_driver(spec.driver)
    assert isinstance(chosen, Agreeing)
    return chosen


async def _end(tasks: Tasks) -> None:
    for task in tasks.values():
        task.cancel()
    await asyncio.wait(tasks.values())


def _now_s() -> float:
    return asyncio.get_running_loop().time()
