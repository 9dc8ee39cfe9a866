"""What sensors send is placed in time together: none changes another, however it is cut."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers import settled
from gateway.link_state import SETTINGS_CHANNEL, SYNCED
from gateway.messages import ImuBlock, Message, Place, RawPacket, SensorSpec, Tick
from simulators.places import PLACES
from simulators.plans import Plan, WornSensor, address
from simulators.plans.recording import PlannedRecording
from simulators.radio import Link

FIELDS = ("device_ns", "host_ns", "acc", "gyr", "clipped", "segment", "lost", "refused")
LAYOUT = """
name = "doubles"
notify = "2a37"
rate_hz = 100
bytes = 26
fields = [
  { name = "seq", type = "u16le", offset = 0 },
  { name = "acc_x", type = "f64le", offset = 2, unit = "m/s2" },
  { name = "acc_y", type = "f64le", offset = 10, unit = "m/s2" },
  { name = "acc_z", type = "f64le", offset = 18, unit = "m/s2" },
]
"""


def decoded(
    sensors: Sequence[SensorSpec], packets: Iterable[RawPacket], hop_ns: int
) -> list[ImuBlock]:
    """Decode packets in hops by arrival."""
    decode, produced = Decode(sensors), list[Message]()
    hops: dict[int, list[RawPacket]] = {}
    for packet in sorted(packets, key=lambda packet: packet.arrival_ns):
        hops.setdefault(packet.arrival_ns // hop_ns, []).append(packet)
    for hop, own in hops.items():
        for block in gathered(own):
            produced += decode.push(block)
        produced += decode.push(Tick((hop + 1) * hop_ns))
    return [message for message in produced if isinstance(message, ImuBlock)]


def of_stream(blocks: Sequence[ImuBlock], stream: int, field: str) -> np.ndarray:
    """Return a field of one stream of all blocks."""
    return np.concatenate([getattr(block, field)[block.stream == stream] for block in blocks])


@pytest.mark.parametrize("seed", [1, 2])
def test_sensors_that_share_a_clock_are_timed_alike_however_they_are_cut(seed: int) -> None:
    worn = tuple(
        WornSensor(
            address(number + 1),
            PLACES[number],
            "movella_dot",
            60.0,
            {"sync": "on"},
            clock_s=200.0,
            drift_ppm=20.0,
        )
        for number in range(4)
    )
    radio = Link(loss=0.0, stall_every_s=20.0)
    recording = PlannedRecording(Plan("shared", "walk", seed, 40.0, worn, radio=radio))
    packets = [_agreed(packet) for packet in recording_packets(recording)]
    whole = decoded(recording.sensors, packets, 60_000_000_000)
    for hop_ns in (20_000_000, 1_700_000_000):
        cut = decoded(recording.sensors, packets, hop_ns)
        for stream in range(4):
            for field in (*FIELDS, "clock_error_s"):
                np.testing.assert_array_equal(
                    of_stream(whole, stream, field), of_stream(cut, stream, field), field
                )


def recording_packets(recording: PlannedRecording) -> list[RawPacket]:
    """Return all packets of a recording."""
    return [
        RawPacket(block.sensor, int(arrival), block.payload[first:last], block.channel)
        for blocks in recording.chunks(recording.duration_s)
        for block in blocks
        for arrival, first, last in zip(
            block.arrival_ns, [0, *block.ends[:-1]], block.ends, strict=True
        )
    ]


def _agreed(packet: RawPacket) -> RawPacket:
    """Have a sensor say that it has agreed on a clock, which plans do not have them do."""
    if packet.channel != SETTINGS_CHANNEL:
        return packet
    told = {**json.loads(packet.payload), SYNCED: 1}
    return RawPacket(packet.sensor, packet.arrival_ns, json.dumps(told).encode(), packet.channel)


@pytest.mark.parametrize("hop_ns", [10_000_000, 1_000_000_000])
@pytest.mark.parametrize("nan_at", [150, 140])
def test_what_is_no_number_takes_nothing_of_another_sensor(
    tmp_path: Path, hop_ns: int, nan_at: int
) -> None:
    (tmp_path / "doubles.toml").write_text(LAYOUT)
    settings = settled("layout", {"layout": str(tmp_path / "doubles.toml")}, 100.0)
    sensors = [
        SensorSpec("L", Place.PELVIS, "layout", 100.0, settings),
        SensorSpec("O", Place.LEFT_FOOT, "openearable", 100.0),
    ]

    def packets(spoilt: int | None) -> Iterable[RawPacket]:
        for number in range(300):
            large = 1.5e308 if number == 150 else 0.0
            at_ns, wrong = number * 10_000_000, np.nan if number == spoilt else 0.0
            own = struct.pack("<H3d", number, large, large, 9.8)
            other = struct.pack("<BBQ9f", 0, 36, number * 10_000, wrong, 0, 9.8, *[0] * 6)
            yield RawPacket("L", at_ns, own, "motion")
            yield RawPacket("O", at_ns, other, "motion")

    clean, spoilt = (decoded(sensors, packets(at), hop_ns) for at in (None, nan_at))
    for field in FIELDS:
        np.testing.assert_array_equal(of_stream(clean, 0, field), of_stream(spoilt, 0, field))
    # What no body does is clipped, whatever a double can hold.
    assert of_stream(clean, 0, "clipped").nonzero()[0].tolist() == [150]
    assert len(of_stream(spoilt, 1, "acc")) == 299


@pytest.mark.parametrize("time_ns", [2**62, 2**63 - 4 * 10**9, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("at", [0, 6])
def test_a_time_that_cannot_be_is_refused_and_the_others_run_on(time_ns: int, at: int) -> None:
    worn = (
        WornSensor(address(1), Place.PELVIS, "polar_pmd", 52.0),
        WornSensor(address(2), Place.LEFT_FOOT, "movella_dot", 60.0),
    )
    recording = PlannedRecording(Plan("times", "walk", 3, 6.0, worn))
    packets = recording_packets(recording)
    own = [p for p in packets if p.sensor == address(1) and p.channel == "motion"]
    odd = own[at]
    payload = odd.payload[:1] + time_ns.to_bytes(8, "little") + odd.payload[9:]
    spoilt = [RawPacket(p.sensor, p.arrival_ns, payload, p.channel) if p is odd else p
              for p in packets]  # fmt: skip
    clean, found = (decoded(recording.sensors, p, 20_000_000) for p in (packets, spoilt))
    last = max(int(block.stream.max()) for block in clean)
    for field in FIELDS:
        np.testing.assert_array_equal(of_stream(clean, last, field), of_stream(found, last, field))
    refused = sum(int(block.refused.sum()) for block in found)
    kept = [sum(len(block.stream) for block in blocks) for blocks in (clean, found)]
    assert refused > 0
    assert kept[0] - 40 <= kept[1] < kept[0]


def test_what_a_strap_says_that_cannot_be_read_is_told_of_no_other_sensor() -> None:
    sensors = [
        SensorSpec("strap", None, "standard", 1.0),
        SensorSpec("O", Place.LEFT_FOOT, "openearable", 100.0),
    ]
    frames = [struct.pack("<BBQ9f", 0, 36, n * 10_000, 0, 0, 9.8, *[0] * 6) for n in range(9)]
    packets = [RawPacket("O", n * 10_000_000, frame, "motion") for n, frame in enumerate(frames)]
    packets += [RawPacket("strap", 40_000_000, b"\x01", name) for name in ("heart_rate", "battery")]
    blocks = decoded(sensors, packets, 20_000_000)
    assert sum(len(block.stream) for block in blocks) == 9
    assert sum(int(block.refused.sum()) for block in blocks) == 0
