"""What the Bluetooth source says where there is no radio, and what it needs."""

from __future__ import annotations

import asyncio
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from gateway.app.service import Service
from gateway.app.source import configured_source
from gateway.config.file import load_config
from gateway.config.settings import Config, JournalSection, MqttSection, PagesSection, SourceSection
from gateway.errors import SourceError, UsageError
from gateway.messages import Place, SensorSpec
from gateway.radio.bleak_link import BleakRadio
from gateway.sources.bluetooth import BluetoothSource

NO_BUS = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/system_bus_socket"}


@pytest.fixture
def without_bluetooth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sure that no Bluetooth service is found, whatever this machine has."""
    for name, value in NO_BUS.items():
        monkeypatch.setitem(os.environ, name, value)


def config(folder: Path) -> Config:
    """A configuration with one real sensor."""
    path = folder / "c.toml"
    path.write_text('[[sensors]]\nsensor = "D4:22:CD:00:00:01"\nplace = "pelvis"\n')
    return load_config(path).model_copy(
        update={
            "source": SourceSection(kind="bluetooth"),
            "journal": JournalSection(folder=folder / "sessions"),
            "mqtt": MqttSection(enabled=False),
            "pages": PagesSection(enabled=False),
        }
    )


@pytest.mark.usefixtures("without_bluetooth")
async def test_without_a_bluetooth_service_it_ends_with_a_sentence_that_helps(
    tmp_path: Path,
) -> None:
    chosen = config(tmp_path)
    service = Service(chosen, configured_source(chosen))
    with pytest.raises(SourceError, match="no Bluetooth service; install and start BlueZ"):
        await service.run(asyncio.Event(), lambda _: None)


async def test_what_a_sensor_cannot_do_is_told_before_anything_is_tried() -> None:
    too_fast = SensorSpec("a", Place.PELVIS, "movella_dot", 100.0)
    with pytest.raises(UsageError, match="60 Hz, not at 100 Hz"):
        await BluetoothSource("p", (too_fast,), 100.0, nullcontext(BleakRadio())).run(
            lambda _: None
        )
    recorded = SensorSpec("a", Place.PELVIS, "sample_frame", 100.0, {"tick_ns": 0, "bits": 64})
    with pytest.raises(UsageError, match="has no radio"):
        await BluetoothSource("p", (recorded,), 100.0, nullcontext(BleakRadio())).run(
            lambda _: None
        )


async def test_without_sensors_it_says_how_to_name_one() -> None:
    source = BluetoothSource("p", (), 100.0, nullcontext(BleakRadio()))
    with pytest.raises(SourceError, match=r"add a \[\[sensors\]\] table"):
        await source.run(lambda _: None)
