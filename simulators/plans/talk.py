"""A driver's procedures with a virtual sensor, without a radio and without time passing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gateway.drivers import Driver, Settings
from gateway.drivers.talk import Ask, Pause, Procedure, Read, Repeat, Step, Subscribe, Write, names
from gateway.errors import SourceError
from simulators.peripherals import (
    Characteristic,
    Movement,
    Notification,
    Peripheral,
    characteristics,
)


class Talk:
    """Runs procedures; ``heard`` is what the sensor has notified, as (channel, notification).

    What procedures want ``repeated`` is said with each ``repeat``.
    """

    def __init__(self, driver: Driver, sensor: Peripheral) -> None:
        self.heard: list[tuple[str, Notification]] = []
        self.repeated: list[Repeat] = []
        self._driver = driver
        self._sensor = sensor
        self._known = characteristics(sensor.services)
        self._channels: dict[tuple[str, str], str] = {}

    def start(self, settings: Settings, rate_hz: float) -> Settings:
        """Run the procedure that starts the sensor; return what was read back."""
        return self.run(self._driver.start(settings, rate_hz))

    def run(self, procedure: Procedure) -> Settings:
        """Run a procedure; return what it read back. Raises SourceError where an answer lacks."""
        try:
            step = next(procedure)
            while True:
                step = procedure.send(self._do(step))
        except StopIteration as end:
            return dict(end.value)

    def repeat(self) -> None:
        """Say once what shall be repeated."""
        for step in self.repeated:
            self._write(step)

    def leave(self) -> None:
        """End the subscriptions, as a client does that leaves."""
        for characteristic, service in self._channels:
            self._take(self._sensor.subscribed(characteristic, False, service))
        self._channels.clear()

    def feel(self, movement: Movement) -> None:
        """Let the sensor move, and hear what it says."""
        self._take(self._sensor.stream(movement))

    def hear(self, told: Sequence[Notification]) -> list[tuple[str, Notification]]:
        """Return those that are listened to, with their channels."""
        channels = [(self._channels.get((one.characteristic, one.service)), one) for one in told]
        return [(channel, one) for channel, one in channels if channel is not None]

    def named(self, characteristic: str) -> Characteristic | None:
        """Return the sensor's characteristic for what a step names; None where it has none."""
        return next((one for uuid, one in self._known.items() if names(characteristic, uuid)), None)

    def _do(self, step: Step) -> bytes:
        if isinstance(step, Pause):
            return b""
        known = self.named(step.characteristic)
        if known is not None:
            step = dataclasses.replace(step, characteristic=known.uuid)
        match step:
            case Subscribe():
                self._channels[step.characteristic, step.service] = step.channel
                self._take(self._sensor.subscribed(step.characteristic, True, step.service))
            case Read():
                absent = step.optional and known is None
                return b"" if absent else self._sensor.read(step.characteristic, step.service)
            case Ask():
                return self._ask(step)
            case Write():
                self._write(step)
            case Repeat():
                self.repeated.append(step)
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
        self._take(self._sensor.written(step.characteristic, step.payload, step.service))

    def _take(self, told: Sequence[Notification]) -> None:
        self.heard += self.hear(told)
