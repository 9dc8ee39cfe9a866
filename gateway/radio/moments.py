"""How strongly sensors are moved, moment by moment, from what they stream."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver, settled
from gateway.link_state import (
    SETTINGS_CHANNEL,
    STATE_CHANNEL,
    SensorState,
    read_settings,
    read_state,
)
from gateway.messages import FloatArray, LinkState, RawPacket, SensorSpec
from gateway.radio.shaken import strength


class Moments:
    """Takes the packets of sensors; ``states`` is what their radio said of each last."""

    def __init__(self, sensors: Sequence[SensorSpec]) -> None:
        self.states: dict[str, SensorState] = {}
        self._drivers = {spec.sensor: driver(spec.driver) for spec in sensors}
        self._settings = {
            spec.sensor: settled(spec.driver, spec.settings, spec.rate_hz) for spec in sensors
        }
        self._packets: list[RawPacket] | None = None
        self._news = asyncio.Event()

    def emit(self, packet: RawPacket) -> None:
        """Take a packet; what comes between two moments is let go."""
        if packet.channel == STATE_CHANNEL:
            self.states[packet.sensor] = read_state(packet.payload)
            self._news.set()
        elif packet.channel == SETTINGS_CHANNEL:
            self._settings[packet.sensor].update(read_settings(packet.payload))
        elif self._packets is not None:
            self._packets.append(packet)

    def streaming(self) -> list[str]:
        """Return the sensors that stream now."""
        return [name for name, told in self.states.items() if told.state == LinkState.STREAMING]

    async def all_stream(self) -> None:
        """Return once all of them do."""
        while len(self.streaming()) < len(self._drivers):
            self._news.clear()
            await self._news.wait()

    async def moment(self, seconds: float) -> dict[str, float]:
        """Return how strongly each sensor was moved over the next ``seconds`` (m/s²)."""
        packets = self._packets = []
        await asyncio.sleep(seconds)
        self._packets = None
        acc: dict[str, list[FloatArray]] = {name: [np.empty((0, 3))] for name in self._drivers}
        for block in gathered(packets):
            told = self._drivers[block.sensor].decode(
                block.channel, block, self._settings[block.sensor]
            )
            acc[block.sensor] += [part.acc for part in told.samples if part.acc is not None]
        return {name: strength(np.concatenate(parts)) for name, parts in acc.items()}
