"""What sensors and their radios say."""

from __future__ import annotations

import dataclasses
import math
from enum import StrEnum

from gateway.messages.words import BoolArray, FloatArray, IntArray, Place, message


@message
class SensorSpec:
    """One sensor of a session: who it is, where it is worn, and how its bytes are read.

    ``place`` is None where it measures no motion, so that it does not matter. ``settings`` are the
    driver's own (for example ``{"mode": 26}``).
    """

    sensor: str
    place: Place | None
    driver: str
    rate_hz: float
    settings: dict[str, int | float | str] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """What people call it: where it is, if that is known, and who."""
        if self.place is None:
            return self.sensor
        return f"{self.place.replace('_', ' ')} ({self.sensor})"


_HEIGHT_M = (0.6, 2.6)
_PELVIS_SHARE = (0.4, 0.75)
"""Height of the pelvis over stature: 0.6 in adults (ANSUR II), less in small children."""


@message
class BodySize:
    """What is known of a person's size; NaN where it is not.

    ``height_m`` of the person, ``pelvis_height_m`` of the pelvis sensor above the ground in
    standing.
    """

    height_m: float = float("nan")
    pelvis_height_m: float = float("nan")

    @property
    def doubt(self) -> str:
        """Why nobody can be of this size; empty where somebody can, or it is not known."""
        share = self.pelvis_height_m / self.height_m
        low_m, high_m = _HEIGHT_M
        if self.height_m < low_m or self.height_m > high_m:
            return f"nobody is {self.height_m:g} m tall; expected is a height in metres"
        if self.pelvis_height_m < _PELVIS_SHARE[0] * low_m:
            return f"no pelvis is {self.pelvis_height_m:g} m above the ground in standing"
        if share < _PELVIS_SHARE[0] or share > _PELVIS_SHARE[1]:
            return (
                f"no pelvis is {self.pelvis_height_m:g} m above the ground in somebody who is "
                f"{self.height_m:g} m tall"
            )
        return ""

    def or_else(self, other: BodySize) -> BodySize:
        """Return this size, with what is not known of it taken from ``other``."""
        return BodySize(
            other.height_m if math.isnan(self.height_m) else self.height_m,
            other.pelvis_height_m if math.isnan(self.pelvis_height_m) else self.pelvis_height_m,
        )


UNKNOWN_SIZE = BodySize()


@message
class RawPacket:
    """One notification as received, with its arrival on the host's monotonic clock (ns).

    ``channel`` names what was subscribed to (``"motion"``, ``"battery"``).
    """

    sensor: str
    arrival_ns: int
    payload: bytes
    channel: str = "motion"


@message
class PacketBlock:
    """Consecutive packets of one sensor and channel, in order of arrival.

    Packet ``i`` is ``payload[ends[i-1]:ends[i]]``. ``arrival_ns`` and ``ends`` have shape (N,).
    """

    sensor: str
    channel: str
    arrival_ns: IntArray
    payload: bytes
    ends: IntArray


@message
class Tick:
    """All packets that arrived up to ``now_ns`` (host monotonic) have been pushed."""

    now_ns: int


@message
class ImuBlock:
    """Consecutive samples of a person's sensors in SI units; every array has a row a sample.

    ``stream`` (N,) rising, index among the streams of the session's sensors
    (``gateway.decoding.streams``): the rows of one stream follow one another in order of time.
    ``device_ns`` (N,) unwrapped device time; ``arrival_ns`` (N,) arrival of the sample's packet;
    ``host_ns`` (N,) device time mapped to the host's monotonic clock, strictly rising for a stream;
    ``acc`` (N, 3) m/s² and ``gyr`` (N, 3) rad/s in the sensor frame, 0 where the stream does not
    carry it; ``clipped`` (N,) a channel was at its full scale. ``segment`` (N,) rises when the
    device's clock restarted, or when a short counter may have gone round unseen: nothing may be
    bridged across. ``lost`` (N,) counts the samples that the device's clock says are missing just
    before, as far as it tells; ``refused`` (N,) the packets and samples just before that could not
    be read; ``clock_error_s`` (N,) the bound within which ``host_ns`` lies 95 times in 100 (NaN:
    unknown). ``mag`` (N, 3) µT in the sensor frame, NaN where a stream does not carry it; None
    where none does.
    """

    stream: IntArray
    device_ns: IntArray
    arrival_ns: IntArray
    host_ns: IntArray
    acc: FloatArray
    gyr: FloatArray
    clipped: BoolArray
    segment: IntArray
    lost: IntArray
    refused: IntArray
    clock_error_s: FloatArray
    mag: FloatArray | None = None


@message
class BatteryLevel:
    """What a sensor says of its battery; ``level`` 0..1."""

    sensor: str
    arrival_ns: int
    level: float
    charging: bool


class LinkState(StrEnum):
    """Where a sensor is in its life."""

    SEARCHING = "searching"
    CONNECTING = "connecting"
    STREAMING = "streaming"
    STALLED = "stalled"
    LOST = "lost"


@message
class LinkNews:
    """How a sensor's link is from now on, as its radio says.

    ``why`` is a sentence, or empty where nothing needs explaining.
    """

    sensor: str
    arrival_ns: int
    link: LinkState
    why: str = ""


@message
class SensorNews:
    """Something else that a sensor, or the reading of its bytes, says.

    ``kind`` is ``"button"``, ``"rate"`` or ``"wrong"`` (``text`` says what is wrong; empty: right
    again), or the name of a figure that the sensor forms itself, whose ``value`` is in ``unit``.
    """

    sensor: str
    arrival_ns: int
    kind: str
    text: str = ""
    value: float = float("nan")
    unit: str = ""


@message
class SensorStatus:
    """One sensor over one second of the grid.

    ``place`` is that of its ``SensorSpec``, ``rate_hz`` samples received per second (NaN: it sends
    no motion), ``loss`` share of the second's grid samples that are not real (NaN: it does not
    measure both acceleration and rate of turn, so that none can be), ``refused`` packets that could
    not be read, ``late`` samples that came after the hold-back, ``clock_error_s`` bound within
    which its time lies 95 times in 100, ``battery`` 0..1 (NaN: unknown), ``link`` and ``why`` how
    its link is, as the radio says (None: no radio), ``wrong`` what is wrong with what it measures
    (empty: nothing is known to be).
    """

    person: str
    t_s: float
    sensor: str
    place: Place | None
    rate_hz: float
    loss: float
    lost: int
    refused: int
    late: int
    clipped: int
    clock_error_s: float
    battery: float
    link: LinkState | None = None
    why: str = ""
    wrong: str = ""
