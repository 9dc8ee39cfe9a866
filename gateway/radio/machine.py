"""What is wrong with a machine's Bluetooth: facts, and the sentences that they lead to."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from gateway.messages import message
from gateway.radio.link import Why

Advice = tuple[str, str]
"""What is wrong, and what to do about it."""


@message
class Machine:
    """What can be seen of a machine where a scan could not begin; ``why`` as far as it was told.

    Of Linux only: ``bus`` the system's D-Bus socket is there, ``daemon`` bluetoothd runs (a
    container cannot see it), ``adapters`` that the kernel knows, and whether ``soft_blocked`` by
    software or ``hard_blocked`` by a switch.
    """

    system: str
    why: Why
    container: bool = False
    raspberry_pi: bool = False
    bus: bool = True
    daemon: bool = True
    adapters: tuple[str, ...] = ()
    soft_blocked: bool = False
    hard_blocked: bool = False


def look(why: Why, root: Path = Path("/")) -> Machine:
    """Return the facts about this machine, whose files are below ``root``."""
    system = platform.system()
    if system != "Linux":
        return Machine(system, why)
    container = any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv"))
    return Machine(
        system,
        why,
        container=container,
        raspberry_pi="Raspberry Pi" in _read(root / "proc/device-tree/model"),
        bus=_bus(root).exists(),
        daemon=container or _runs("bluetoothd", root),
        # Connections stand there too, as hci0:64.
        adapters=tuple(
            sorted(p.name for p in root.glob("sys/class/bluetooth/hci*") if ":" not in p.name)
        ),
        soft_blocked=_blocked("soft", root),
        hard_blocked=_blocked("hard", root),
    )


def explain(machine: Machine) -> Advice | None:
    """Say what is wrong and what to do; None where the facts do not tell."""
    match machine.system:
        case "Linux":
            return next(_in_the_way(machine), None)
        case "Darwin":
            return _MACOS.get(machine.why)
        case "Windows":
            return _WINDOWS.get(machine.why)
    return None


def _in_the_way(machine: Machine) -> Iterator[Advice]:
    """Yield what is in the way on Linux, from the hardware up to the user."""
    if not machine.bus:
        yield _NO_BUS_IN_CONTAINER if machine.container else _NO_BUS
    if not machine.adapters and machine.why in {Why.NO_ADAPTER, Why.OTHER}:
        yield _no_adapter(machine)
    if machine.hard_blocked:
        yield (
            "a switch keeps Bluetooth off (rfkill: hard blocked)",
            "switch it on with the machine's own switch or key (flight mode), or in its firmware",
        )
    if machine.soft_blocked:
        yield (
            "the system keeps Bluetooth off (rfkill: soft blocked)",
            _on_host(machine, "run `sudo rfkill unblock bluetooth`"),
        )
    if not machine.daemon:
        yield (
            "the Bluetooth service does not run",
            "run `sudo systemctl enable --now bluetooth` (the package is called bluez)",
        )
    if machine.why == Why.DENIED:
        yield _DENIED_IN_CONTAINER if machine.container else _DENIED
    if machine.why == Why.OFF:
        yield (
            "the Bluetooth adapter is switched off",
            _on_host(
                machine,
                "run `bluetoothctl power on`; AutoEnable=true in /etc/bluetooth/main.conf "
                "does it at every start",
            ),
        )
    if machine.why == Why.NO_SERVICE:
        yield (
            "BlueZ does not answer",
            _on_host(machine, "run `sudo systemctl enable --now bluetooth` (package bluez)"),
        )


def _no_adapter(machine: Machine) -> Advice:
    text = "this machine has no Bluetooth adapter"
    if machine.container:
        return "the machine of this container has no Bluetooth adapter", "plug one in"
    if machine.raspberry_pi:
        return text, (
            "remove `dtoverlay=disable-bt` from /boot/firmware/config.txt, install pi-bluetooth, "
            "and start it again; or plug one in"
        )
    return text, (
        "plug one in (a virtual machine must be given it); if one is plugged in, `sudo dmesg | "
        "grep -i bluetooth` tells which firmware it misses"
    )


def _on_host(machine: Machine, advice: str) -> str:
    return f"outside the container: {advice}" if machine.container else advice


_NO_BUS = (
    "there is no D-Bus system bus, over which Bluetooth is reached",
    "install dbus and bluez, and run `sudo systemctl enable --now dbus bluetooth`",
)
_NO_BUS_IN_CONTAINER = (
    "this container does not see its machine's Bluetooth service",
    (
        "start it with `-v /run/dbus:/run/dbus:ro` (in compose.yaml: volumes), and let bluetoothd "
        "run outside"
    ),
)
_DENIED = (
    "this user may not use Bluetooth",
    "run `sudo usermod -aG bluetooth $USER`, and log out and in again",
)
_DENIED_IN_CONTAINER = (
    "D-Bus refuses what this container asks",
    (
        "run it as root or with the host's group bluetooth (`--group-add`), and where AppArmor is "
        "used with `--security-opt apparmor=unconfined`"
    ),
)
_MACOS = {
    Why.DENIED: (
        "macOS does not let this program use Bluetooth",
        (
            "allow the terminal it runs in under System Settings → Privacy & Security → Bluetooth, "
            "and start that anew"
        ),
    ),
    Why.NO_ANSWER: (
        "macOS waits to be told whether this program may use Bluetooth",
        (
            "answer its question on the screen; over SSH it cannot ask, so start once in a "
            "terminal of the machine"
        ),
    ),
    Why.OFF: (
        "Bluetooth is switched off",
        "switch it on in the menu bar, or under System Settings → Bluetooth",
    ),
    Why.NO_ADAPTER: ("this Mac has no Bluetooth that is free", "restart it, or end what uses it"),
}
_WINDOWS = {
    Why.OFF: (
        "the Bluetooth radio is switched off",
        "switch it on under Settings → Bluetooth & devices, and flight mode off",
    ),
    Why.DENIED: (
        "Windows does not let this program use Bluetooth",
        "allow desktop apps under Settings → Privacy & security → Radios",
    ),
    Why.NO_ADAPTER: (
        "this machine has no Bluetooth adapter",
        "plug one in, or enable it in the device manager",
    ),
}


def _bus(root: Path) -> Path:
    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "")
    if address.startswith("unix:path="):
        return Path(address.removeprefix("unix:path=").split(",")[0])
    return root / "run/dbus/system_bus_socket"


def _runs(name: str, root: Path) -> bool:
    return any(_read(comm).strip() == name for comm in root.glob("proc/[0-9]*/comm"))


def _blocked(how: str, root: Path) -> bool:
    """Say whether every Bluetooth transmitter is blocked."""
    switches = [
        kind.parent
        for kind in root.glob("sys/class/rfkill/*/type")
        if _read(kind).strip() == "bluetooth"
    ]
    return bool(switches) and all(_read(switch / how).strip() == "1" for switch in switches)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # It is not there, or a process that has just ended.
        return ""
