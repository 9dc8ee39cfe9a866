"""What sensors say of themselves on connecting: the possible is taken, the impossible left out."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.drivers import driver, drivers
from gateway.link_state import SETTINGS_CHANNEL, settings_packet
from gateway.messages import ImuBlock, Message, Place, RawPacket, SensorSpec, Tick
from simulators.peripherals import peripherals
from tests.gateway.drivers.desk import SENSOR, Desk, movement

RADIO = sorted(name for name, known in drivers().items() if known.advertising is not None)
NUMBERS = ("rate_hz", "acc_g", "gyr_dps", "acc_factor", "gyr_factor", "synced")
IMPOSSIBLE: list[tuple[str, float | str]] = [
    *(("rate_hz", rate) for rate in (0.0, -5.0, 6e-7, 1e-238, 1e6, 1e300)),
    *((name, "a") for name in NUMBERS),
]


def motion(desk: Desk, told: RawPacket | None) -> list[ImuBlock]:
    """Return what is decoded of a sensor that has told this when it was connected."""
    decode = Decode([SensorSpec(SENSOR, Place.PELVIS, desk.driver.name, desk.rate_hz)])
    produced: list[Message] = []
    if told is not None:
        produced += decode.push(gathered([told])[0])
    for channel in desk.channels():
        block = desk.block(channel)
        produced += decode.push(dataclasses.replace(block, arrival_ns=block.arrival_ns + 10**9))
    produced += decode.push(Tick(10**11))
    return [message for message in produced if isinstance(message, ImuBlock)]


@pytest.mark.parametrize("name", RADIO)
def test_what_no_sensor_can_be_is_left_out(name: str) -> None:
    desk = Desk(driver(name), peripherals()[name](SENSOR))
    desk.start()
    desk.feel(movement(desk.sensor.rate_hz, seconds=0.5))
    expected = motion(desk, None)
    for key, value in IMPOSSIBLE:
        told = dataclasses.replace(settings_packet(SENSOR, {key: value}), arrival_ns=0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = motion(desk, told)
        for own, other in itertools.zip_longest(found, expected):
            np.testing.assert_array_equal(own.acc, other.acc, key)
            np.testing.assert_array_equal(own.device_ns, other.device_ns, key)


def test_a_layout_that_has_changed_since_is_left_out(tmp_path: Path) -> None:
    desk = Desk(driver("layout"), peripherals()["layout"](SENSOR))
    desk.start()
    desk.feel(movement(desk.sensor.rate_hz, seconds=0.5))
    for told in (b'{"rate_hz": 50.0}', f'{{"layout": "{tmp_path}/gone.toml"}}'.encode()):
        assert motion(desk, RawPacket(SENSOR, 0, told, SETTINGS_CHANNEL))
