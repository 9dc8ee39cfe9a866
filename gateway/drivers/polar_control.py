"""The control point of Polar's measurement data: what is offered, start, stop, and the answers.

After the technical documentation of the Polar BLE SDK, "online measurement". A request is an
operation, a measurement and settings (type, number of values, values, little-endian); the answer
is ``F0``, both again, a status, whether more follows, and settings.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

import numpy as np

from gateway.drivers.talk import Ask, Step
from gateway.errors import SourceError, UnableError

_BASE = "fb005c{:02x}-02e7-f387-1cad-8acd2d8df0c8"
SERVICE, CONTROL, DATA = (_BASE.format(part) for part in (0x80, 0x81, 0x82))
CHANNEL = "control"

ACC, GYR, MAG, SDK_MODE = 2, 5, 6, 9
_NAMES = {
    ACC: "acceleration",
    GYR: "angular rate",
    MAG: "the magnetic field",
    SDK_MODE: "its SDK mode",
}
_UNITS = {ACC: "g", GYR: "°/s", MAG: "G"}
OFFER, START, STOP = 1, 2, 3
ANSWER = 0xF0

RATE, RESOLUTION, RANGE, CHANNELS, FACTOR = 0, 1, 2, 4, 5
_TYPES = {RATE: "<u2", RESOLUTION: "<u2", RANGE: "<u2", 3: "<u4", CHANNELS: "u1", FACTOR: "<f4"}
_SECURITY, _SECURITY_SIZE = 6, 16
_BITS, _AXES = 16, 3

ALREADY = 6
REASONS = {
    1: "it does not know the request",
    2: "it does not have this measurement",
    3: "it does not support this",
    4: "the request has a wrong length",
    5: "a setting is impossible",
    ALREADY: "it does so already",
    7: "it does not offer this resolution",
    8: "it does not offer this rate",
    9: "it does not offer this range",
    10: "the connection's packets are too small",
    11: "it does not offer this number of channels",
    12: "it cannot in the state it is in; switch it off and on",
    13: "it is in its charger; take it out",
}
_FOR_EVER = (2, 3, 5, 7, 8, 9, 11)

Parameters = Mapping[int, tuple[float, ...]]


def read_parameters(data: bytes) -> Parameters:
    """Read settings by their type; what is cut off or unknown ends them."""
    found: dict[int, tuple[float, ...]] = {}
    at = 0
    while at + 2 <= len(data):
        kind, count = data[at], data[at + 1]
        size = _SECURITY_SIZE if kind == _SECURITY else np.dtype(_TYPES.get(kind, "V0")).itemsize
        end = at + 2 + count * size
        if not size or end > len(data):
            break
        if kind in _TYPES:
            found[kind] = tuple(np.frombuffer(data[at + 2 : end], _TYPES[kind]).tolist())
        at = end
    return found


def start_request(kind: int, rate_hz: int, full_scale: int, *, channels: bool) -> bytes:
    """Return the request to start a measurement with 16 bits, and three channels if said so."""
    wanted = {RATE: rate_hz, RESOLUTION: _BITS, RANGE: full_scale}
    settings = [bytes([what, 1]) + value.to_bytes(2, "little") for what, value in wanted.items()]
    last = bytes([CHANNELS, 1, _AXES]) if channels else b""
    return bytes([START, kind]) + b"".join(settings) + last


def start(kind: int, rate_hz: float, full_scale: int) -> Generator[Step, bytes, float | None]:
    """Start a measurement; returns what its numbers are worth, if the sensor says so.

    Raises SourceError where the sensor does not offer the rate or range, or refuses.
    """
    answer = yield _ask(bytes([OFFER, kind]))
    offered = read_parameters(accepted(answer, "tell what it offers of", kind))
    _check(kind, "Hz", rate_hz, offered.get(RATE))
    _check(kind, _UNITS[kind], full_scale, offered.get(RANGE))
    request = start_request(kind, round(rate_hz), full_scale, channels=CHANNELS in offered)
    settings = read_parameters(accepted((yield _ask(request)), "start", kind))
    return settings[FACTOR][0] if settings.get(FACTOR) else None


def stop(kind: int) -> Generator[Step, bytes, None]:
    """Stop a measurement, if it runs."""
    yield _ask(bytes([STOP, kind]))


def set_sdk_mode(*, on: bool) -> Generator[Step, bytes, None]:
    """Switch the mode in which a sensor offers more rates and ranges; raises SourceError."""
    answer = yield _ask(bytes([START if on else STOP, SDK_MODE]))
    if on and answer[3:4] != bytes([ALREADY]):
        accepted(answer, "start", SDK_MODE)


def accepted(answer: bytes, what: str, kind: int) -> bytes:
    """Return the settings of an answer; raises SourceError with the reason of a refusal.

    Raises UnableError where the sensor will refuse it for ever.
    """
    status = answer[3] if len(answer) > 3 else 1
    if status:
        reason = REASONS.get(status, f"it gives the unknown reason {status}")
        error = UnableError if status in _FOR_EVER else SourceError
        raise error(f"the Polar sensor does not {what} {_NAMES[kind]}: {reason}")
    return answer[5:]


def _ask(request: bytes) -> Ask:
    return Ask(CONTROL, request, CHANNEL, bytes([ANSWER]) + request[:2])


def _check(kind: int, unit: str, wanted: float, offered: tuple[float, ...] | None) -> None:
    if offered and wanted not in offered:
        choices = ", ".join(f"{value:g}" for value in offered)
        raise UnableError(
            f"this Polar sensor offers {_NAMES[kind]} with {choices} {unit}, not {wanted:g} {unit}"
        )
