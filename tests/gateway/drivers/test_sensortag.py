"""SensorTag CC2650: the vector made from the layout, settings that are read back."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver, settled
from gateway.drivers.sensortag import CONFIG, DATA, PERIOD
from gateway.errors import SourceError, UsageError
from gateway.messages import RawPacket
from simulators.peripherals.sensortag import VirtualSensorTag
from tests.gateway.drivers.desk import SENSOR, Desk, steps, subscribed, written

TAG = driver("sensortag")


def test_the_vector() -> None:
    payload = bytes.fromhex("8300fafe41000010000000f0640038ff2c01")
    block = gathered([RawPacket(SENSOR, 0, payload)])[0]
    (samples,) = TAG.decode("motion", block, {"acc_g": 8}).samples
    assert samples.acc is not None
    assert samples.gyr is not None
    np.testing.assert_allclose(samples.acc, [[9.80665, 0, -9.80665]])
    np.testing.assert_allclose(np.degrees(samples.gyr[0]), [0.9995, -1.9989, 0.4959], atol=1e-4)


@pytest.mark.parametrize(("acc_g", "bits"), [(2, "3f00"), (4, "3f01"), (8, "3f02"), (16, "3f03")])
def test_start_and_stop(acc_g: int, bits: str) -> None:
    answers = {PERIOD: bytes([20]), CONFIG: bytes.fromhex(bits)}
    done = steps(TAG.start({"acc_g": acc_g}, 5.0), answers)
    assert written(done) == [(CONFIG, "0000"), (PERIOD, "14"), (CONFIG, bits)]
    assert subscribed(done) == [DATA]
    assert written(steps(TAG.stop({}, 5.0))) == [(CONFIG, "0000")]


@pytest.mark.parametrize("acc_g", [2, 4, 8, 16])
def test_what_is_read_back(acc_g: int) -> None:
    sensor = VirtualSensorTag(SENSOR)
    sensor.battery = 0.42
    desk = Desk(TAG, sensor, {"acc_g": acc_g}, 10.0)
    assert desk.start() == {
        "rate_hz": 10.0,
        "acc_g": acc_g,
        "firmware": "1.0.0",
        "battery": 0.42,
    }


class Deaf(VirtualSensorTag):
    """A sensor that stays off."""

    def read(self, characteristic: str, service: str = "") -> bytes:
        return bytes(2) if characteristic == CONFIG else super().read(characteristic, service)


def test_settings_that_were_not_taken_are_told() -> None:
    with pytest.raises(SourceError, match="it reads period '0a' and configuration '0000'"):
        Desk(TAG, Deaf(SENSOR)).start()


def test_it_is_no_faster_than_ten_a_second() -> None:
    with pytest.raises(UsageError, match="streams at 1, 2, 5, 10 Hz, not at 60 Hz"):
        settled("sensortag", {}, 60.0)
