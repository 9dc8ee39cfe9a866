"""A device's clock that is set back by less than a second, and what only looks like that."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers.movella_dot import DEFAULT_MODE, encode_block
from gateway.messages import FloatArray, ImuBlock, IntArray, Place, RawPacket, SensorSpec, Tick

RATE_HZ = 60.0
COUNT = 400
SET_BACK_AT = 200
SPEC = SensorSpec("dot", Place.PELVIS, "movella_dot", RATE_HZ)
FROM_S = 100.0
FOUND_S = 0.1
"""So soon it is found."""
SETTLED = 12
"""Samples after which a clock that has begun again is known to a connection interval."""


def taken_s() -> FloatArray:
    """When each sample was taken."""
    return FROM_S + np.arange(COUNT) / RATE_HZ


def decoded(raw_s: FloatArray, came_s: FloatArray, order: IntArray, hop: int = 1) -> list[ImuBlock]:
    """What is made of samples that were taken then by the sensor's clock, and came so."""
    zero = np.zeros((len(raw_s), 3))
    quat = np.tile([1.0, 0.0, 0.0, 0.0], (len(raw_s), 1))
    payload, ends = encode_block(
        DEFAULT_MODE, np.rint(raw_s * 1e6).astype(np.int64), zero, zero, quat
    )
    size = int(ends[0])
    packets = [
        RawPacket("dot", round(at_s * 1e9), payload[size * n : size * (n + 1)], "motion")
        for at_s, n in zip(came_s.tolist(), order.tolist(), strict=True)
    ]
    stage = Decode([SPEC])
    blocks: list[ImuBlock] = []
    for first in range(0, len(packets), hop):
        own = packets[first : first + hop]
        produced = [*stage.push(gathered(own)[0]), *stage.push(Tick(own[-1].arrival_ns))]
        blocks += [block for block in produced if isinstance(block, ImuBlock)]
    return blocks


def column(blocks: list[ImuBlock], name: str) -> IntArray:
    """Return a field of all samples."""
    return np.concatenate([getattr(block, name) for block in blocks])


def bunched(at_s: FloatArray) -> FloatArray:
    """Return when samples come over a link with a connection event every 30 ms."""
    event_s = np.ceil((at_s + 0.004) / 0.03) * 0.03
    return np.asarray(np.maximum.accumulate(event_s + 1e-4 * (np.arange(len(at_s)) % 4)))


@pytest.mark.parametrize("hop", [1, 7, COUNT])
@pytest.mark.parametrize("back_s", [0.15, 0.5, 0.98])
def test_a_clock_that_is_set_back_begins_again_and_nothing_goes_uncounted(
    back_s: float, hop: int
) -> None:
    true_s = taken_s()
    raw_s = true_s - back_s * (np.arange(COUNT) >= SET_BACK_AT)
    blocks = decoded(raw_s, bunched(true_s), np.arange(COUNT), hop)
    segment, lost = column(blocks, "segment"), column(blocks, "lost")
    before, after = (int(np.count_nonzero(segment == one)) for one in (0, 1))
    assert before == SET_BACK_AT
    assert COUNT - SET_BACK_AT - FOUND_S * RATE_HZ <= after < COUNT - SET_BACK_AT
    assert before + after + lost.sum() == COUNT
    at_s = column(blocks, "host_ns")[before + SETTLED :] * 1e-9
    assert np.abs(at_s - true_s[COUNT - after + SETTLED :]).max() < 0.04


@pytest.mark.parametrize("hop", [1, 7, COUNT])
def test_what_comes_out_of_order_or_twice_sets_no_clock_back(hop: int) -> None:
    true_s = taken_s()
    swapped = np.arange(COUNT).reshape(-1, 2)[:, ::-1].ravel()
    twice = np.arange(COUNT).reshape(-1, 4).repeat(2, axis=0).ravel()
    overtaken = np.arange(COUNT).reshape(-1, 5)[:, [4, 0, 1, 2, 3]].ravel()
    for order in (swapped, twice, overtaken):
        came_s = np.maximum.accumulate(bunched(true_s)[order])
        blocks = decoded(true_s, came_s, order, hop)
        assert not column(blocks, "segment").any()


@pytest.mark.parametrize("hop", [1, 7, COUNT])
def test_a_clock_that_stands_still_is_not_set_back(hop: int) -> None:
    true_s = taken_s()
    raw_s = np.minimum(true_s, true_s[SET_BACK_AT])
    blocks = decoded(raw_s, bunched(true_s), np.arange(COUNT), hop)
    assert not column(blocks, "segment").any()
