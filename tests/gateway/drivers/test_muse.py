"""Muse: the vector made from the layout, commands, packets of three, telemetry."""

from __future__ import annotations

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Battery, driver
from gateway.drivers.muse import ACC, CONTROL, GYR, TELEMETRY
from gateway.drivers.talk import Repeat, Write
from gateway.messages import RawPacket
from simulators.peripherals.muse import VirtualMuse
from tests.gateway.drivers.desk import SENSOR, Desk, movement, steps, subscribed, written

MUSE = driver("muse")


def test_the_vector() -> None:
    payload = bytes.fromhex("00070064ff38012c000000000000ffff0002fffd")
    block = gathered([RawPacket(SENSOR, 0, payload)])[0]
    (samples,) = MUSE.decode("gyr", block, {}).samples
    assert samples.gyr is not None
    assert samples.ticks is not None
    assert samples.after is not None
    expected = [[0.74768, -1.49536, 2.24304], [0.0, 0.0, 0.0], [-0.0074768, 0.0149536, -0.0224304]]
    np.testing.assert_allclose(np.degrees(samples.gyr), expected, atol=1e-9)
    assert samples.ticks.tolist() == [7, 7, 7]
    assert samples.after.tolist() == [0, 1, 2]
    assert samples.packet.tolist() == [0, 0, 0]
    assert samples.stream == 1
    (samples,) = MUSE.decode("acc", block, {}).samples
    assert samples.acc is not None
    np.testing.assert_allclose(samples.acc[0] / 9.80665, [0.00610352, -0.01220704, 0.01831056])


def test_commands_have_the_published_bytes() -> None:
    done = steps(MUSE.start({}, 52.0))
    assert written(done) == [(CONTROL, "02680a"), (CONTROL, "02640a")]
    assert not any(step.response for step in done if isinstance(step, Write | Repeat))
    assert [step.payload.hex() for step in done if isinstance(step, Repeat)] == ["026b0a"]
    assert subscribed(done) == [ACC, GYR, TELEMETRY]
    assert written(steps(MUSE.stop({}, 52.0))) == [(CONTROL, "02680a")]


def test_a_packet_goes_out_once_it_is_full() -> None:
    desk = Desk(MUSE, VirtualMuse(SENSOR))
    desk.start()
    desk.feel(movement(52.0, seconds=4 / 52))
    assert len(desk.block("acc").ends) == 1
    desk.feel(movement(52.0, seconds=2 / 52, start_s=5 + 4 / 52))
    (samples,) = desk.decoded("acc").samples
    assert samples.ticks is not None
    assert samples.ticks.tolist() == [87, 87, 87, 88, 88, 88]
    assert samples.acc is not None
    np.testing.assert_allclose(samples.acc, movement(52.0, seconds=6 / 52).acc, atol=1e-3)


def test_the_battery_is_told() -> None:
    sensor = VirtualMuse(SENSOR)
    sensor.battery = 0.5
    desk = Desk(MUSE, sensor)
    desk.start()
    ((at, fact),) = desk.decoded("battery").facts
    assert at == 0
    assert isinstance(fact, Battery)
    assert fact.level == 0.5


def test_what_is_beyond_full_scale_is_marked() -> None:
    payload = bytes.fromhex("0007" + "7fff00000000" + "000080000000" + "7ffe80010000")
    block = gathered([RawPacket(SENSOR, 0, payload)])[0]
    (samples,) = MUSE.decode("acc", block, {}).samples
    assert samples.clipped.tolist() == [True, True, False]
