"""Sensors from searching to streaming and back, in a virtual world, through the real bleak."""

from __future__ import annotations

import statistics
import time

import numpy as np
from structlog.testing import capture_logs

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver
from gateway.link_state import read_settings
from gateway.messages import IntArray, LinkState
from simulators.radio_world.hosted import Conditions
from tests.gateway.radio.living import Session, dots, session
from tests.services.wait import until

STREAMING, STALLED, LOST = LinkState.STREAMING, LinkState.STALLED, LinkState.LOST
STARTED_TOGETHER_S = 1.0
BACK_S = 3.0
STALL_FOUND_S = 1.0


def ticks_us(going: Session, index: int) -> IntArray:
    """The device times of all samples that came of a sensor, in order."""
    block = gathered(going.of(going.sensors[index]))[0]
    (samples,) = driver("movella_dot").decode("motion", block, {"mode": 26}).samples
    assert samples.ticks is not None
    return samples.ticks


async def test_eight_sensors_stream_from_one_start_and_stop_at_the_end() -> None:
    async with session(dots(8)) as going:
        await going.reach(STREAMING)
        firsts = [going.of(sensor)[0].arrival_ns for sensor in going.sensors]
        assert (max(firsts) - min(firsts)) * 1e-9 < STARTED_TOGETHER_S
        for sensor in going.sensors:
            assert [told.state.value for told in going.states(sensor)] == [
                "searching",
                "connecting",
                "streaming",
            ]
            assert going.states(sensor)[-1].rssi == sensor.rssi_dbm
            (settings,) = going.of(sensor, "settings")
            assert {"mode": 26, "rate_hz": 60.0}.items() <= read_settings(settings.payload).items()
            channels = [p.channel for p in going.packets if p.sensor == sensor.address]
            assert channels.index("settings") < channels.index("motion")
            assert going.of(sensor, "battery")
        await going.more(going.sensors[0])
        await going.end()
        await until(lambda: not any(s.connected for s in going.sensors), "all were left")
        assert [sensor.peripheral.rate_hz for sensor in going.sensors] == [0.0] * 8


async def test_what_was_sent_came_or_is_missing_in_device_time() -> None:
    crowded = Conditions(buffer=6, stall_every_s=1.5, stall_s=0.2)
    async with session(dots(4), conditions=crowded) as going:
        await going.reach(STREAMING)
        await until(lambda: all(s.account.lost > 3 for s in going.sensors), "buffers ran over", 60)
        for sensor in going.sensors:
            await going.more(sensor)
        await going.end()
        for index, sensor in enumerate(going.sensors):
            came = len(going.of(sensor)) + len(going.of(sensor, "battery"))
            assert came == sensor.account.sent
            steps = np.diff(ticks_us(going, index)) % 2**32
            lost = int(np.rint(steps * 60e-6).sum()) - len(steps)
            assert 0 < lost <= sensor.account.lost
            # What it had taken and could not send any more at the end is nobody's loss.
            assert len(going.of(sensor)) + sensor.account.lost == sensor.taken


async def test_a_dropped_sensor_streams_again_within_three_seconds() -> None:
    async with session(dots(3)) as going:
        await going.reach(STREAMING)
        sensor, *others = going.sensors
        back_s = []
        for time_round in range(2, 7):
            await going.more(sensor)
            dropped_ns = time.monotonic_ns()
            await sensor.drop()
            again_ns = await going.pass_through(STREAMING, sensor, time_round)
            back_s.append((again_ns - dropped_ns) * 1e-9)
        assert statistics.median(back_s) < BACK_S
        lost = next(told for told in going.states(sensor) if told.state == LOST)
        assert "the sensor disconnected" in lost.why
        for other in others:
            assert LOST not in [told.state for told in going.states(other)]
        assert len(going.of(sensor, "settings")) == 6


async def test_silence_is_found_within_a_second_and_ends_by_itself_or_with_a_new_link() -> None:
    async with session(dots(2)) as going:
        await going.reach(STREAMING)
        sensor = going.sensors[0]
        await until(lambda: len(going.of(sensor)) > 150, "it has streamed for a while")
        sensor.frozen = True
        stalled_ns = await going.pass_through(STALLED, sensor)
        assert (stalled_ns - going.of(sensor)[-1].arrival_ns) * 1e-9 < STALL_FOUND_S
        sensor.frozen = False
        await going.pass_through(STREAMING, sensor, 2)
        assert LOST not in [told.state for told in going.states(sensor)]
        sensor.frozen = True
        await going.pass_through(LOST, sensor)
        assert "silent for" in going.states(sensor)[-1].why
        sensor.frozen = False
        await going.pass_through(STREAMING, sensor, 3)


async def test_out_of_range_and_back() -> None:
    async with session(dots(2)) as going:
        await going.reach(STREAMING)
        sensor, other = going.sensors
        sensor.carry_away()
        await going.pass_through(LOST, sensor)
        await going.more(other)
        came = len(going.of(sensor))
        sensor.bring_back()
        await going.pass_through(STREAMING, sensor, 2)
        await going.more(sensor)
        assert len(going.of(sensor)) > came
        assert LOST not in [told.state for told in going.states(other)]


async def test_a_sensor_that_restarts_begins_its_time_anew() -> None:
    async with session(dots(1)) as going:
        await going.reach(STREAMING)
        sensor = going.sensors[0]
        await going.more(sensor)
        sensor.restart()
        await going.pass_through(STREAMING, sensor, 2)
        await going.more(sensor)
        ticks = ticks_us(going, 0)
        assert ticks.min() < 20e6 < ticks[0]


async def test_the_adapter_goes_off_and_on_again() -> None:
    async with session(dots(2)) as going:
        await going.reach(STREAMING)
        adapter = going.world.adapters["hci0"]
        with capture_logs() as logs:
            adapter.switch_off()
            for sensor in going.sensors:
                await going.pass_through(LOST, sensor)
            await until(
                lambda: any("Bluetooth is switched off" in log["event"] for log in logs), "told why"
            )
        adapter.switch_on()
        for sensor in going.sensors:
            await going.pass_through(STREAMING, sensor, 2)


async def test_two_adapters_share_the_sensors_and_the_one_that_is_left_takes_all() -> None:
    async with session(dots(6), adapters=("hci0", "hci1")) as going:
        await going.reach(STREAMING)
        used = [going.states(sensor)[-1].adapter for sensor in going.sensors]
        assert sorted(used) == ["hci0"] * 3 + ["hci1"] * 3
        going.world.adapters["hci1"].switch_off()
        for sensor, adapter in zip(going.sensors, used, strict=True):
            await going.pass_through(STREAMING, sensor, 2 if adapter == "hci1" else 1)
        assert {going.states(sensor)[-1].adapter for sensor in going.sensors} == {"hci0"}
