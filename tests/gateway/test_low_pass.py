"""Sensors that are faster than the grid: what is suppressed, what is kept, and the contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from gateway.decoding.stage import Decode
from gateway.decoding.streams import Streams
from gateway.drivers.sample_frame import FRAME, frames
from gateway.grid.low_pass import LowPass
from gateway.grid.stage import Align
from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    ImuBlock,
    Message,
    PacketBlock,
    Place,
    SensorSpec,
    Tick,
)
from gateway.stage import Chain
from tests.contract import assert_stage_contract, canonical, run

SEED = 8
SIZE_MS2 = 10.0
RATES = [(208.0, 100.0), (416.0, 100.0), (200.0, 100.0), (208.0, 60.0), (416.0, 60.0)]
LAST = Tick(10_000_000_000)
Signal = Callable[[FloatArray], FloatArray]


def sensor(rate_hz: float) -> SensorSpec:
    """One that counts its samples."""
    return SensorSpec("f", Place.PELVIS, "sample_frame", rate_hz, {"tick_ns": 1e9 / rate_hz})


def sine(frequency_hz: float) -> Signal:
    return lambda t_s: SIZE_MS2 * np.sin(2 * np.pi * frequency_hz * t_s + 0.3)


def packets(spec: SensorSpec, signal: Signal, seconds: float = 5.0) -> PacketBlock:
    """Every sample in a packet of its own, 4 ms after it was taken."""
    count = np.arange(round(seconds * spec.rate_hz))
    t_s = count / spec.rate_hz
    acc = np.stack([signal(t_s), 0 * t_s, 0 * t_s], axis=1)
    payload = frames(count, acc, 0 * acc)
    arrival_ns = np.rint((t_s + 0.004) * 1e9).astype(np.int64)
    ends = FRAME.itemsize * np.arange(1, len(count) + 1)
    return PacketBlock(spec.sensor, "motion", arrival_ns, payload, ends)


def cut(block: PacketBlock, every_s: float) -> list[Message]:
    """What came in each stretch of time, with a Tick after it."""
    made: list[Message] = []
    starts, done = np.concatenate([[0], block.ends]), 0
    last_ns = int(block.arrival_ns[-1])
    for now_ns in range(round(every_s * 1e9), last_ns + round(every_s * 1e9), round(every_s * 1e9)):
        end = int(np.searchsorted(block.arrival_ns, now_ns, "right"))
        part = dataclasses.replace(
            block,
            arrival_ns=block.arrival_ns[done:end].copy(),
            payload=block.payload[starts[done] : starts[end]],
            ends=block.ends[done:end] - starts[done],
        )
        made += [part, Tick(now_ns)]
        done = end
    return made


def pipe(spec: SensorSpec, grid_hz: float, hold_back_s: float = 0.06) -> Chain:
    return Chain([Decode([spec]), Align("p", [spec], 0, grid_hz, hold_back_s, 0.1, 2)])


def grid(made: list[Message]) -> dict[str, FloatArray]:
    joined: dict[str, FloatArray] = canonical(made)["BodyBlock"]
    return joined


def on_grid(rate_hz: float, grid_hz: float, signal: Signal) -> tuple[FloatArray, FloatArray]:
    """Return the times (T,) and values (T,) of a signal's grid, but for its first and last."""
    spec = sensor(rate_hz)
    body = grid(run(pipe(spec, grid_hz), cut(packets(spec, signal), 0.05)))
    inner = slice(20, -20)
    assert body["real"][inner].all()
    # The clock cannot know that every packet takes 4 ms.
    t_s = np.arange(len(body["acc"])) / grid_hz - 0.004
    return t_s[inner], body["acc"][inner, 0, 0]


def lossy(rate_hz: float) -> tuple[SensorSpec, PacketBlock]:
    """A sensor that feels a straight line, with a tenth and a third of a second missing."""
    spec = sensor(rate_hz)
    keep = np.random.default_rng(SEED).random(round(5 * rate_hz)) > 0.1
    keep[round(2 * rate_hz) : round(2.33 * rate_hz)] = False
    return spec, kept(packets(spec, lambda t_s: t_s), keep)


def kept(block: PacketBlock, keep: BoolArray) -> PacketBlock:
    rows = np.frombuffer(block.payload, np.uint8).reshape(len(keep), -1)[keep]
    ends = rows.shape[1] * np.arange(1, len(rows) + 1)
    return dataclasses.replace(
        block, arrival_ns=block.arrival_ns[keep], payload=rows.tobytes(), ends=ends
    )


@pytest.mark.parametrize(("rate_hz", "grid_hz"), RATES)
@pytest.mark.parametrize(("share", "least_db"), [(0.6, 11), (0.8, 23), (0.9, 31), (1.0, 33)])
def test_what_would_alias_is_suppressed(
    rate_hz: float, grid_hz: float, share: float, least_db: float
) -> None:
    _, values = on_grid(rate_hz, grid_hz, sine(share * grid_hz))
    left = np.sqrt(2 * np.mean(values**2)) / SIZE_MS2
    assert -20 * np.log10(left) > least_db


