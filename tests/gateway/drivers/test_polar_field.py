"""The magnetometer of a Verity Sense, beside acceleration and angular rate."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers import Samples, driver, settled
from gateway.drivers.polar_control import MAG, start_request
from gateway.errors import SettingError, UnableError
from gateway.grid.stage import Align
from gateway.messages import Message, Place, RawPacket, SensorSpec, Tick
from gateway.quaternion import conjugate, rotate
from gateway.stage import Chain
from simulators.peripherals import EARTH_UT, Movement
from simulators.peripherals.polar_pmd import VirtualPolarPmd, delta_coded
from tests.contract import assert_stage_contract, canonical, run
from tests.gateway.drivers.desk import SENSOR, Desk, movement
from tests.gateway.drivers.test_polar_pmd import decode, frame, vector

ON = {"magnetometer": "on"}
START = "0206000164000101100002013200040103"


def only_field(form: int, content: bytes, **settings: float | str) -> Samples:
    """The samples of one frame of the field."""
    (samples,) = decode(frame(MAG, form, content), **ON, **settings).samples
    assert samples.acc is samples.gyr is None
    assert samples.stream == 2
    return samples


def test_published_fields_are_decoded() -> None:
    content, expected = vector("mag comp0 content")
    field = only_field(0x80, content, mag_factor=0.0015).mag
    assert field is not None
    np.testing.assert_allclose(field, np.array(expected["raw"]) * 0.15, rtol=1e-12)
    content, expected = vector("mag comp1 content")
    field = only_field(0x81, content).mag
    assert field is not None
    np.testing.assert_allclose(field, np.array(expected["raw"])[:, :3] * 0.1, rtol=1e-12)


def test_a_field_of_unknown_worth_and_one_too_strong_are_none() -> None:
    content, _ = vector("mag comp0 content")
    assert decode(frame(MAG, 0x80, content), **ON).refused == {"scale unknown": 1}
    strong = only_field(0x80, delta_coded(np.array([[1, 2, 50], [1, 2, 49]])), mag_factor=1.0)
    assert strong.mag is not None
    assert np.isnan(strong.mag).tolist() == [[True] * 3, [False] * 3]
    assert not strong.clipped.any()


def test_it_is_started_and_stopped_beside_the_others() -> None:
    desk = Desk(driver("polar_pmd"), VirtualPolarPmd(SENSOR), ON, 52.0)
    assert desk.start()["mag_factor"] == pytest.approx(50 / 32768)
    assert desk.said()[-2:] == ["0106", START]
    assert start_request(MAG, 100, 50, channels=True).hex() == START
    desk.stop()
    assert desk.said()[-3:] == ["0302", "0305", "0306"]


@pytest.mark.parametrize("rate_hz", [52.0, 104.0])
def test_the_field_lies_on_the_grid(rate_hz: float) -> None:
    desk = Desk(driver("polar_pmd"), VirtualPolarPmd(SENSOR), ON, rate_hz)
    desk.start()
    felt = movement(rate_hz, seconds=6.0, start_s=0.0)
    packets = []
    for first in range(0, len(felt.acc), 7):
        part = slice(first, first + 7)
        told = desk.sensor.stream(
            Movement(felt.device_ns[part], felt.acc[part], felt.gyr[part], felt.quat[part])
        )
        at_ns = felt.device_ns[part]
        packets += [RawPacket(SENSOR, int(at_ns[n.row]), n.payload, "motion") for n in told]
    spec = SensorSpec(SENSOR, Place.PELVIS, "polar_pmd", rate_hz, desk.settings)
    chain = Chain([Decode([spec]), Align("p", [spec], 0, 100.0, 0.8, 0.1, 2)])
    messages: list[Message] = [*gathered(packets), Tick(7_000_000_000)]
    assert_stage_contract(lambda: Decode([spec]), messages, seed=4)
    mag = canonical(run(chain, messages))["BodyBlock"]["mag"][100:450, 0]
    at_s = np.arange(100, 450) / 100
    level = np.tile(EARTH_UT, (len(felt.quat), 1))
    field = rotate(conjugate(felt.quat), level)
    truth = np.stack([np.interp(at_s, felt.device_ns * 1e-9, axis) for axis in field.T], axis=1)
    assert np.isfinite(mag).mean() > 0.9
    assert np.nanmax(np.abs(mag - truth)) < 1.5, "µT: interpolated, and its time told by arrivals"


def test_models_and_sensors_without_one_are_told() -> None:
    with pytest.raises(SettingError, match="a Verity Sense alone has a magnetometer"):
        settled("polar_pmd", {"model": "h10", **ON}, 50.0)
    desk = Desk(driver("polar_pmd"), VirtualPolarPmd(SENSOR, "oh1"), ON, 52.0)
    with pytest.raises(UnableError):
        desk.start()
