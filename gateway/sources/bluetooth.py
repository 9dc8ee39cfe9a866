"""Real sensors over Bluetooth Low Energy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

from gateway.errors import SourceError
from gateway.messages import UNKNOWN_SIZE, SensorSpec
from gateway.radio.agreement import Agreement
from gateway.radio.airtime import Airtime
from gateway.radio.link import Radio
from gateway.radio.sensor_life import Burst, SensorLife
from gateway.sources import Emit, Truth


class BluetoothSource:
    """Streams the session's sensors, each as ``gateway.radio.sensor_life`` has it.

    ``radio`` is entered once, when it runs. Notifications are stamped and copied the moment they
    come; everything else happens elsewhere.
    """

    def __init__(
        self,
        person: str,
        sensors: Sequence[SensorSpec],
        grid_rate_hz: float,
        radio: AbstractAsyncContextManager[Radio],
        label: str = "",
        *,
        truth: Truth | None = None,
    ) -> None:
        self.label = label
        self.person = person
        self.sensors = tuple(sensors)
        self.grid_rate_hz = grid_rate_hz
        self.size = UNKNOWN_SIZE
        self.truth = truth
        self.origin_ns = time.monotonic_ns()
        self.wall_origin_ns = time.time_ns()
        self._radio = radio

    def now_ns(self) -> int:
        """Return the host's monotonic clock."""
        return time.monotonic_ns()

    def complete_ns(self) -> int:
        """Return now: a packet is emitted in the turn of the loop that stamps it."""
        return time.monotonic_ns()

    def host_ns(self, clock_ns: int) -> int:
        """Return the same: packets are stamped with the host's monotonic clock."""
        return clock_ns

    async def run(self, emit: Emit) -> None:
        """Stream all sensors until cancelled, then stop and leave each.

        Raises UsageError for what a sensor cannot do, and SourceError where there is no Bluetooth
        to begin with; what fails later is told, and tried again.
        """
        if not self.sensors:
            raise SourceError(
                "no sensor is configured: add a [[sensors]] table for each, with its address "
                "and place (`gaitwire scan` shows who is there), or try `gaitwire demo` "
                "without any"
            )
        burst, agreed = Burst(len(self.sensors)), set[str]()
        lives = [SensorLife(spec, burst, emit, self._log(spec), agreed) for spec in self.sensors]
        async with self._radio as radio:
            airtime = Airtime(radio)
            await airtime.check()
            async with asyncio.TaskGroup() as group:
                group.create_task(airtime.run())
                agreed |= await Agreement(self.sensors, airtime, emit, self._log).come_about()
                for life in lives:
                    group.create_task(life.run(airtime))

    def _log(self, spec: SensorSpec) -> Any:
        where = {"place": str(spec.place)} if spec.place else {}
        return structlog.get_logger().bind(sensor=spec.sensor, **where)