@pytest.mark.parametrize(("rate_hz", "grid_hz"), RATES)
def test_walking_loses_no_more_than_is_said_and_comes_no_later(
    rate_hz: float, grid_hz: float
) -> None:
    for frequency_hz in (0.9, 1.8, 5.0):
        signal = sine(frequency_hz)
        t_s, values = on_grid(rate_hz, grid_hz, signal)
        error = np.abs(values - signal(t_s)).max() / SIZE_MS2
        assert error < 1.1 * (1 - np.sinc(frequency_hz / grid_hz) ** 2)


@pytest.mark.parametrize("rate_hz", [60.0, 100.0, 140.0])
def test_a_sensor_that_is_not_clearly_faster_passes_no_filter(rate_hz: float) -> None:
    assert LowPass.of(Streams.of([sensor(rate_hz)]), 100.0) is None


def test_only_the_fast_ones_of_several_pass_it() -> None:
    slow = dataclasses.replace(sensor(100.0), sensor="s", place=Place.LEFT_FOOT)
    fast = sensor(208.0)
    blocks = [packets(slow, sine(40)), packets(fast, sine(40))]
    both = [slow, fast]
    beside = run(Chain([Decode(both), Align("p", both, 0, 100.0, 0.06, 0.1, 2)]), [*blocks, LAST])
    alone = run(pipe(slow, 100.0), [blocks[0], LAST])
    end = len(grid(alone)["acc"])
    assert np.array_equal(grid(beside)["acc"][:end, 1], grid(alone)["acc"][:, 0], equal_nan=True)


@pytest.mark.parametrize("rate_hz", [208.0, 416.0])
def test_gaps_are_what_they_are_without_the_filter(rate_hz: float) -> None:
    spec, block = lossy(rate_hz)
    body = grid(run(pipe(spec, 100.0), cut(block, 0.05)))
    t_s = np.arange(len(body["acc"])) / 100.0 - 0.004
    real, valid = body["real"][:, 0], body["valid"][:, 0]
    assert np.allclose(body["acc"][real, 0, 0], t_s[real], atol=1e-6), "no mean of half a window"
    assert 0.5 < real.mean() < 0.9
    assert valid[5:200].all()
    assert not valid[213:232].any()


def test_a_mean_that_would_need_what_is_too_late_is_an_interpolation() -> None:
    spec = sensor(208.0)
    block = packets(spec, sine(80.0))
    strength = {}
    for hold_back_s in (0.008, 0.03):
        body = grid(run(pipe(spec, 100.0, hold_back_s), cut(block, 0.05)))
        assert body["real"][20:480].all()
        strength[hold_back_s] = np.std(body["acc"][20:480, 0, 0])
    assert strength[0.03] < 0.1 * SIZE_MS2 < 0.4 * SIZE_MS2 < strength[0.008]


def test_it_waits_one_grid_interval_longer_and_no_more() -> None:
    spec = sensor(416.0)
    chain = pipe(spec, 100.0)
    waits = [
        message.now_ns * 1e-9 - (made.start + 1) / 100.0
        for message in cut(packets(spec, sine(2)), 0.001)
        for made in chain.push(message)
        if isinstance(made, BodyBlock) and isinstance(message, Tick)
    ]
    # The way by radio is in the times of both.
    assert max(waits) <= 0.01 + 1 / 416 + 0.001 + 1e-6


@pytest.mark.parametrize("rate_hz", [208.0, 416.0])
def test_it_keeps_the_contract(rate_hz: float) -> None:
    spec, block = lossy(rate_hz)
    decode = Decode([spec])
    decoded: list[Message] = []
    for message in cut(block, 0.05):
        decoded += decode.push(message)
        decoded += [message] if isinstance(message, Tick) else []
    assert_stage_contract(
        lambda: Align("p", [spec], 0, 60.0, 0.06, 0.1, 2),
        [m for m in decoded if isinstance(m, ImuBlock | Tick)],
        seed=3,
    )


@pytest.mark.parametrize("hop", [1, 7, 100])
def test_the_grid_does_not_depend_on_hops(hop: int) -> None:
    spec, block = lossy(416.0)
    live = grid(run(pipe(spec, 100.0), cut(block, 0.005)))
    chain = Chain([Decode([spec]), Align("p", [spec], 0, 100.0, 0.06, 0.1, hop)])
    chunked = grid(run(chain, cut(block, 1.0)))
    for name in ("acc", "gyr", "valid", "real"):
        assert np.array_equal(live[name][:490], chunked[name][:490], equal_nan=True)
