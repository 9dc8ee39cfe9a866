"""When the pipe is run: as soon as a hop can be complete, and not for every packet."""

from __future__ import annotations

import pytest

from gateway.decoding.packet_blocks import gathered, single_packets
from gateway.decoding.stage import Decode
from gateway.grid.stage import Align
from gateway.messages import BodyBlock, RawPacket, Tick
from gateway.pump import NextHop
from gateway.sources.playback import Playback
from gateway.stage import Chain
from simulators.places import PLACES
from simulators.radio import Link
from simulators.recording import Equipment, SimulatedRecording
from simulators.sensing.faults import Fault, FaultKind

SECONDS = 4.0
HOLD_BACK_S = 0.06
HOP = 2
LOSSY = Link(loss=0.05, stall_every_s=2.0)


def recording(equipment: Equipment) -> SimulatedRecording:
    return SimulatedRecording("clinic", 3, SECONDS, equipment=equipment)


def packets_of(played: SimulatedRecording) -> list[RawPacket]:
    blocks = [block for chunk in played.chunks(SECONDS) for block in chunk]
    packets = [packet for block in blocks for packet in single_packets(block)]
    return sorted(packets, key=lambda packet: packet.arrival_ns)


@pytest.mark.parametrize(
    "equipment",
    [
        Equipment(),
        Equipment(link=LOSSY),
        Equipment(faults=(Fault(FaultKind.STALL, PLACES[2], 1.0),)),
        Equipment(places=PLACES[:1]),
    ],
    ids=["good radio", "bad radio", "a sensor falls silent", "one sensor"],
)
def test_a_hop_comes_with_the_last_sensor_it_waits_for_or_when_the_hold_back_is_over(
    equipment: Equipment,
) -> None:
    played = recording(equipment)
    align = Align("p", played.sensors, played.origin_ns, 100.0, HOLD_BACK_S, 0.1, HOP)
    chain = Chain([Decode(played.sensors), align])
    next_hop = NextHop(Playback(played), HOP, HOLD_BACK_S)
    hops = 0
    for packet in packets_of(played):
        awaited, due_ns = next_hop.awaited(), next_hop.due_ns
        assert awaited, "a hop that waits for nobody has not been given out"
        produced = chain.push(gathered([packet])[0]) + chain.push(Tick(packet.arrival_ns))
        next_hop.note(produced)
        if any(isinstance(message, BodyBlock) for message in produced):
            hops += 1
            assert awaited == {packet.sensor} or packet.arrival_ns >= due_ns
    assert hops > 0.9 * SECONDS * 100 / HOP
