"""Bring the clocks of several Movella DOTs together, on board, before a measurement.

After the "DOT BLE Services Specification" (XD0506P), message service. Rate and filter are set
before. Then every sensor is sent the same ``begin(root)``, and a moment later the host leaves all
of them: they find each other by radio. When the time has come (``TIMES``) the host connects again,
lets them settle, and reads each ``result()``, or gives up. From then on all timestamps count from
one moment, through any number of measurements, until ``end()`` or until a sensor is switched off.
They drift apart by 1 ppm within half an hour and by less than 4 ppm within an hour: synchronise
again before a long session.
"""

from __future__ import annotations

import re

from gateway.drivers.movella_device import uuid
from gateway.drivers.talk import AgreementTimes, Ask, Procedure, Read, Subscribe, Write
from gateway.errors import SourceError, UsageError

MESSAGE, ACKNOWLEDGE, NOTICE = uuid(0x7001), uuid(0x7002), uuid(0x7003)

TIMES = AgreementTimes(leave_s=0.8, return_s=14.0, settle_s=1.5, give_up_s=48.0)

SYNC = 2
"""The service of the messages here; 1 is recording, 3 configuration."""
_START, _STOP, _RESULT, _STATUS = 0x01, 0x02, 0x03, 0x08
_STOPPED, _STATUS_IS = 0x50, 0x51
_SYNCED = 0x04
_REASONS = {
    0x05: "it heard too little of the root sensor; bring the sensors closer together",
    0x07: "its clock runs too differently from the root's; switch both off and on",
    0x08: "it began at a wrong time; end whatever they measure and try again",
    0x09: "it never began; all sensors must be told of the same root and then be left alone",
}


def frame(service: int, data: bytes) -> bytes:
    """Return a message of a service: number, length, data and checksum (all add up to 0)."""
    head = bytes([service, len(data)]) + data
    return head + bytes([-sum(head) % 256])


def read_frame(payload: bytes) -> tuple[int, bytes]:
    """Return service and data of a message, or (0, b"") where it is none."""
    size = payload[1] + 3 if len(payload) >= 3 else 0
    if not size or len(payload) < size or sum(payload[:size]) % 256:
        return 0, b""
    return payload[0], payload[2 : size - 1]


def begin(root: str) -> Procedure:
    """End an older synchronisation and begin one with the clock of ``root``.

    ``root`` is the MAC that one of the sensors says of itself (``AA:BB:CC:DD:EE:FF``), as macOS
    hides that of the radio. Raises UsageError where it is none.
    """
    if not re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", root):
        raise UsageError(
            f"the root of a synchronisation is a MAC such as D4:22:CD:00:11:22, not {root!r}"
        )
    yield from end()
    address = bytes.fromhex(root.replace(":", ""))[::-1]
    yield Write(MESSAGE, frame(SYNC, bytes([_START]) + address))
    return {}


def result() -> Procedure:
    """Hear, after the return, how it went; raises SourceError where it failed."""
    service, data = read_frame((yield Read(ACKNOWLEDGE)))
    if service != SYNC or len(data) != 2 or data[0] != _RESULT:
        raise SourceError("the sensor does not say how the synchronisation went; begin it again")
    if data[1]:
        reason = _REASONS.get(data[1], f"the sensor gives the unknown reason {data[1]}")
        raise SourceError(f"the sensor was not synchronised: {reason}")
    return {}


def end() -> Procedure:
    """End the synchronisation, if there is one."""
    yield Subscribe(NOTICE, "notice")
    yield Ask(
        MESSAGE, frame(SYNC, bytes([_STOP])), "notice", bytes([SYNC, 2, _STOPPED]), optional=True
    )
    return {}


def status() -> Procedure:
    """Return ``synced``, 1 or 0."""
    yield Subscribe(NOTICE, "notice")
    question = frame(SYNC, bytes([_STATUS]))
    answer = yield Ask(MESSAGE, question, "notice", bytes([SYNC, 2, _STATUS_IS]))
    return {"synced": int(read_frame(answer) == (SYNC, bytes([_STATUS_IS, _SYNCED])))}
