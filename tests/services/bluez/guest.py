#!/usr/bin/python3
"""What runs in the virtual machine, as its first process: BlueZ, and the gateway's own radio.

It speaks with the host through one port, in lines of JSON: the host sends orders, and packets of
the Bluetooth controller, which it is; the guest sends what its kernel tells the controller, what
the gateway emits, and what came of an order.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

MODULES = ("hci_vhci", "uhid", "algif_hash", "algif_skcipher", "cmac", "ccm")
MOUNTS = (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("tmpfs", "run"))
PORT = "/dev/vport0p1"
BLUETOOTHD = ("/usr/libexec/bluetooth/bluetoothd", "-n")
VENDOR = 0xFF

Tell = Callable[[dict[str, Any]], None]


class Controller:
    """The kernel's side of a Bluetooth controller, while it is plugged in."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._device: int | None = None

    def hand_over(self, packet: bytes) -> None:
        """Hand the kernel a packet of the controller."""
        if self._device is not None:
            os.write(self._device, packet)

    def plug_in(self) -> None:
        """Let the kernel find it."""
        self._device = device = os.open("/dev/vhci", os.O_RDWR | os.O_NONBLOCK)
        os.write(device, bytes([VENDOR, 0]))

        def told() -> None:
            with contextlib.suppress(BlockingIOError):
                packet = os.read(device, 4096)
                if packet[0] != VENDOR:
                    self._tell({"hci": packet.hex()})

        asyncio.get_running_loop().add_reader(device, told)

    def unplug(self) -> None:
        """Take it away."""
        if self._device is not None:
            asyncio.get_running_loop().remove_reader(self._device)
            os.close(self._device)
            self._device = None


class Guest:
    """Does what the host orders."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._controller = Controller(tell)
        self._daemon = started(BLUETOOTHD)
        self._source: asyncio.Task[None] | None = None

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Take orders until the machine is switched off."""
        self._tell({"done": "boot", "told": None})
        async with asyncio.TaskGroup() as group:
            while line := await reader.readline():
                said = json.loads(line)
                if "hci" in said:
                    self._controller.hand_over(bytes.fromhex(said["hci"]))
                else:
                    group.create_task(self._do(said))

    async def _do(self, order: dict[str, Any]) -> None:
        self._tell({"done": order["do"], "told": await self._obey(order)})

    async def _obey(self, order: dict[str, Any]) -> Any:
        match order["do"]:
            case "scan":
                return await self._scan(order["seconds"])
            case "start":
                await self._start(order["sensors"])
            case "stop":
                await self._stop()
            case "kill the daemon":
                self._daemon.kill()
                self._daemon.wait()
            case "start the daemon":
                self._daemon = started(BLUETOOTHD)
            case "switch off" | "switch on":
                # In a thread: bluetoothctl waits for what passes through this process.
                power = ["bluetoothctl", "power", order["do"].split()[1]]
                await asyncio.to_thread(subprocess.run, power, check=True)
        return None

    async def _plug_in(self) -> None:
        """Plug the controller in, and wait until BlueZ has switched it on."""
        from gateway.errors import SourceError
        from gateway.radio.bleak_link import find_adapter

        self._controller.plug_in()
        while True:
            try:
                await find_adapter()
            except SourceError as error:
                sys.stderr.write(f"not yet: {error}\n")
                await asyncio.sleep(0.5)
            else:
                return

    async def _scan(self, seconds: float) -> list[tuple[str, str, str]]:
        """Return address, name and driver of everyone that is heard."""
        from gateway.radio.bleak_link import BleakRadio
        from gateway.radio.survey import survey

        await self._plug_in()
        heard = await survey(BleakRadio(), seconds)
        self._controller.unplug()
        return [(found.address, found.name, found.driver) for found in heard]

    async def _start(self, sensors: list[dict[str, Any]]) -> None:
        from gateway.messages import Place, SensorSpec
        from gateway.radio.bleak_link import BleakRadio
        from gateway.sources.bluetooth import BluetoothSource

        await self._plug_in()
        specs = [SensorSpec(**{**one, "place": Place(one["place"])}) for one in sensors]
        source = BluetoothSource("p", specs, 100.0, nullcontext(BleakRadio()))
        self._source = asyncio.create_task(source.run(self._emit))

    async def _stop(self) -> None:
        if self._source is not None:
            self._source.cancel()
            await asyncio.wait({self._source})
        self._controller.unplug()

    def _emit(self, packet: Any) -> None:
        told = (packet.sensor, packet.arrival_ns, packet.payload.hex(), packet.channel)
        self._tell({"packet": told})


def started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program."""
    return subprocess.Popen(command)


def prepare() -> None:
    """Do what a system's first process does, as far as BlueZ needs it."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, where in MOUNTS:
        libc.mount(kind.encode(), f"/{where}".encode(), kind.encode(), 0, None)
    Path("/run/dbus").mkdir()
    os.environ["PATH"] = "/usr/sbin:/usr/bin"
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/run/dbus/system_bus_socket"
    subprocess.run(["modprobe", "-a", *MODULES], check=True)
    subprocess.run(["dbus-daemon", "--system", "--fork"], check=True)
    sys.path[:0] = ["/opt/gaitwire", "/opt/python"]


def load() -> None:
    """Import what is slow to: while the kernel waits for its controller it is too late."""
    backend = "bleak.backends.bluezdbus"
    for name in (f"{backend}.client", f"{backend}.scanner", "gateway.sources.bluetooth"):
        importlib.import_module(name)
    importlib.import_module("gateway.drivers").drivers()


async def live() -> None:
    """Serve the host."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=2**20)
    port = os.open(PORT, os.O_RDWR)
    incoming, outgoing = os.fdopen(port, "rb", 0), os.fdopen(os.dup(port), "wb", 0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming)
    out, _ = await loop.connect_write_pipe(asyncio.Protocol, outgoing)

    def tell(told: dict[str, Any]) -> None:
        out.write(json.dumps(told).encode() + b"\n")

    await Guest(tell).serve(reader)


if __name__ == "__main__":
    prepare()
    load()
    asyncio.run(live())
