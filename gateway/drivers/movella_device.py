"""A Movella DOT apart from its measurements: who it is, its rate and filter, its heading.

After the "DOT BLE Services Specification" (XD0506P). Numbers are little-endian.
"""

from __future__ import annotations

from gateway.drivers.talk import Procedure, Read, Write
from gateway.errors import SourceError, UnableError
from gateway.messages import message


def uuid(part: int) -> str:
    """Return the UUID of a service or characteristic of the sensor."""
    return f"1517{part:04x}-4947-11e9-8646-d663bd873d93"


INFO, CONTROL, REPORT = uuid(0x1001), uuid(0x1002), uuid(0x1004)
HEADING, HEADING_STATUS = uuid(0x2006), uuid(0x2007)

FILTERS = ("general", "dynamic")
_RATE_AND_FILTER = 0x10 | 0x20
_CONTROL_SIZE = 32
_RESET, _REVERT = 1, 7


@message
class Info:
    """Who the sensor is: ``mac`` as ``AA:BB:CC:DD:EE:FF`` and ``firmware`` as ``2.4.0``."""

    mac: str
    firmware: str


def identify() -> Procedure:
    """Return the sensor's ``mac`` and ``firmware``."""
    info = read_info((yield Read(INFO)))
    return {"mac": info.mac, "firmware": info.firmware}


def read_info(payload: bytes) -> Info:
    """Read device information; raises SourceError where it is none."""
    if len(payload) < 9:
        raise UnableError(
            f"the sensor says who it is in {len(payload)} bytes, where a Movella DOT needs 34; "
            "update its firmware with the maker's app"
        )
    mac = ":".join(f"{byte:02X}" for byte in payload[5::-1])
    return Info(mac, ".".join(map(str, payload[6:9])))


def configure(profile: str, rate_hz: float) -> Procedure:
    """Set output rate and filter profile, unless they are so already.

    Raises SourceError where the sensor stays at others.
    """
    found = yield Read(CONTROL)
    if len(found) == _CONTROL_SIZE and _state(found) != (profile, rate_hz):
        yield Write(CONTROL, with_rate_and_filter(found, profile, rate_hz))
        found = yield Read(CONTROL)
    if len(found) != _CONTROL_SIZE:
        raise UnableError(
            f"the sensor's settings are {len(found)} bytes, where a Movella DOT has "
            f"{_CONTROL_SIZE}; update its firmware with the maker's app"
        )
    if _state(found) != (profile, rate_hz):
        stays = "{} filter at {:g} Hz".format(*_state(found))
        raise SourceError(
            f"the Movella DOT stays with its {stays}, where {profile} at {rate_hz:g} Hz was "
            "asked for; if it is recording or synchronised, end that first"
        )
    return {"rate_hz": rate_hz, "filter": profile}


def with_rate_and_filter(control: bytes, profile: str, rate_hz: float) -> bytes:
    """Return device control (32 bytes) that changes rate and filter, and nothing else."""
    mode = [*round(rate_hz).to_bytes(2, "little"), FILTERS.index(profile)]
    return bytes([_RATE_AND_FILTER, *control[1:24], *mode, *control[27:]])


def reset_heading() -> Procedure:
    """Make the sensor's heading now its zero; an earlier reset is reverted first.

    Raises SourceError where the sensor does not do it.
    """
    if (yield Read(HEADING))[:1] == bytes([_RESET]):
        yield from revert_heading()
    yield from _turn(_RESET, "reset")
    return {}


def revert_heading() -> Procedure:
    """Give the sensor the heading back that it had before; raises SourceError likewise."""
    yield from _turn(_REVERT, "given back")
    return {}


def _turn(command: int, what: str) -> Procedure:
    yield Write(HEADING, command.to_bytes(2, "little"))
    if (yield Read(HEADING_STATUS))[:1] != b"\x01":
        raise SourceError(
            f"the heading was not {what}: that works only while the sensor measures in a mode "
            "with orientation"
        )
    return {}


def _state(control: bytes) -> tuple[str, float]:
    profile = FILTERS[control[26]] if control[26] < len(FILTERS) else f"unknown ({control[26]})"
    return profile, float(int.from_bytes(control[24:26], "little"))
