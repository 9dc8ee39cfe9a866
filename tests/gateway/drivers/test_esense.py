"""eSense: the vectors made from the layout, checksums, full scales that are read back."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver
from gateway.drivers.esense import CONTROL, DATA, REGISTERS, command, registers
from gateway.errors import SourceError
from gateway.messages import RawPacket
from simulators.peripherals.esense import VirtualESense
from tests.gateway.drivers.desk import SENSOR, Desk, movement, steps, subscribed, written

ESENSE = driver("esense")
AS_IT_COMES = {"acc_g": 4, "gyr_dps": 500}


def test_the_vector() -> None:
    packets = [RawPacket(SENSOR, 0, bytes.fromhex("5501cb0c028ffae2004200002000f000"))]
    (samples,) = ESENSE.decode("motion", gathered(packets)[0], AS_IT_COMES).samples
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.ticks is not None
    np.testing.assert_allclose(np.degrees(samples.gyr), [[10.0, -20.0, 1.008]], atol=5e-4)
    np.testing.assert_allclose(samples.acc, [[0, 9.80665, -4.903325]])
    assert samples.ticks.tolist() == [1]


def test_commands_have_the_published_bytes() -> None:
    assert command(0x53, bytes([1, 50])).hex() == "5335020132"
    assert command(0x53, bytes([0, 0])).hex() == "5302020000"
    assert registers(4, 500).hex() == "591a0403080803"


def test_start_and_stop() -> None:
    start = ESENSE.start({"acc_g": 16, "gyr_dps": 2000}, 50.0)
    done = steps(start, {REGISTERS: registers(16, 2000)})
    assert written(done) == [
        (CONTROL, "5302020000"),
        (REGISTERS, "593a0403181803"),
        (CONTROL, "5335020132"),
    ]
    assert subscribed(done) == [DATA]


def test_frames_that_are_damaged_or_something_else_are_refused() -> None:
    payloads = [
        "5501cb0c028ffae2004200002000f000",
        "5501cb0c028ffae2004200002000f001",
        "5401cb0c028ffae2004200002000f000",
        "5501cb0c028ffae2004200002000f0",
        "5502cb0c028ffae2004200002000f000",
    ]
    packets = [RawPacket(SENSOR, n, bytes.fromhex(p)) for n, p in enumerate(payloads)]
    decoded = ESENSE.decode("motion", gathered(packets)[0], AS_IT_COMES)
    assert decoded.samples[0].packet.tolist() == [0, 4]
    assert decoded.refused == {"wrong checksum": 1, "not a motion frame": 1, "too short": 1}


@pytest.mark.parametrize("acc_g", [2, 4, 8, 16])
@pytest.mark.parametrize("gyr_dps", [250, 500, 1000, 2000])
def test_full_scales(acc_g: int, gyr_dps: int) -> None:
    settings = {"acc_g": acc_g, "gyr_dps": gyr_dps}
    desk = Desk(ESENSE, VirtualESense(SENSOR), settings)
    assert desk.start() == {"rate_hz": 100.0, **settings}
    felt = movement(100.0, seconds=0.1)
    desk.feel(felt)
    (samples,) = desk.decoded().samples
    assert samples.acc is not None
    assert samples.gyr is not None
    np.testing.assert_allclose(samples.acc, felt.acc, atol=acc_g * 9.81 / 32768)
    np.testing.assert_allclose(samples.gyr, felt.gyr, atol=np.radians(gyr_dps / 32000))


def test_what_is_beyond_full_scale_is_marked() -> None:
    desk = Desk(ESENSE, VirtualESense(SENSOR), {"acc_g": 2})
    desk.start()
    felt = movement(100.0, seconds=0.1)
    felt.acc.flags.writeable = True
    felt.acc[5:, 2] = -20.0
    desk.feel(felt)
    assert desk.decoded().samples[0].clipped.tolist() == [False] * 5 + [True] * 5


class Mute(VirtualESense):
    """An earphone that tells nothing of its registers."""

    def read(self, characteristic: str, service: str = "") -> bytes:
        del characteristic, service
        return b""


def test_registers_in_an_unknown_form_are_told() -> None:
    with pytest.raises(SourceError, match="unknown form, ''; put it into its case"):
        Desk(ESENSE, Mute(SENSOR)).start()
