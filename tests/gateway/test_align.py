"""Packets of several sensors to one grid: the contract, lateness, gaps, faults."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers.movella_dot import encode_block
from gateway.drivers.sample_frame import MAG_FRAME, frames
from gateway.errors import UsageError
from gateway.grid.stage import Align
from gateway.link_state import STATE_CHANNEL, SensorState
from gateway.messages import (
    BatteryLevel,
    BodyBlock,
    BoolArray,
    ImuBlock,
    LinkState,
    Marker,
    Message,
    PacketBlock,
    Place,
    RawPacket,
    SensorSpec,
    SensorStatus,
    Tick,
)
from gateway.stage import Chain
from tests.contract import assert_same, assert_stage_contract, canonical, run

SENSORS = (
    SensorSpec("a", Place.LEFT_SHANK, "movella_dot", 100.0, {"mode": 26}),
    SensorSpec("b", Place.PELVIS, "movella_dot", 100.0, {"mode": 21}),
    SensorSpec("c", Place.RIGHT_FOOT, "movella_dot", 60.0, {"mode": 26}),
)
PELVIS, LEFT_SHANK, RIGHT_FOOT = range(3)


def packets(
    spec: SensorSpec, seconds: float, keep: BoolArray | None = None, late_s: float = 0.004
) -> PacketBlock:
    """A sensor whose x acceleration is its true time in seconds."""
    t_s = np.arange(round(seconds * spec.rate_hz)) / spec.rate_hz
    acc = np.stack([t_s, np.zeros_like(t_s), np.full_like(t_s, 9.81)], axis=1)
    ticks = np.rint(t_s * 1e6).astype(np.int64) + 77_777
    quat = np.tile([1.0, 0, 0, 0], (len(t_s), 1))
    payload, ends = encode_block(int(spec.settings["mode"]), ticks, acc, acc * 0, quat)
    arrival_ns = np.rint((t_s + late_s) * 1e9).astype(np.int64)
    size = int(ends[0])
    index = np.arange(len(t_s)) if keep is None else np.flatnonzero(keep)
    kept = b"".join(payload[i * size : (i + 1) * size] for i in index)
    return PacketBlock(
        spec.sensor, "motion", arrival_ns[index], kept, size * np.arange(1, len(index) + 1)
    )


def ticks(seconds: float, every_s: float = 0.05) -> list[Tick]:
    """Moments at which all that came before has been pushed."""
    return [Tick(round(n * every_s * 1e9)) for n in range(1, round(seconds / every_s) + 1)]


def in_order(blocks: list[PacketBlock], times: list[Tick]) -> list[Message]:
    """Cut blocks at the ticks, as they would come live."""
    result: list[Message] = []
    before = -1
    for tick in times:
        for block in blocks:
            first, last = np.searchsorted(block.arrival_ns, [before + 1, tick.now_ns + 1])
            if last > first:
                begin = int(block.ends[first - 1]) if first else 0
                result.append(
                    PacketBlock(
                        block.sensor,
                        block.channel,
                        block.arrival_ns[first:last].copy(),
                        block.payload[begin : int(block.ends[last - 1])],
                        block.ends[first:last] - begin,
                    )
                )
        result.append(tick)
        before = tick.now_ns
    return result


def pipe(hop: int = 2, hold_back_s: float = 0.06) -> Chain:
    """Decode and align."""
    return Chain([Decode(SENSORS), Align("p", SENSORS, 0, 100.0, hold_back_s, 0.1, hop)])


def grid(messages: list[Message]) -> dict[str, np.ndarray]:
    """The joined body blocks."""
    joined: dict[str, np.ndarray] = canonical(messages)["BodyBlock"]
    return joined


def noisy_session(seed: int = 5) -> list[Message]:
    """Three sensors with losses, one of them with a restarted clock, and a battery."""
    rng = np.random.default_rng(seed)
    blocks = [packets(s, 6, rng.random(round(6 * s.rate_hz)) > 0.05) for s in SENSORS]
    battery = gathered([RawPacket("a", 10**9, bytes([55, 0]), "battery")])
    return [*battery, *in_order(blocks, ticks(6.2))]


def test_decode_keeps_the_contract() -> None:
    assert_stage_contract(lambda: Decode(SENSORS), noisy_session(), seed=1)


def test_align_keeps_the_contract() -> None:
    decode = Decode(SENSORS)
    decoded: list[Message] = []
    for message in noisy_session():
        decoded += decode.push(message)
        if isinstance(message, Tick):
            decoded.append(message)
    assert_stage_contract(
        lambda: Align("p", SENSORS, 0, 100.0, 0.06, 0.1, 2),
        [m for m in decoded if isinstance(m, ImuBlock | BatteryLevel | Tick)],
        seed=2,
    )


@pytest.mark.parametrize("hop", [1, 7, 100])
def test_the_grid_does_not_depend_on_hop_or_arrival_of_ticks(hop: int) -> None:
    blocks = [packets(spec, 4) for spec in SENSORS]
    live = grid(run(pipe(2), in_order(blocks, ticks(4, 0.005))))
    chunked = grid(run(pipe(hop), in_order(blocks, ticks(4, 1.0))))
    assert len(live["acc"]) == len(chunked["acc"])
    for name in ("acc", "gyr", "valid", "real"):
        assert np.array_equal(live[name], chunked[name], equal_nan=True)


def test_values_lie_where_their_time_says() -> None:
    body = grid(run(pipe(), in_order([packets(spec, 5) for spec in SENSORS], ticks(5))))
    t_s = np.arange(len(body["acc"])) / 100.0
    for column in (LEFT_SHANK, PELVIS, RIGHT_FOOT):
        there = body["real"][:, column]
        assert there[10:490].all()
        # Only the radio's shortest way (4 ms) remains between true and mapped time.
        error_s = t_s[there] - body["acc"][there, column, 0]
        assert np.abs(error_s - 0.004).max() < 1e-3


def test_a_short_gap_is_bridged_and_a_long_one_is_missing() -> None:
    keep = np.ones(500, bool)
    keep[100:104] = False
    keep[200:240] = False
    blocks = [packets(SENSORS[0], 5, keep), packets(SENSORS[1], 5)]
    body = grid(run(pipe(), in_order(blocks, ticks(5))))
    valid, real = body["valid"][:, LEFT_SHANK], body["real"][:, LEFT_SHANK]
    assert valid[95:110].all()
    assert not real[101:104].any()
    assert valid[200:209].all(), "the last value is held for up to 100 ms"
    assert not valid[215:238].any()
    assert np.isnan(body["acc"][220, LEFT_SHANK]).all()
    assert real[250:290].all()
    assert body["real"][150:300, PELVIS].all(), "the other sensor is not touched"


def test_a_dead_sensor_delays_nobody_beyond_the_hold_back() -> None:
    dead = packets(SENSORS[0], 1)
    alive = packets(SENSORS[1], 4)
    chain = pipe()
    ready_s = {}
    for message in in_order([dead, alive], ticks(4, 0.005)):
        for made in chain.push(message):
            if isinstance(made, BodyBlock) and isinstance(message, Tick):
                ready_s[made.start / 100.0] = message.now_ns * 1e-9
    waits = [told - start for start, told in ready_s.items() if start > 1.2]
    assert max(waits) <= 0.06 + 0.01 + 0.005 + 1e-6, "hold-back, the hop itself, one tick"


def test_a_sensor_that_stalls_is_missing_until_it_delivers() -> None:
    blocks = [packets(s, 8) for s in SENSORS]
    stalled_ns = blocks[0].arrival_ns.copy()
    stalled_ns[(stalled_ns > 5e9) & (stalled_ns < 7e9)] = 7_000_000_000
    blocks[0] = dataclasses.replace(blocks[0], arrival_ns=stalled_ns)
    for hop in (2, 100):
        found = grid(run(pipe(hop), in_order(blocks, ticks(8.0, every_s=0.5))))
        assert found["valid"][1:490, LEFT_SHANK].all()
        assert not found["valid"][520:690, LEFT_SHANK].any()
        assert np.isnan(found["acc"][520:690, LEFT_SHANK]).all()
        assert found["valid"][700:780, LEFT_SHANK].all()


def test_late_samples_are_missing_and_counted() -> None:
    blocks = [packets(SENSORS[0], 4), packets(SENSORS[1], 4)]
    arrival_ns = blocks[0].arrival_ns.copy()
    arrival_ns[200:230] = arrival_ns[230] + 200_000_000
    arrival_ns = np.maximum.accumulate(arrival_ns)
    late = PacketBlock("a", "motion", arrival_ns, blocks[0].payload, blocks[0].ends)
    made = run(pipe(), in_order([late, blocks[1]], ticks(4.5)))
    assert not grid(made)["valid"][215:240, LEFT_SHANK].any()
    counted = sum(m.late for m in made if isinstance(m, SensorStatus) and m.sensor == "a")
    assert counted >= 30


def test_status_tells_rate_loss_battery_and_refusals() -> None:
    rng = np.random.default_rng(4)
    keep = rng.random(500) > 0.1
    short = gathered([RawPacket("a", 1_500_000_000, b"\x01\x02\x03")])
    battery = gathered([RawPacket("a", 200_000_000, bytes([64, 0]), "battery")])
    blocks = [packets(SENSORS[0], 5, keep), *short]
    made = run(pipe(), [*battery, *in_order(blocks, ticks(5.1))])
    told = [m for m in made if isinstance(m, SensorStatus) and m.sensor == "a"]
    assert len(told) == 5
    assert sum(m.rate_hz for m in told) == keep.sum()
    assert sum(m.lost for m in told) == (~keep).sum()
    assert sum(m.refused for m in told) == 1
    assert told[-1].battery == pytest.approx(0.64)
    silent = [m for m in made if isinstance(m, SensorStatus) and m.sensor == "c"]
    assert [m.loss for m in silent] == [1.0] * 5


def test_status_and_remarks_say_how_the_link_is_and_why() -> None:
    streaming, lost = SensorState(LinkState.STREAMING), SensorState(LinkState.LOST, "off: asleep")
    words = [
        RawPacket("a", at_ns, msgspec.json.encode(state), STATE_CHANNEL)
        for at_ns, state in ((100_000_000, streaming), (1_500_000_000, lost))
    ]
    made = run(pipe(), in_order([packets(SENSORS[0], 3), *gathered(words)], ticks(3.1)))
    told = [m for m in made if isinstance(m, SensorStatus)]
    assert [(m.link, m.why) for m in told if m.sensor == "a"] == [
        (LinkState.STREAMING, ""), (LinkState.LOST, "off: asleep"), (LinkState.LOST, "off: asleep"),
    ]  # fmt: skip
    assert {m.link for m in told if m.sensor != "a"} == {None}
    assert [(m.kind, m.text) for m in made if isinstance(m, Marker)] == [
        ("sensor_state", "left shank (a): streaming"),
        ("sensor_state", "left shank (a): lost: off: asleep"),
    ]


def test_values_that_are_no_numbers_are_refused() -> None:
    block = packets(SENSORS[0], 3)
    payload = bytearray(block.payload)
    payload[44 * 100 + 20 : 44 * 100 + 24] = np.array([np.nan], "<f4").tobytes()
    payload[44 * 101 + 20 : 44 * 101 + 24] = np.array([np.inf], "<f4").tobytes()
    broken = PacketBlock("a", "motion", block.arrival_ns, bytes(payload), block.ends)
    made = run(pipe(), in_order([broken], ticks(3.1)))
    body = grid(made)
    assert np.isfinite(body["acc"][body["valid"]]).all()
    assert sum(m.refused for m in made if isinstance(m, SensorStatus) and m.sensor == "a") == 2


def test_saturated_samples_are_used_but_not_called_real() -> None:
    block = packets(SENSORS[0], 3)
    payload = bytearray(block.payload)
    payload[44 * 100 + 20 : 44 * 100 + 24] = np.array([16 * 9.80665], "<f4").tobytes()
    clipped = PacketBlock("a", "motion", block.arrival_ns, bytes(payload), block.ends)
    body = grid(run(pipe(), in_order([clipped], ticks(3.1))))
    assert body["valid"][95:110, LEFT_SHANK].all()
    assert (~body["real"][95:110, LEFT_SHANK]).sum() == 2


def test_a_restarted_clock_is_not_bridged() -> None:
    first, second = packets(SENSORS[0], 2), packets(SENSORS[0], 2)
    both = PacketBlock(
        "a",
        "motion",
        np.concatenate([first.arrival_ns, second.arrival_ns + 2_000_000_000]),
        first.payload + second.payload,
        np.concatenate([first.ends, second.ends + first.ends[-1]]),
    )
    body = grid(run(pipe(), in_order([both], ticks(4.1))))
    assert body["valid"][:, LEFT_SHANK].mean() > 0.95
    assert body["acc"][350, LEFT_SHANK, 0] == pytest.approx(1.5, abs=0.02)


def test_two_sensors_cannot_claim_one_place() -> None:
    twice = (SENSORS[0], SensorSpec("z", Place.LEFT_SHANK, "movella_dot", 60.0))
    with pytest.raises(UsageError, match="sensors a and z both claim place left_shank"):
        Decode(twice)


def test_packets_of_strangers_are_left_alone() -> None:
    stranger = SensorSpec("x", Place.STERNUM, "movella_dot", 100.0, {"mode": 26})
    blocks = [packets(SENSORS[0], 2), packets(stranger, 2)]
    alone = run(pipe(), in_order(blocks[:1], ticks(2)))
    assert_same(run(pipe(), in_order(blocks, ticks(2))), alone)


def test_packets_of_a_kind_that_is_not_known_are_left_alone() -> None:
    mystery = gathered([RawPacket("a", n * 10**7, bytes([n]), "mystery") for n in range(100)])
    blocks = [packets(spec, 2) for spec in SENSORS]
    plain = run(pipe(), in_order(blocks, ticks(2)))
    assert_same(run(pipe(), in_order([*blocks, *mystery], ticks(2))), plain)


def test_a_magnetometer_s_field_lies_at_its_own_place_only() -> None:
    with_field = SensorSpec("m", Place.STERNUM, "sample_frame", 100.0, {"tick_ns": 1e7, "mag": 1})
    plain = SensorSpec("b", Place.PELVIS, "movella_dot", 100.0, {"mode": 21})
    count = np.arange(300)
    mag = np.stack([count / 100.0, np.full(300, 20.0), np.full(300, -40.0)], axis=1)
    still = np.tile([0.0, 0.0, 9.81], (300, 1))
    payload = frames(count, still, 0 * still, mag)
    ends = np.arange(1, 301) * MAG_FRAME.itemsize
    framed = PacketBlock("m", "motion", count * 10_000_000 + 4_000_000, payload, ends)
    sensors = (with_field, plain)
    pipe = Chain([Decode(sensors), Align("p", sensors, 0, 100.0, 0.06, 0.1, 2)])
    body = grid(run(pipe, in_order([framed, packets(plain, 3)], ticks(3))))
    real: BoolArray = body["real"][:, 0] & body["real"][:, 1]
    assert real[10:290].all()
    assert np.isnan(body["mag"][:, 0]).all()
    t_s = np.arange(len(real)) / 100.0
    assert np.abs(t_s - 0.004 - body["mag"][:, 1, 0])[real].max() < 1e-3
    assert np.allclose(body["mag"][real, 1, 1:], [20.0, -40.0])


def test_without_a_magnetometer_there_is_no_field() -> None:
    assert "mag" not in grid(run(pipe(), in_order([packets(SENSORS[0], 1)], ticks(1))))
