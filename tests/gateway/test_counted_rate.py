"""When the samples of a sensor without a clock were taken, at whatever rate it takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.grid.stage import Align
from gateway.messages import (
    BodyBlock,
    FloatArray,
    ImuBlock,
    Message,
    Place,
    RawPacket,
    SensorSpec,
    Tick,
)
from simulators.radio import Link, arrivals
from tests.contract import assert_stage_contract

HOP_NS = 20_000_000
HOLD_BACK_S = 0.06
FOUND_S = 12.0
"""So soon the rate is found: five seconds of samples at the rate that was asked for, or a few more,
which is twice as long where half as many come."""
WITMOTION = SensorSpec("w", Place.PELVIS, "witmotion", 100.0)
ADAFRUIT = SensorSpec("w", Place.PELVIS, "adafruit", 50.0, {"turn": "quat"})


def came(rate_hz: float, seconds: float, seed: int = 1) -> tuple[FloatArray, list[int]]:
    """When samples were taken, and when they come over a link that stalls twice."""
    taken_s = np.arange(int(rate_hz * seconds)) / rate_hz
    stalls = np.array([[13.0, 13.4], [21.0, 21.7]])
    rng = np.random.default_rng(seed)
    return taken_s, arrivals(taken_s, 0.0, Link(), stalls, 0, rng).tolist()


def piped(spec: SensorSpec, packets: Sequence[RawPacket]) -> list[Message]:
    """Return what becomes of packets, in hops."""
    decode, align = Decode([spec]), Align("p", [spec], 0, 100.0, HOLD_BACK_S, 0.1, 2)
    made: list[Message] = []
    left = list(packets)
    for now_ns in range(HOP_NS, packets[-1].arrival_ns + 2 * HOP_NS, HOP_NS):
        count = sum(packet.arrival_ns < now_ns for packet in left[:100])
        own, left = left[:count], left[count:]
        hop: list[Message] = [*gathered(own), Tick(now_ns)]
        decoded = [one for message in hop for one in decode.push(message)]
        made += decoded
        for one in [*decoded, hop[-1]]:
            made += align.push(one)
    return made


def joined(made: Sequence[Message], kind: type, field: str) -> FloatArray:
    """Return a field of all blocks of a kind."""
    return np.concatenate([getattr(m, field) for m in made if isinstance(m, kind)])


def witmotion(rate_hz: float, seconds: float) -> tuple[FloatArray, list[Message]]:
    """When a WitMotion that was asked for 100 Hz took its samples, and what becomes of them."""
    taken_s, at_ns = came(rate_hz, seconds)
    sample = b"\x55\x61" + bytes(18)
    return taken_s, piped(WITMOTION, [RawPacket("w", at, sample, "motion") for at in at_ns])


@pytest.mark.parametrize("rate_hz", [50.0, 90.0, 97.0, 100.0, 110.0, 250.0])
def test_samples_are_timed_by_the_rate_that_the_sensor_keeps(rate_hz: float) -> None:
    taken_s, made = witmotion(rate_hz, 24.0)
    error_s = joined(made, ImuBlock, "host_ns") * 1e-9 - taken_s
    assert np.abs(error_s[taken_s > FOUND_S]).max() < 0.015
    stated = joined(made, ImuBlock, "clock_error_s")[taken_s > FOUND_S]
    assert stated.max() < 0.015
    real = joined(made, BodyBlock, "real")[:, 0]
    t_s = np.arange(len(real)) / 100
    stalled = ((t_s > 12.8) & (t_s < 13.5)) | ((t_s > 20.8) & (t_s < 21.8))
    assert real[(t_s > FOUND_S) & ~stalled].all()


@pytest.mark.parametrize("rate_hz", [50.0, 80.0, 97.0, 250.0])
def test_before_it_is_found_no_sample_is_far_from_when_it_was_taken(rate_hz: float) -> None:
    """What would be is late, and so not on the grid."""
    taken_s, made = witmotion(rate_hz, 6.0)
    host_s, came_s = (joined(made, ImuBlock, f) * 1e-9 for f in ("host_ns", "arrival_ns"))
    in_time = came_s - host_s < HOLD_BACK_S
    assert np.abs(host_s - taken_s)[in_time].max() < HOLD_BACK_S
    if rate_hz > 95:
        assert in_time.all()


def adafruit(rate_hz: float, seconds: float) -> list[RawPacket]:
    """What an Adafruit board that is turned by 1 rad/s, and was asked for 50 Hz, sends."""
    taken_s, at_ns = came(rate_hz, seconds)
    half = taken_s / 2
    quat = np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], axis=1).astype("<f4")
    acc = np.array([0.0, 0.0, 9.8], "<f4").tobytes()
    packets = []
    for at, own in zip(at_ns, quat, strict=True):
        packets += [RawPacket("w", at, acc, "acc"), RawPacket("w", at, own.tobytes(), "quat")]
    return packets


@pytest.mark.parametrize("rate_hz", [25.0, 45.0, 75.0])
def test_a_turn_by_its_own_orientations_is_as_quick_as_it_was(rate_hz: float) -> None:
    made = piped(ADAFRUIT, adafruit(rate_hz, 16.0))
    turn = joined(made, ImuBlock, "stream") == 1
    assert np.count_nonzero(turn) == 16 * rate_hz
    clipped = joined(made, ImuBlock, "clipped")[turn]
    speed = np.linalg.norm(joined(made, ImuBlock, "gyr")[turn], axis=1)
    at_s = joined(made, ImuBlock, "arrival_ns")[turn] * 1e-9
    assert np.abs(speed[~clipped] - 1).max() < 0.03
    assert not clipped[at_s > FOUND_S].any()


def test_it_keeps_the_contract_of_stages() -> None:
    messages: list[Message] = [*gathered(adafruit(40.0, 9.0)), Tick(10**10)]
    assert_stage_contract(lambda: Decode([ADAFRUIT]), messages, seed=3)
