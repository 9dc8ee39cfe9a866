"""A plan of a session: who moves how, what they wear, over what radio, and what goes wrong when.

``files`` reads one from a small TOML file; ``recording`` plays it without a radio, as fast as it
goes; ``simulators.radio_world`` plays it over the virtual radio, in real time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from gateway.messages import Marker, Place
from simulators.radio import Link
from simulators.sensing.faults import Fault


@dataclass(frozen=True)
class WornSensor:
    """A sensor, for which driver and where it is worn; None: it feels no motion.

    ``clock_s`` is what its clock shows as the session begins, fast by ``drift_ppm``.
    """

    address: str
    place: Place | None
    driver: str
    rate_hz: float
    settings: dict[str, int | float | str] = field(default_factory=dict)
    clock_s: float = 0.0
    drift_ppm: float = 0.0
    rssi_dbm: int = -60


@dataclass(frozen=True)
class Plan:
    """A session that is to be simulated; ``speed_mps`` None is the person's usual speed."""

    name: str
    scenario: str
    seed: int
    seconds: float
    sensors: tuple[WornSensor, ...]
    speed_mps: float | None = None
    radio: Link = field(default_factory=Link)
    faults: tuple[Fault, ...] = ()

    def faults_of(self, place: Place | None) -> tuple[Fault, ...]:
        """Return the faults of the sensor at ``place``, by their beginning."""
        own = [fault for fault in self.faults if fault.strikes(place)]
        return tuple(sorted(own, key=lambda fault: fault.at_s))

    def markers(self, person: str) -> list[Marker]:
        """Return a remark for each fault, which says when it happens, to whom, for how long."""
        return [_marker(fault, person) for fault in self.faults]


def _marker(fault: Fault, person: str) -> Marker:
    where = "all sensors" if fault.place is None else str(fault.place)
    lasts = f"for {fault.seconds:g} s" if isfinite(fault.seconds) else "to the end"
    return Marker(person, fault.at_s, f"fault:{fault.kind}", f"{where}, {lasts}")


def address(number: int) -> str:
    """Return the address of sensor ``number`` (from 1)."""
    return f"D4:22:CD:00:00:{number:02X}"
