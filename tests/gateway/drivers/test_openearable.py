"""OpenEarable 2: records made from the layout, of one sample and of several."""

from __future__ import annotations

import struct

import numpy as np

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver
from gateway.drivers.openearable import CONFIG, DATA
from gateway.messages import RawPacket
from tests.gateway.drivers.desk import SENSOR, steps, subscribed, written

OPENEARABLE = driver("openearable")


def record(at_us: int, *samples: tuple[float, ...], period_us: int = 0, sensor: int = 0) -> bytes:
    """Return the record of samples of acceleration, turn and field."""
    body = b"".join(struct.pack("<9f", *sample) for sample in samples)
    body += struct.pack("<H", period_us) if len(samples) > 1 else b""
    return struct.pack("<BBQ", sensor, len(body), at_us) + body


def test_records_of_any_length_keep_their_order() -> None:
    one, two, three = [(float(n), 0, 9.5, 90, 0, -n, 1, 2, 3) for n in (1, 2, 3)]
    payloads = [
        record(1_000_000, one, two, period_us=10_000),
        record(1_020_000, three),
        record(1_020_500, one, sensor=6),
        record(1_030_000, one, two, three, period_us=10_000),
        record(1_060_000, one)[:-1],
        b"\0",
    ]
    packets = [RawPacket(SENSOR, n, payload) for n, payload in enumerate(payloads)]
    decoded = OPENEARABLE.decode("motion", gathered(packets)[0], {})
    (samples,) = decoded.samples
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.ticks is not None
    assert samples.packet.tolist() == [0, 0, 1, 3, 3, 3]
    assert samples.ticks.tolist() == [1_000_000 + 10_000 * n for n in range(6)]
    np.testing.assert_array_equal(samples.acc[:, 0], [1, 2, 3, 1, 2, 3])
    np.testing.assert_allclose(samples.gyr[0], [np.pi / 2, 0, -np.pi / 180])
    assert decoded.refused == {"too short": 1, "not a whole record": 1}


def test_full_scale_is_marked() -> None:
    steady = record(0, (0, 0, 9.8, 0, 0, 0, 0, 0, 0))
    pushed = record(1, (0, 0, 19.61, 0, 0, 0, 0, 0, 0))
    turned = record(2, (0, 0, 9.8, 0, -2000, 0, 0, 0, 0))
    packets = [RawPacket(SENSOR, n, p) for n, p in enumerate((steady, pushed, turned))]
    (samples,) = OPENEARABLE.decode("motion", gathered(packets)[0], {}).samples
    assert samples.clipped.tolist() == [False, True, True]


def test_it_starts_by_the_index_of_its_rate() -> None:
    done = steps(OPENEARABLE.start({}, 100.0))
    assert written(done) == [(CONFIG, "000000"), (CONFIG, "000201")]
    assert subscribed(done) == [DATA]
