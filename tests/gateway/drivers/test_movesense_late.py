"""What a Movesense sent that came late: by what follows it is believed, or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers import Decoded, Samples, driver
from gateway.drivers.movesense_packets import IN_DOUBT
from gateway.messages import ImuBlock, Place, RawPacket, SensorSpec, Tick
from simulators.peripherals import Movement
from simulators.peripherals.movesense import VirtualMovesense
from tests.gateway.drivers.desk import SENSOR, Desk, in_pieces, movement

RATE_HZ = 104.0
LASTS_S = 8 / RATE_HZ
"""A measurement has eight samples, and comes in two parts."""
WAY_S = 0.01


class Sent(NamedTuple):
    """A notification, and when it was sent; ``of`` counts measurements."""

    at_s: float
    payload: bytes
    of: int


def felt(rate_hz: float = RATE_HZ, pause_s: float = 0.0) -> Movement:
    """Two seconds of movement; the sensor may pause within, after a second and a sample."""
    whole = movement(rate_hz, 2.0)
    since_s = (whole.device_ns - whole.device_ns[0]) * 1e-9
    awake = (since_s <= 1 + 1.5 / rate_hz) | (since_s > 1 + 1.5 / rate_hz + pause_s)
    return Movement(whole.device_ns[awake], whole.acc[awake], whole.gyr[awake], whole.quat[awake])


def sent(moved: Movement, rate_hz: float = RATE_HZ) -> tuple[Desk, list[Sent]]:
    """Return the notifications of a sensor that moved so."""
    desk = Desk(driver("movesense"), VirtualMovesense(SENSOR), rate_hz=rate_hz)
    desk.start()
    before = len(desk.packets)
    desk.feel(moved)
    count = min(8, round(rate_hz / 13))
    at_s = moved.device_ns[count - 1 :: count] * 1e-9
    payloads = [packet.payload for packet in desk.packets[before:]]
    first = [payload[0] == 2 for payload in payloads]
    of = np.cumsum(first) - 1
    return desk, [
        Sent(float(at_s[n]), payload, n) for n, payload in zip(of.tolist(), payloads, strict=True)
    ]


def arrived(notified: list[Sent], stalls: list[tuple[float, float]]) -> list[RawPacket]:
    """Return notifications as they come over a link that stalls from … to …, in s."""
    packets = []
    last_ns = 0
    for one in notified:
        at_s = one.at_s + WAY_S
        for begin, end in stalls:
            at_s = end if begin <= at_s < end else at_s
        last_ns = max(round(at_s * 1e9), last_ns + 150_000)
        packets.append(RawPacket(SENSOR, last_ns, one.payload, "motion"))
    return packets


def read(desk: Desk, packets: list[RawPacket]) -> tuple[Samples, Decoded]:
    """Return the samples in packets, and all that was made of them."""
    decoded = desk.driver.decode("motion", gathered(packets)[0], desk.settings)
    (samples,) = decoded.samples
    return samples, decoded


def check_true(samples: Samples, moved: Movement, rate_hz: float = RATE_HZ) -> None:
    """Check that every sample is what the sensor felt at its time."""
    assert samples.ticks is not None
    assert samples.after is not None
    assert samples.gyr is not None
    at_s = samples.ticks * 1e-3 + samples.after / rate_hz
    row = np.abs(moved.device_ns * 1e-9 - at_s[:, None]).argmin(axis=1)
    np.testing.assert_allclose(moved.device_ns[row] * 1e-9, at_s, atol=2e-3)
    np.testing.assert_allclose(samples.gyr, moved.gyr[row], atol=1e-5)


def without(notified: list[Sent], *lost: tuple[int, int]) -> list[Sent]:
    """Leave out parts, as measurement and kind."""
    return [one for one in notified if (one.of, one.payload[0]) not in lost]


def stall(notified: list[Sent], first: int, last: int) -> tuple[float, float]:
    """Return a stall in which measurements ``first`` to ``last`` wait."""
    at_s = {one.of: one.at_s for one in notified}
    return at_s[first], at_s[last] + 2 * WAY_S


def test_what_waited_out_a_stall_is_read() -> None:
    moved = felt()
    desk, notified = sent(moved)
    samples, decoded = read(desk, arrived(notified, [stall(notified, 10, 14)]))
    assert len(samples.packet) == len(moved.device_ns)
    assert not decoded.refused
    check_true(samples, moved)


def test_halves_that_a_stall_kept_apart_are_put_together() -> None:
    moved = felt()
    desk, notified = sent(moved)
    between_s = notified[20].at_s + WAY_S + 0.0001
    samples, decoded = read(desk, arrived(notified, [(between_s, between_s + 0.3)]))
    assert len(samples.packet) == len(moved.device_ns)
    assert not decoded.refused


@pytest.mark.parametrize("waited", [True, False])
def test_halves_of_two_measurements_are_not_put_together(waited: bool) -> None:
    moved = felt()
    desk, notified = sent(moved)
    stalls = [stall(notified, 10, 14)] if waited else []
    samples, decoded = read(desk, arrived(without(notified, (10, 3), (11, 2)), stalls))
    assert decoded.refused == {IN_DOUBT: 2}
    assert len(samples.packet) == len(moved.device_ns) - 16
    check_true(samples, moved)


@pytest.mark.parametrize("rate_hz", [52.0, 104.0])
def test_what_was_taken_before_and_after_a_pause_of_the_sensor_is_not_one_series(
    rate_hz: float,
) -> None:
    moved = felt(rate_hz, pause_s=0.15)
    desk, notified = sent(moved, rate_hz)
    samples, decoded = read(desk, arrived(notified, []))
    assert decoded.refused == {IN_DOUBT: 1 if rate_hz < 100 else 2}
    check_true(samples, moved, rate_hz)


def test_what_is_late_waits_for_what_follows_and_no_other_does() -> None:
    desk, notified = sent(felt())
    block = gathered(arrived(notified, [stall(notified, 10, 11)]))[0]
    pieces = in_pieces(desk.driver, "motion", block, desk.settings, range(1, len(block.ends)))
    waited = [number for number, (_, piece) in enumerate(pieces) if piece.kept > 1]
    assert waited == [21]


def test_a_clock_that_begins_again_is_late_for_nobody() -> None:
    desk, notified = sent(felt())
    again = [Sent(one.at_s + 3.0, one.payload, one.of + 26) for one in notified]
    block = gathered(arrived([*notified, *again], []))[0]
    pieces = in_pieces(desk.driver, "motion", block, desk.settings, range(1, len(block.ends)))
    assert max(piece.kept for _, piece in pieces) == 1


@given(data=st.data())
def test_whatever_is_lost_and_whatever_waits_no_sample_is_wrong(data: st.DataObject) -> None:
    moved = felt(pause_s=data.draw(st.sampled_from([0.0, 0.08, 0.3])))
    desk, notified = sent(moved)
    starts_s = st.floats(5.2, 7.0)
    stalls = [
        (begin, begin + data.draw(st.floats(0.0, 0.6)))
        for begin in sorted(data.draw(st.sets(starts_s, max_size=3)))
    ]
    # What comes first tells how long the way is.
    left = notified[:4] + [one for one in notified[4:] if data.draw(st.integers(0, 3))]
    packets = arrived(left, stalls)
    samples, decoded = read(desk, packets)
    check_true(samples, moved)
    refused = sum(decoded.refused.values())
    assert len(np.unique(samples.packet)) * 2 + refused + decoded.kept == len(packets)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(packets) - 1), max_size=9)))
    pieces = in_pieces(desk.driver, "motion", gathered(packets)[0], desk.settings, cuts)
    parts = [own.acc for _, piece in pieces for own in piece.samples if own.acc is not None]
    np.testing.assert_array_equal(np.concatenate(parts), samples.acc)


def test_what_came_and_what_is_told_lost_is_what_was_sent() -> None:
    moved = felt()
    _, notified = sent(moved)
    left = without(notified, (10, 3), (11, 2), (17, 3))
    packets = arrived(left, [stall(notified, 10, 14)])
    stage = Decode([SensorSpec(SENSOR, Place.PELVIS, "movesense", RATE_HZ)])
    blocks: list[ImuBlock] = []
    for packet in packets:
        produced = [*stage.push(gathered([packet])[0]), *stage.push(Tick(packet.arrival_ns))]
        blocks += [block for block in produced if isinstance(block, ImuBlock)]
    came = sum(len(block.stream) for block in blocks)
    lost = sum(int(block.lost.sum()) for block in blocks)
    assert (came, lost) == (len(moved.device_ns) - 24, 24)
    assert {int(one) for block in blocks for one in block.segment} == {0}
