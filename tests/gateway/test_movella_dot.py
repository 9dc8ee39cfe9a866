"""The decoder against published vectors, and its encoder against the decoder."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gateway.drivers.movella_dot import DRIVER, LAYOUTS, RAW_MODES, encode_block, read_payloads
from gateway.errors import UsageError
from gateway.messages import PacketBlock, RawPacket
from gateway.packet_blocks import gathered
from tests.data import shared

FIELDS = {
    "timestamp_us": ("ticks", 1.0),
    "quat_wxyz": ("quat", 1.0),
    "free_acc_mps2": ("free_acc", 1.0),
    "euler_rpy_deg": ("euler_deg", 1.0),
    "acc_mps2": ("acc", 1.0),
    "gyr_dps": ("gyr_dps", 1.0),
    "mag_au": ("mag_raw", 4096.0),
    "dq": ("dq", 1.0),
    "dv_mps": ("dv", 1.0),
    "status": ("status", 1.0),
}


def block_of(*payloads: bytes, sensor: str = "dot") -> PacketBlock:
    """Payloads that arrive a millisecond apart."""
    packets = [RawPacket(sensor, 10**6 * n, payload) for n, payload in enumerate(payloads)]
    return gathered(packets)[0]


def vectors() -> list[dict[str, Any]]:
    """Measurement vectors of the DOT: captured ones, and those built from the published layout."""
    found = json.loads(shared("reference", "sensor-test-vectors.json").read_text())
    return [v for v in found if v["device"] == "movella_dot" and v["message"].startswith("mode")]


def test_published_vectors_decode_to_what_was_published() -> None:
    checked = 0
    for vector in vectors():
        mode = int(vector["message"].removeprefix("mode"))
        records, stacked = read_payloads(mode, block_of(bytes.fromhex(vector["hex"])))
        assert not stacked.refused
        for name, expected in vector["expected"].items():
            if name in FIELDS:
                field, scale = FIELDS[name]
                np.testing.assert_allclose(records[0][field] / scale, expected, rtol=1e-6)
                checked += 1
    assert checked >= 30


def test_raw_modes_decode_to_si_units() -> None:
    raw = [v for v in vectors() if int(v["message"].removeprefix("mode")) in RAW_MODES]
    assert len(raw) == 3
    for vector in raw:
        mode = int(vector["message"].removeprefix("mode"))
        samples = DRIVER.decode(block_of(bytes.fromhex(vector["hex"])), {"mode": mode})
        np.testing.assert_allclose(samples.acc[0], vector["expected"]["acc_mps2"], rtol=1e-6)
        np.testing.assert_allclose(
            np.degrees(samples.gyr[0]), vector["expected"]["gyr_dps"], rtol=1e-6
        )
        assert samples.clipped[0], "2000 °/s is the sensor's full scale"


@given(payloads=st.lists(st.binary(max_size=80), max_size=20), mode=st.sampled_from(RAW_MODES))
def test_any_bytes_are_decoded_or_counted(payloads: list[bytes], mode: int) -> None:
    if not payloads:
        return
    samples = DRIVER.decode(block_of(*payloads), {"mode": mode})
    assert len(samples.packet) + sum(samples.refused.values()) == len(payloads)
    size = LAYOUTS[mode].itemsize
    assert all(len(payloads[index]) >= size for index in samples.packet)


@given(
    mode=st.sampled_from(RAW_MODES),
    padding=st.integers(0, 6),
    acc=hnp.arrays(np.float32, (3, 3), elements=st.floats(-150, 150, width=32)),
    gyr=hnp.arrays(np.float32, (3, 3), elements=st.floats(-30, 30, width=32)),
)
def test_what_is_encoded_is_decoded(
    mode: int, padding: int, acc: np.ndarray, gyr: np.ndarray
) -> None:
    ticks = np.array([0, 2**32 - 1, 2**32 + 5])
    payload, ends = encode_block(
        mode, ticks, acc.astype(float), gyr.astype(float), np.zeros((3, 4))
    )
    starts = [0, *ends[:-1]]
    padded = [payload[s:e] + bytes(padding) for s, e in zip(starts, ends, strict=True)]
    samples = DRIVER.decode(block_of(*padded), {"mode": mode})
    assert samples.ticks is not None
    assert samples.ticks.tolist() == [0, 2**32 - 1, 5]
    np.testing.assert_allclose(samples.acc, acc, rtol=1e-6)
    np.testing.assert_allclose(samples.gyr, gyr, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("payload", "reason"), [(b"\0" * 43, "too short"), (b"\0" * 64, "too long"), (b"", "too short")]
)
def test_packets_of_a_wrong_length_are_refused_with_the_reason(payload: bytes, reason: str) -> None:
    samples = DRIVER.decode(block_of(payload, b"\0" * 44), {"mode": 26})
    assert samples.refused == {reason: 1}
    assert samples.packet.tolist() == [1]


def test_modes_without_raw_motion_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"mode 4 of a Movella DOT.*20, 21, 26"):
        DRIVER.decode(block_of(b"\0" * 44), {"mode": 4})


def test_rates_that_the_sensor_does_not_offer_are_refused() -> None:
    with pytest.raises(UsageError, match="60 Hz, not at 100 Hz"):
        DRIVER.gatt({"mode": 26}, 100.0)


def test_start_and_stop_are_the_published_commands() -> None:
    gatt = DRIVER.gatt({"mode": 26}, 60.0)
    assert [payload.hex() for _, payload in gatt.start] == ["01001a", "01011a"]
    assert [payload.hex() for _, payload in gatt.stop] == ["01001a"]
    assert DRIVER.battery(bytes.fromhex("5701")) == (0.87, True)
    assert DRIVER.battery(b"\xff") is None
