"""The virtual machine while it runs: its orders, and the packets of its Bluetooth controller."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gateway
from gateway.messages import RawPacket, SensorSpec
from tests.services.bluez import guest
from tests.services.bluez.archive import Archive
from tests.services.bluez.build import ensure
from tests.services.programs import program
from tests.services.wait import until

BOOTED_WITHIN_S = 280.0
DONE_WITHIN_S = 90.0
MEMORY_MB = 1024
_OPTIONS = (
    *("-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MB)),
    *("-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio", "-device", "virtio-serial"),
    *("-device", "virtserialport,chardev=port,nr=1"),
)
_BOOT = "console=ttyS0 quiet panic=-1 mitigations=off"


class Machine:
    """A machine that has booted.

    ``emit`` is called with what the gateway in it emits, ``to_controller`` with each packet of its
    kernel.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self.emit: Callable[[RawPacket], None] = lambda _: None
        self.to_controller: Callable[[bytes], None] = lambda _: None
        self._done: dict[str, Any] = {}

    async def connect(self, port: Path) -> asyncio.Task[None]:
        """Connect to its port, and wait until it has booted."""
        reader, self._out = await asyncio.open_unix_connection(port)
        listening = asyncio.create_task(self._listen(reader))
        await self._until_done("boot", BOOTED_WITHIN_S)
        return listening

    async def disconnect(self) -> None:
        """Let its port go."""
        self._out.close()
        await self._out.wait_closed()

    def from_controller(self, packet: bytes) -> None:
        """Hand its kernel a packet of the controller."""
        self._say({"hci": packet.hex()})

    async def order(self, what: str, **more: Any) -> Any:
        """Have the guest do something; return what it tells of it, once it is done."""
        self._say({"do": what, **more})
        return await self._until_done(what, DONE_WITHIN_S)

    async def _until_done(self, what: str, timeout_s: float) -> Any:
        await until(lambda: what in self._done, f"the machine does: {what}; {self.log}", timeout_s)
        return self._done.pop(what)

    def _say(self, what: dict[str, Any]) -> None:
        self._out.write(json.dumps(what).encode() + b"\n")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            said = json.loads(line)
            if "hci" in said:
                self.to_controller(bytes.fromhex(said["hci"]))
            elif "packet" in said:
                sensor, arrival_ns, payload, channel = said["packet"]
                self.emit(RawPacket(sensor, arrival_ns, bytes.fromhex(payload), channel))
            else:
                self._done[said["done"]] = said["told"]


class RemoteSource:
    """Streams sensors with the gateway's source in the machine; used like that source itself."""

    def __init__(self, machine: Machine, sensors: Sequence[SensorSpec]) -> None:
        self._machine = machine
        self._sensors = [
            {"sensor": s.sensor, "place": s.place, "driver": s.driver, "rate_hz": s.rate_hz}
            for s in sensors
        ]

    async def run(self, emit: Callable[[RawPacket], None]) -> None:
        """Emit what it emits, until cancelled."""
        self._machine.emit = emit
        await self._machine.order("start", sensors=self._sensors)
        try:
            await asyncio.Event().wait()
        finally:
            await self._machine.order("stop")


@asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Machine]:
    """Boot a machine whose files lie in ``folder``; it is switched off at the end."""
    image, log, port = ensure(), folder / "console.log", folder / "port"
    initial = _with_code(image / "root.cpio", folder / "root.cpio")
    boot = ("-kernel", str(image / "kernel"), "-initrd", str(initial), "-append", _BOOT)
    serial = ("-chardev", f"socket,id=port,path={port},server=on,wait=off")
    process = _started([program("qemu-system-x86_64"), *_OPTIONS, *serial, *boot], log)
    booted = Machine(log)
    try:
        await until(port.exists, f"qemu starts; {log}")
        listening = await booted.connect(port)
        yield booted
        listening.cancel()
        await booted.disconnect()
    finally:
        process.kill()
        process.wait()


def _started(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as console:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)


def _with_code(root: Path, initial: Path) -> Path:
    """Return the file system with the gateway's code as it is now, and what runs first."""
    shutil.copy(root, initial)
    package = Path(gateway.__file__).parent
    with initial.open("ab") as out:
        archive = Archive(out)
        for file in sorted(package.rglob("*")):
            if file.suffix in {".py", ".toml"}:
                name = file.relative_to(package.parent)
                archive.add_file(f"opt/gaitwire/{name}", file.read_bytes())
        archive.add_file("init", Path(guest.__file__).read_bytes())
        archive.close()
    return initial
