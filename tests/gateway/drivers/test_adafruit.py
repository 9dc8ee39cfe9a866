"""Adafruit boards: vectors made from the layout, and periods addressed by service."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver, settled
from gateway.drivers.adafruit import DATA, OFF, PERIOD, SERVICES
from gateway.drivers.talk import Read, Write
from gateway.errors import SourceError, UsageError
from gateway.messages import PacketBlock, RawPacket
from simulators.peripherals import Notification
from simulators.peripherals.adafruit import VirtualAdafruit
from tests.gateway.drivers.desk import SENSOR, Desk, movement, steps, subscribed

ADAFRUIT = driver("adafruit")


@pytest.mark.parametrize(
    ("channel", "packet", "expected"),
    [
        ("acc", "00000000000000bf00001d41", [0, -0.5, 9.8125]),
        ("gyr", "0000c03f000080be0000003e", [1.5, -0.25, 0.125]),
        ("quat", "0000003f0000003f000000bf0000003f", [0.5, 0.5, -0.5, 0.5]),
    ],
)
def test_vectors(channel: str, packet: str, expected: list[float]) -> None:
    (samples,) = ADAFRUIT.decode(channel, block(packet), {}).samples
    values = getattr(samples, channel)
    np.testing.assert_array_equal(values, [expected])
    assert samples.stream == (0 if channel == "acc" else 1)


def test_the_periods_are_set_service_by_service() -> None:
    done = steps(ADAFRUIT.start({"turn": "gyr"}, 50.0), {PERIOD: bytes.fromhex("14000000")})
    assert [(step.payload.hex(), step.service) for step in done if isinstance(step, Write)] == [
        ("ffffffff", SERVICES["acc"]),
        ("ffffffff", SERVICES["gyr"]),
        ("14000000", SERVICES["acc"]),
        ("14000000", SERVICES["gyr"]),
    ]
    assert subscribed(done) == [DATA["acc"], DATA["gyr"]]
    (read,) = (step for step in done if isinstance(step, Read) and step.characteristic == PERIOD)
    assert read.service == SERVICES["acc"]


class Deaf(VirtualAdafruit):
    """A board whose periods stay off whatever is written."""

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        del payload
        return super().written(characteristic, OFF, service)


def test_a_period_that_was_not_taken_is_told() -> None:
    with pytest.raises(SourceError, match="did not take the measurement period and reads 'fff"):
        Desk(ADAFRUIT, Deaf(SENSOR)).start()


def test_the_boards_orientation_may_tell_the_turn() -> None:
    desk = Desk(ADAFRUIT, VirtualAdafruit(SENSOR), {"turn": "quat"}, 25.0)
    assert desk.start() == {"rate_hz": 25.0, "firmware": "1.0.0", "battery": 1.0}
    felt = movement(25.0)
    desk.feel(felt)
    assert desk.channels() == ["acc", "quat"]
    (samples,) = desk.decoded("quat").samples
    assert samples.quat is not None
    np.testing.assert_allclose(samples.quat, felt.quat, atol=1e-6)


def test_stopping_switches_both_services_off() -> None:
    sensor = VirtualAdafruit(SENSOR)
    desk = Desk(ADAFRUIT, sensor)
    desk.start()
    desk.stop()
    assert {sensor.read(PERIOD, SERVICES[part]) for part in ("acc", "gyr")} == {OFF}


def test_other_rates_and_sources_of_turn_are_refused() -> None:
    with pytest.raises(UsageError, match="a CLUE streams at 1, 2, 5, 10, 20, 25, 40, 50 Hz"):
        settled("adafruit", {}, 100.0)
    with pytest.raises(UsageError, match="turn is 'mag', which is not among gyr, quat"):
        settled("adafruit", {"turn": "mag"}, 50.0)


def block(*payloads: str) -> PacketBlock:
    packets = [RawPacket(SENSOR, n, bytes.fromhex(p)) for n, p in enumerate(payloads)]
    return gathered(packets)[0]
