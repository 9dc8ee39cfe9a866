"""What the radio says of a sensor besides its bytes: packets of two channels of their own."""

from __future__ import annotations

import time

import msgspec

from gateway.drivers import Settings
from gateway.messages import LinkState, RawPacket

STATE_CHANNEL = "state"
SETTINGS_CHANNEL = "settings"
SYNCED = "synced"
"""Read back as 1 where a sensor has the clock that others of the session have, too."""


class SensorState(msgspec.Struct, frozen=True):
    """A change of state; ``why`` is a sentence, or empty where nothing needs explaining.

    ``adapter`` and ``rssi`` (dBm) are those of the sighting it is connected by, if any. ``unused``
    notifications came over the link that ended before it was known how the sensor had started.
    """

    state: LinkState
    why: str = ""
    adapter: str = ""
    rssi: int | None = None
    unused: int = 0


def state_packet(sensor: str, state: SensorState) -> RawPacket:
    """Return the packet that tells a state, stamped now."""
    return RawPacket(sensor, time.monotonic_ns(), msgspec.json.encode(state), STATE_CHANNEL)


def settings_packet(sensor: str, settings: Settings) -> RawPacket:
    """Return the packet that tells the settings a sensor was started with, stamped now."""
    payload = msgspec.json.encode(dict(settings))
    return RawPacket(sensor, time.monotonic_ns(), payload, SETTINGS_CHANNEL)


def read_state(payload: bytes) -> SensorState:
    """Read the payload of a state packet; raises ValueError."""
    return msgspec.json.decode(payload, type=SensorState)


def read_settings(payload: bytes) -> dict[str, int | float | str]:
    """Read the payload of a settings packet; raises ValueError."""
    return msgspec.json.decode(payload, type=dict[str, int | float | str])
