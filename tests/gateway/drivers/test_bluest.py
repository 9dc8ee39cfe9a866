"""BlueST: the vector made from the layout."""

from __future__ import annotations

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver
from gateway.drivers.bluest import MILLI_G, MOTION
from gateway.messages import RawPacket
from tests.gateway.drivers.desk import SENSOR, steps, subscribed, written

BLUEST = driver("bluest")


def test_the_vector() -> None:
    payload = bytes.fromhex("d204f0ff0800eb030f00e7ff2c01d2003efe2100")
    (samples,) = BLUEST.decode("motion", gathered([RawPacket(SENSOR, 0, payload)])[0], {}).samples
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.ticks is not None
    np.testing.assert_allclose(samples.acc, [[-16 * MILLI_G, 8 * MILLI_G, 1003 * MILLI_G]])
    np.testing.assert_allclose(np.degrees(samples.gyr), [[1.5, -2.5, 30.0]])
    assert samples.ticks.tolist() == [1234]


def test_a_board_needs_nothing_but_a_listener() -> None:
    done = steps(BLUEST.start({}, 25.0))
    assert written(done) == []
    assert subscribed(done) == [MOTION]
    assert steps(BLUEST.stop({}, 25.0)) == []


def test_its_clock_wraps_after_eight_minutes() -> None:
    (stream,) = BLUEST.streams({}, 25.0)
    assert stream.clock is not None
    assert 2**stream.clock.bits * stream.clock.tick_ns == 524.288e9


def test_what_is_at_the_widest_full_scale_is_marked() -> None:
    still = [0, 0, 0, 1000, 0, 0, 0, 0, 0, 0]
    fast, hit = [*still[:4], 20000, *still[5:]], [*still[:2], -16000, *still[3:]]
    payloads = [np.array(row, "<i2").tobytes() for row in (still, fast, hit)]
    packets = [RawPacket(SENSOR, at, payload) for at, payload in enumerate(payloads)]
    (samples,) = BLUEST.decode("motion", gathered(packets)[0], {}).samples
    assert samples.clipped.tolist() == [False, True, True]
