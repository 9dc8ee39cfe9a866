"""Nicla Sense ME: frames made from the layout, several virtual sensors on one characteristic."""

from __future__ import annotations

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver
from gateway.drivers.nicla import CONFIG, DATA
from gateway.messages import RawPacket
from tests.gateway.drivers.desk import SENSOR, steps, subscribed, written

NICLA = driver("nicla")
ACC = "0407001000f0008000000000"
GYR = "0d0780008000000000000000"
OTHER = "810400000000000000000000"


def test_frames_are_told_apart_by_their_number() -> None:
    payloads = [ACC, OTHER, GYR, ACC[:14], ACC]
    packets = [RawPacket(SENSOR, n, bytes.fromhex(p)) for n, p in enumerate(payloads)]
    decoded = NICLA.decode("motion", gathered(packets)[0], {})
    acc, gyr = decoded.samples
    assert acc.acc is not None
    assert gyr.gyr is not None
    np.testing.assert_allclose(acc.acc, [[9.80665, -9.80665, -8 * 9.80665]] * 2)
    np.testing.assert_allclose(np.degrees(gyr.gyr), [[7.8125, 7.8125, 0.0]])
    assert acc.packet.tolist() == [0, 4]
    assert gyr.packet.tolist() == [2]
    assert acc.clipped.all()
    assert not gyr.clipped.any()
    assert decoded.refused == {"too short": 1}


def test_it_is_switched_off_and_on_by_rates() -> None:
    off = [(CONFIG, "040000000000000000"), (CONFIG, "0d0000000000000000")]
    on = [(CONFIG, "040000484200000000"), (CONFIG, "0d0000484200000000")]
    done = steps(NICLA.start({}, 50.0))
    assert written(done) == off + on
    assert subscribed(done) == [DATA]
    assert written(steps(NICLA.stop({}, 50.0))) == off
