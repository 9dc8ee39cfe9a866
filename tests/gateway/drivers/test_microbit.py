"""micro:bit: the vector made from the layout, and the period that it settles on."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver
from gateway.drivers.microbit import DATA, MILLI_G, PERIOD
from gateway.drivers.talk import Read, Subscribe, Write
from gateway.errors import SourceError
from gateway.messages import RawPacket
from simulators.peripherals.microbit import VirtualMicrobit
from tests.gateway.drivers.desk import SENSOR

MICROBIT = driver("microbit")


def test_the_vector() -> None:
    packets = [RawPacket(SENSOR, 0, bytes.fromhex("f0ff000210fc"))]
    (samples,) = MICROBIT.decode("motion", gathered(packets)[0], {}).samples
    assert samples.acc is not None
    np.testing.assert_allclose(samples.acc, [[-16 * MILLI_G, 512 * MILLI_G, -1008 * MILLI_G]])
    assert samples.gyr is None


def test_a_value_at_the_end_of_its_type_is_marked() -> None:
    payloads = ["0000ff7f0000", "000000800000", "0000fe7f0000"]
    packets = [RawPacket(SENSOR, n, bytes.fromhex(p)) for n, p in enumerate(payloads)]
    (samples,) = MICROBIT.decode("motion", gathered(packets)[0], {}).samples
    assert samples.clipped.tolist() == [True, True, False]


def test_it_starts_with_a_period_and_believes_what_it_reads_back() -> None:
    procedure = MICROBIT.start({}, 50.0)
    write = next(procedure)
    assert isinstance(write, Write)
    assert (write.characteristic, write.payload.hex()) == (PERIOD, "1400")
    assert isinstance(procedure.send(b""), Read)
    subscribe = procedure.send(bytes.fromhex("5000"))
    assert isinstance(subscribe, Subscribe)
    assert subscribe.characteristic == DATA
    with pytest.raises(StopIteration) as end:
        procedure.send(b"")
    assert end.value.value == {"rate_hz": 12.5}


def test_a_board_without_a_period_is_told() -> None:
    procedure = MICROBIT.start({}, 50.0)
    next(procedure)
    procedure.send(b"")
    with pytest.raises(SourceError, match="load a program with the Bluetooth accelerometer"):
        procedure.send(b"")


def test_the_virtual_board_takes_the_nearest_period() -> None:
    board = VirtualMicrobit(SENSOR)
    board.written(PERIOD, (30).to_bytes(2, "little"))
    assert board.read(PERIOD) == bytes([20, 0])
