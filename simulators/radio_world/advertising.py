"""Advertisements as structures of the Bluetooth core specification (supplement, part A).

A structure is its length, its type and its data; 31 bytes fit into an advertisement, and as many
into the scan response, where most sensors have their name.
"""

from __future__ import annotations

import struct
import uuid

from gateway.messages import message
from simulators.peripherals import Advertisement

_FLAGS, _UUIDS_16, _UUIDS_128, _NAME, _MANUFACTURER = 0x01, 0x03, 0x07, 0x09, 0xFF
_GENERAL_LE_ONLY = b"\x06"
_SIZE = 31
_SIG_BASE = "-0000-1000-8000-00805f9b34fb"


@message
class Advertised:
    """What can be read of an advertisement and its scan response."""

    name: str | None
    services: tuple[str, ...]
    manufacturer: dict[int, bytes]


def encode(advertisement: Advertisement) -> tuple[bytes, bytes]:
    """Return the data of the advertisement and of its scan response."""
    parts = [_structure(_FLAGS, _GENERAL_LE_ONLY), *_services(advertisement.services)]
    if advertisement.manufacturer is not None:
        company, data = advertisement.manufacturer
        parts.append(_structure(_MANUFACTURER, struct.pack("<H", company) + data))
    parts.append(_structure(_NAME, advertisement.name.encode()))
    data, response = b"", b""
    for part in parts:
        if len(data) + len(part) <= _SIZE and not response:
            data += part
        else:
            response += part
    assert len(response) <= _SIZE, advertisement
    return data, response


def decode(data: bytes) -> Advertised:
    """Read the structures of an advertisement with its scan response."""
    name, services, manufacturer = None, [], {}
    while len(data) >= 2:
        kind, body, data = data[1], data[2 : 1 + data[0]], data[1 + data[0] :]
        if kind == _NAME:
            name = body.decode()
        elif kind == _MANUFACTURER:
            manufacturer[int.from_bytes(body[:2], "little")] = body[2:]
        elif kind == _UUIDS_16:
            services += [
                f"0000{short:04x}{_SIG_BASE}" for (short,) in struct.iter_unpack("<H", body)
            ]
        elif kind == _UUIDS_128:
            services += [
                str(uuid.UUID(bytes=body[at : at + 16][::-1])) for at in range(0, len(body), 16)
            ]
    return Advertised(name, tuple(services), manufacturer)


def _services(uuids: tuple[str, ...]) -> list[bytes]:
    short = [known for known in uuids if known.endswith(_SIG_BASE)]
    long = [known for known in uuids if not known.endswith(_SIG_BASE)]
    numbers = b"".join(struct.pack("<H", int(known[4:8], 16)) for known in short)
    wide = b"".join(uuid.UUID(known).bytes[::-1] for known in long)
    pairs = ((_UUIDS_16, numbers), (_UUIDS_128, wide))
    return [_structure(kind, body) for kind, body in pairs if body]


def _structure(kind: int, body: bytes) -> bytes:
    return bytes([1 + len(body), kind]) + body
