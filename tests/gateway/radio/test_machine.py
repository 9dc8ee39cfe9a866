"""Every way in which Bluetooth can be missing is told, with what to do."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from gateway.radio.link import Why
from gateway.radio.machine import Machine, explain, look

HCI = ("hci0",)


@pytest.mark.parametrize(
    ("machine", "text", "advice"),
    [
        (Machine("Linux", Why.NO_SERVICE, bus=False), "no D-Bus system bus", "install dbus"),
        (
            Machine("Linux", Why.NO_SERVICE, bus=False, container=True),
            "this container does not see",
            "-v /run/dbus:/run/dbus:ro",
        ),
        (Machine("Linux", Why.NO_ADAPTER), "has no Bluetooth adapter", "plug one in"),
        (
            Machine("Linux", Why.NO_ADAPTER, raspberry_pi=True),
            "has no Bluetooth adapter",
            "dtoverlay=disable-bt",
        ),
        (Machine("Linux", Why.NO_ADAPTER, container=True), "machine of this container", "plug"),
        (
            Machine("Linux", Why.OFF, adapters=HCI, hard_blocked=True),
            "a switch keeps",
            "own switch",
        ),
        (
            Machine("Linux", Why.OFF, adapters=HCI, soft_blocked=True),
            "soft blocked",
            "run `sudo rfkill unblock bluetooth`",
        ),
        (
            Machine("Linux", Why.OFF, adapters=HCI, soft_blocked=True, container=True),
            "soft blocked",
            "outside the container: run `sudo rfkill",
        ),
        (
            Machine("Linux", Why.NO_SERVICE, adapters=HCI, daemon=False),
            "service does not run",
            "systemctl enable --now bluetooth",
        ),
        (
            Machine("Linux", Why.NO_SERVICE, adapters=HCI, container=True),
            "BlueZ does not answer",
            "outside the container: run `sudo systemctl",
        ),
        (Machine("Linux", Why.DENIED, adapters=HCI), "this user may not", "usermod -aG bluetooth"),
        (
            Machine("Linux", Why.DENIED, adapters=HCI, container=True),
            "D-Bus refuses what this container asks",
            "--group-add",
        ),
        (Machine("Linux", Why.OFF, adapters=HCI), "adapter is switched off", "bluetoothctl power"),
        (Machine("Darwin", Why.DENIED), "does not let this program", "Privacy & Security"),
        (Machine("Darwin", Why.NO_ANSWER), "waits to be told", "answer its question"),
        (Machine("Darwin", Why.OFF), "switched off", "menu bar"),
        (Machine("Windows", Why.OFF), "radio is switched off", "flight mode off"),
        (Machine("Windows", Why.DENIED), "Windows does not let", "Privacy & security"),
        (Machine("Windows", Why.NO_ADAPTER), "no Bluetooth adapter", "device manager"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_and_what_to_do(machine: Machine, text: str, advice: str) -> None:
    found = explain(machine)
    assert found is not None
    assert text in found[0]
    assert advice in found[1]


def test_where_the_facts_do_not_tell_nothing_is_made_up() -> None:
    assert explain(Machine("Linux", Why.OTHER, adapters=HCI)) is None
    assert explain(Machine("Plan 9", Why.OFF)) is None


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a machine on which nothing is wrong."""
    monkeypatch.delenv("DBUS_SYSTEM_BUS_ADDRESS", raising=False)
    write(tmp_path, "run/dbus/system_bus_socket")
    write(tmp_path, "proc/812/comm", "bluetoothd\n")
    write(tmp_path, "sys/class/bluetooth/hci0/uevent")
    write(tmp_path, "sys/class/bluetooth/hci0:64/uevent")
    for number, kind in enumerate(("wlan", "bluetooth")):
        write(tmp_path, f"sys/class/rfkill/rfkill{number}/type", f"{kind}\n")
        write(tmp_path, f"sys/class/rfkill/rfkill{number}/soft", "0\n")
        write(tmp_path, f"sys/class/rfkill/rfkill{number}/hard", "0\n")
    return tmp_path


def write(root: Path, name: str, text: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


linux_only = pytest.mark.skipif(platform.system() != "Linux", reason="reads files of Linux")


@linux_only
def test_the_facts_are_read_from_the_files_of_linux(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = look(Why.OTHER, root)
    assert (good.bus, good.daemon, good.adapters) == (True, True, ("hci0",))
    assert not (good.container)
    assert not (good.raspberry_pi)
    assert not (good.soft_blocked)
    assert not (good.hard_blocked)
    write(root, "sys/class/rfkill/rfkill1/soft", "1\n")
    write(root, "sys/class/rfkill/rfkill1/hard", "1\n")
    write(root, "proc/812/comm", "bluetooth\n")
    write(root, "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    bad = look(Why.OFF, root)
    assert bad.raspberry_pi
    assert bad.soft_blocked
    assert bad.hard_blocked
    assert not bad.daemon
    write(root, ".dockerenv")
    assert look(Why.OFF, root).container
    assert look(Why.OFF, root).daemon, "a container does not see the machine's processes"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus,guid=1")
    assert not look(Why.OFF, root).bus


@linux_only
def test_this_machine_is_looked_at() -> None:
    assert look(Why.NO_SERVICE).system == "Linux"
