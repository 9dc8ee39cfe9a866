"""The published bytes of sensors, and what they mean."""

from __future__ import annotations

import json
from typing import Any

from gateway.decoding.packet_blocks import gathered
from gateway.messages import PacketBlock, RawPacket
from tests.data import shared


def vectors(device: str, beginning: str = "") -> list[dict[str, Any]]:
    """Return the vectors of a device whose message begins so."""
    found = json.loads(shared("reference", "sensor-test-vectors.json").read_text())
    return [v for v in found if v["device"] == device and v["message"].startswith(beginning)]


def block_of(*payloads: bytes, channel: str = "motion") -> PacketBlock:
    """Payloads of one sensor that arrive a millisecond apart."""
    packets = [RawPacket("s", 10**6 * n, payload, channel) for n, payload in enumerate(payloads)]
    return gathered(packets)[0]
