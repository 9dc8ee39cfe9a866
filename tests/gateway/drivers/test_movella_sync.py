"""Synchronisation on board: published frames, and how it goes with virtual sensors."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gateway.drivers.movella_dot import DRIVER
from gateway.drivers.movella_sync import begin, end, frame, read_frame, result, status
from gateway.errors import SourceError, UsageError
from simulators.peripherals.movella_dot import VirtualMovellaDot
from tests.gateway.drivers.desk import Desk
from tests.gateway.drivers.vectors import vectors

ROOT = "D4:22:CD:AA:BB:CC"
PRINTED = (
    "020203 00F9",
    "020250 00AC",
    "020251 09A2",
    "020251 04A7",
    "010301 0602F3",
    "010260 019C",
    "010401 00600199",
    "010270 0786",
    "010974 00010506 0708090A54",
    "030104 F8",
    "030800 00000000000000F5",
    "010901 0040DF503B5B0807E1",
)
"""Messages as the maker prints them, one with the checksum that its own rule gives."""


def connected() -> Desk:
    return Desk(DRIVER, VirtualMovellaDot("D4:22:CD:00:11:22"))


@pytest.mark.parametrize("printed", PRINTED)
def test_printed_messages_are_read_and_made(printed: str) -> None:
    payload = bytes.fromhex(printed)
    service, data = read_frame(payload)
    assert frame(service, data) == payload


def test_published_commands_are_what_is_written() -> None:
    commands = {v["message"]: bytes.fromhex(v["hex"]) for v in vectors("movella_dot")}
    for root in (ROOT, "DB:F0:3F:28:7A:C9"):
        desk = connected()
        desk.run(begin(root))
        stop, start = (bytes.fromhex(written) for written in desk.said())
        assert stop == commands["stop sync"]
        assert start == commands[f"start sync root {root}"]
    desk.run(status())
    assert desk.said()[-1] == commands["sync status"].hex()
    assert frame(1, b"\x02") == commands["get state"]
    assert frame(1, b"\x41") == commands["stop recording"]
    (start,) = (v for k, v in commands.items() if k.startswith("start recording"))
    moment, seconds = (1530613983).to_bytes(4, "little"), (1800).to_bytes(2, "little")
    assert frame(1, b"\x40" + moment + seconds) == start


def test_sensors_are_synchronised_while_the_host_is_away() -> None:
    desk = connected()
    with pytest.raises(SourceError, match="does not say how the synchronisation went"):
        desk.run(result())
    desk.run(begin(ROOT))
    desk.sensor.disconnected()
    desk.run(result())
    assert desk.run(status()) == {"synced": 1}
    desk.start()
    desk.stop()
    assert desk.run(status()) == {"synced": 1}, "it outlasts a measurement"
    desk.run(end())
    assert desk.run(status()) == {"synced": 0}


@pytest.mark.parametrize(
    ("code", "reason"),
    [(5, "heard too little"), (7, "runs too differently"), (8, "wrong time"), (9, "never began")],
)
def test_why_it_failed_is_told(code: int, reason: str) -> None:
    sensor = VirtualMovellaDot(ROOT)
    sensor.sync_code = code
    desk = Desk(DRIVER, sensor)
    desk.run(begin(ROOT))
    sensor.disconnected()
    with pytest.raises(SourceError, match=f"the sensor was not synchronised: .*{reason}"):
        desk.run(result())
    assert desk.run(status()) == {"synced": 0}


def test_an_unknown_reason_is_told_by_its_number() -> None:
    sensor = VirtualMovellaDot(ROOT)
    sensor.sync_code = 77
    desk = Desk(DRIVER, sensor)
    desk.run(begin(ROOT))
    sensor.disconnected()
    with pytest.raises(SourceError, match="unknown reason 77"):
        desk.run(result())


@pytest.mark.parametrize("root", ["", "D4:22:CD:AA:BB", "d422cdaabbcc", "D4:22:CD:AA:BB:CG"])
def test_a_root_that_is_no_address_is_refused(root: str) -> None:
    with pytest.raises(UsageError, match="a MAC such as D4:22"):
        connected().run(begin(root))


@given(st.binary(max_size=30))
def test_any_bytes_are_a_message_or_none(payload: bytes) -> None:
    service, data = read_frame(payload)
    if service:
        assert frame(service, data) == payload[: len(data) + 3]
    else:
        assert data == b""
