"""A driver's procedures with a virtual sensor, without a radio and without time passing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gateway.drivers import Driver, Settings
from gateway.drivers.talk import Ask, Pause, Procedure, Read, Repeat, Step, Subscribe, Write, names
from gateway.errors import SourceError
from simulators.peripherals import Notification, Peripheral, characteristics


class Talk:
    """Runs procedures; ``heard`` is what the sensor has notified, as (channel, notification)."""

    def __init__(self, driver: Driver, sensor: Peripheral) -> None:
        self.heard: list[tuple[str, Notification]] = []
        self._driver = driver
        self._sensor = sensor
        self._known = characteristics(sensor.services)
        self._channels: dict[tuple[str, str], str] = {}

    def start(self, settings: Settings, rate_hz: float) -> Settings:
        """Run the procedure that starts the sensor; return what was read back."""
        return self._run(self._driver.start(settings, rate_hz))

    def hear(self, told: Sequence[Notification]) -> list[tuple[str, Notification]]:
        """Return those that are listened to, with their channels."""
        channels = [(self._channels.get((one.characteristic, one.service)), one) for one in told]
        return [(channel, one) for channel, one in channels if channel is not None]

    def _run(self, procedure: Procedure) -> Settings:
        try:
            step = next(procedure)
            while True:
                step = procedure.send(self._do(step))
        except StopIteration as end:
            return dict(end.value)

    def _do(self, step: Step) -> bytes:
        if isinstance(step, Pause):
            return b""
        step = dataclasses.replace(step, characteristic=self._uuid(step.characteristic))
        match step:
            case Subscribe():
                self._channels[step.characteristic, step.service] = step.channel
                told = self._sensor.subscribed(step.characteristic, True, step.service)
                self.heard += self.hear(told)
            case Read():
                absent = step.optional and step.characteristic not in self._known
                return b"" if absent else self._sensor.read(step.characteristic, step.service)
            case Ask():
                return self._ask(step)
            case Write() | Repeat():
                self._write(step)
        return b""

    def _ask(self, step: Ask) -> bytes:
        before = len(self.heard)
        self._write(step)
        for channel, told in self.heard[before:]:
            if channel == step.channel and told.payload.startswith(step.answer):
                return told.payload
        if step.optional:
            return b""
        raise SourceError(f"a virtual {self._sensor.name} does not answer {step}")

    def _write(self, step: Write | Ask | Repeat) -> None:
        told = self._sensor.written(step.characteristic, step.payload, step.service)
        self.heard += self.hear(told)

    def _uuid(self, characteristic: str) -> str:
        """Return the sensor's UUID for what a step names."""
        return next((uuid for uuid in self._known if names(characteristic, uuid)), characteristic)
