"""A virtual Bluetooth adapter of the gateway's machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bumble import hci
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration

from simulators.radio_world.air import Air, Radio, RadioHost

MTU = 247
_GIVE_UP_S = 1.0
_ADDRESS = "F0:F1:F2:F3:F4:{:02X}"


class Adapter:
    """Listens and connects, as long as it is switched on."""

    def __init__(self, name: str, number: int, air: Air) -> None:
        self.name = name
        self.powered = True
        self.connecting = False
        self._air = air
        self._radio = Radio(name, air)
        host = RadioHost(self._radio)
        configuration = DeviceConfiguration(address=hci.Address(_ADDRESS.format(number)))
        self._device = Device(config=configuration, host=host)
        self._listeners: list[Callable[[Advertisement], None]] = []
        self._device.on("advertisement", self._heard)

    async def come_up(self) -> None:
        """Get ready."""
        await self._device.power_on()

    async def listen(self, listener: Callable[[Advertisement], None]) -> None:
        """Hand advertisements to ``listener`` from now on."""
        if not self._listeners:
            await self._device.start_scanning(legacy=True)
        self._listeners.append(listener)

    async def listen_no_longer(self, listener: Callable[[Advertisement], None]) -> None:
        """Hand none to ``listener`` any more."""
        self._listeners.remove(listener)
        if not self._listeners:
            await self._device.stop_scanning(legacy=True)

    async def connect(self, address: hci.Address, timeout_s: float) -> Connection:
        """Connect, or raise what bumble raises."""
        self.connecting = True
        try:
            return await self._device.connect(address, timeout=timeout_s)
        except asyncio.CancelledError:
            await self._give_up(address)
            raise
        finally:
            self.connecting = False

    async def _give_up(self, address: hci.Address) -> None:
        """End an attempt to connect, and the link if it was made in the same moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_GIVE_UP_S):
                await self._device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
                for connection in list(self._device.connections.values()):
                    if connection.peer_address == address:
                        await connection.disconnect()

    def switch_off(self) -> None:
        """Lose every link at once, and hear nothing, until it is switched on."""
        self.powered = False
        self._air.carry_away(self._radio)

    def switch_on(self) -> None:
        """Work again."""
        self.powered = True
        self._radio.in_range = True

    @property
    def scanning(self) -> bool:
        """Whether somebody listens."""
        return bool(self._listeners)

    def _heard(self, advertisement: Advertisement) -> None:
        for listener in list(self._listeners):
            listener(advertisement)
