"""What every driver promises of what it decodes, whatever a radio sent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Decoded, Stream
from gateway.messages import PacketBlock, RawPacket
from tests.gateway.drivers.desk import SENSOR


def block_of(payloads: Sequence[bytes], channel: str = "motion") -> PacketBlock:
    """Payloads that arrive a millisecond apart."""
    packets = [RawPacket(SENSOR, 10**6 * n, own, channel) for n, own in enumerate(payloads)]
    return gathered(packets)[0]


def check_sound(decoded: Decoded, count: int, streams: Sequence[Stream]) -> None:
    """Check that everything decoded of ``count`` packets has the promised shape."""
    assert 0 <= decoded.kept <= count
    assert all(0 <= at < count for at, _ in decoded.facts)
    assert all(number > 0 for number in decoded.refused.values())
    assert len({samples.stream for samples in decoded.samples}) == len(decoded.samples)
    for samples in decoded.samples:
        rows = len(samples.packet)
        assert ((samples.packet >= 0) & (samples.packet < count)).all()
        assert (np.diff(samples.packet) >= 0).all()
        assert samples.clipped.shape == (rows,)
        for vector in (samples.acc, samples.gyr):
            assert vector is None or vector.shape == (rows, 3)
        assert samples.quat is None or samples.quat.shape == (rows, 4)
        clock = streams[samples.stream].clock
        assert (samples.ticks is None) == (clock is None)
        if samples.ticks is not None and clock is not None:
            assert samples.ticks.shape == (rows,)
            assert ((samples.ticks >= 0) & (samples.ticks <= 2**clock.bits - 1)).all()
        assert samples.after is None or samples.after.shape == (rows,)
