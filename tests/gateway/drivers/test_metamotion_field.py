"""The magnetometer of a MetaMotion, beside its other streams."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers import driver
from gateway.drivers.metamotion import BMI160, BMI270, Chip
from gateway.drivers.metamotion_packets import MAG_UT, TICK_NS
from gateway.errors import UsageError
from gateway.grid.stage import Align
from gateway.messages import Message, Place, RawPacket, SensorSpec, SensorStatus, Tick
from gateway.quaternion import conjugate, rotate
from gateway.stage import Chain
from simulators.peripherals import EARTH_UT
from simulators.peripherals.metamotion import VirtualMetaMotion
from tests.contract import assert_stage_contract, canonical, run
from tests.gateway.drivers.desk import SENSOR, Desk, movement
from tests.gateway.drivers.test_metamotion import decode, only

ON = {"magnetometer": "on"}


@pytest.mark.parametrize("chip", [BMI160, BMI270])
def test_the_magnetic_field_is_a_stream_of_its_own(chip: Chip) -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR, chip), ON, 100.0)
    desk.start()
    assert desk.said()[-6:] == [
        *("03020100", "13020100", "15020100"),
        *("030101", "130101", "150101"),
    ]
    felt = movement(100.0)
    desk.feel(felt)
    streams = desk.driver.streams(desk.settings, 100.0)
    assert [own.mag for own in streams] == [False, True]
    field = only(desk.decoded(), 1)
    assert not desk.decoded().refused
    assert field.acc is field.gyr is None
    assert field.mag is not None
    truth = rotate(conjugate(felt.quat[::4]), np.tile(EARTH_UT, (len(felt.quat[::4]), 1)))
    np.testing.assert_allclose(field.mag, truth, atol=MAG_UT)
    assert field.ticks is not None
    np.testing.assert_array_equal(field.ticks, felt.device_ns[::4] // TICK_NS)
    desk.stop()
    assert desk.said()[-2:] == ["150100", "15020001"]


def test_the_magnetometer_is_set_up_beside_the_chain_of_processors() -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR), ON, 100.0)
    desk.start()
    said = desk.said()
    assert said[said.index("1580") :][:4] == ["1580", "150100", "1504040e", "150306"]
    assert said[-9:-6] == ["09021505ffa0113103", "09070301", "090301"]


def test_the_field_lies_on_the_grid_and_leaves_the_rate_of_motion_as_it_is() -> None:
    desk = Desk(driver("metamotion"), VirtualMetaMotion(SENSOR), ON, 100.0)
    desk.start()
    felt = movement(100.0, seconds=4.0, start_s=0.0)
    told = desk.sensor.stream(felt)
    packets = [
        RawPacket(SENSOR, int(felt.device_ns[each.row]), each.payload, "motion") for each in told
    ]
    spec = SensorSpec(SENSOR, Place.PELVIS, "metamotion", 100.0, desk.settings)
    chain = Chain([Decode([spec]), Align("p", [spec], 0, 100.0, 0.06, 0.1, 2)])
    messages: list[Message] = [*gathered(packets), Tick(4_100_000_000)]
    assert_stage_contract(lambda: Decode([spec]), messages, seed=4)
    made = run(chain, messages)
    statuses = [each for each in made if isinstance(each, SensorStatus)]
    assert [each.rate_hz for each in statuses[1:3]] == [100.0, 100.0]
    mag = canonical(made)["BodyBlock"]["mag"][20:380, 0]
    truth = rotate(conjugate(felt.quat[20:380]), np.tile(EARTH_UT, (360, 1)))
    assert np.abs(mag - truth).max() < 0.5, "µT: interpolated over 40 ms"


def test_a_field_too_strong_for_the_magnetometer_is_none() -> None:
    strong, short = "0903031e020000ff7f530a7504", "0903031e0200004ef0530a75"
    decoded = decode(strong, short, magnetometer="on")
    field = only(decoded, 1).mag
    assert field is not None
    assert field.shape == (1, 3)
    assert np.isnan(field).all()
    assert decoded.refused == {"wrong length": 1}


@pytest.mark.parametrize("stream", ["plain", "packed"])
def test_a_field_without_a_time_is_not_tried(stream: str) -> None:
    with pytest.raises(UsageError, match="needs a time; use the stream 'fused'"):
        driver("metamotion").streams({"stream": stream} | ON, 100.0)
