"""A virtual sensor on the air: its services, its notifications, and what befalls its link."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bumble import hci, ll
from bumble.att import Attribute, AttributeValue, Opcode
from bumble.core import UUID
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, Service

from gateway.messages import Place
from simulators.peripherals import Agreeing, Notification, Peripheral
from simulators.places import ANYWHERE
from simulators.radio_world.advertising import encode
from simulators.radio_world.air import Air, Radio, RadioHost
from simulators.radio_world.performance import Feeling, Performance
from simulators.sensing.clocks import Clock

_PROPERTY = {
    "read": Characteristic.Properties.READ,
    "write": Characteristic.Properties.WRITE,
    "write-without-response": Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": Characteristic.Properties.NOTIFY,
    "indicate": Characteristic.Properties.INDICATE,
}
_SWAPPED_EVERY = 7
_QUEUED = 32
"""So many packets at most wait in bumble, which hands 64 to the controller at once."""
_ATT_HEADER = struct.Struct("<BH")
_POWER_OFF = hci.HCI_ErrorCode.REMOTE_DEVICE_TERMINATED_CONNECTION_DUE_TO_POWER_OFF_ERROR
_READ_AND_WRITE = Attribute.Permissions.READABLE | Attribute.Permissions.WRITEABLE


@dataclass(frozen=True)
class Conditions:
    """How a sensor's link works.

    Every ``interval_s`` a connection event carries up to ``per_event`` notifications; what waits
    longer than ``buffer`` notifications is lost. About every ``stall_every_s`` nothing gets
    through for an exponential ``stall_s``; ``loss`` is the share of notifications lost besides.
    Figures as in ``simulators.radio``.
    """

    interval_s: float = 0.015
    per_event: int = 4
    buffer: int = 24
    stall_every_s: float = 120.0
    stall_s: float = 0.15
    loss: float = 0.0
    advertise_every_s: float = 0.1


@dataclass
class Account:
    """What became of a sensor's notifications."""

    sent: int = 0
    """Notifications that went over the air."""
    lost: int = 0
    """Notifications that its buffer had no room for, or that a lost link left on its way."""


class HostedSensor:
    """A peripheral with a radio, worn by the simulated person at ``place`` (None: anywhere)."""

    def __init__(
        self,
        make: Callable[[str], Peripheral],
        address: str,
        place: Place | None,
        clock: Clock,
        conditions: Conditions,
        performance: Performance,
        rng: np.random.Generator,
    ) -> None:
        self.address = address
        self.place = place
        self._feels_at = place or ANYWHERE
        self._account = Account()
        self.frozen = self.refusing = self.doubling = self.disorderly = False
        self.peripheral: Peripheral = make(address)
        self._make = make
        self.clock = self._own_clock = clock
        self.others: Mapping[str, HostedSensor] = {}
        self._feeling = Feeling(performance, self._feels_at, clock)
        self._conditions = conditions
        self._performance = performance
        self._rng = rng
        self._stalled_until_s = 0.0
        self._waiting: deque[Notification] = deque()
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._characteristics: dict[tuple[str, str], Characteristic[bytes]] = {}

    async def switch_on(self, air: Air) -> None:
        """Come up and advertise."""
        self._air = air
        self._radio = Radio(self.address, air)
        interval_ms = self._conditions.advertise_every_s * 1000
        data, response = encode(self.peripheral.advertisement)
        configuration = DeviceConfiguration(
            name=self.peripheral.advertisement.name,
            address=hci.Address(self.address),
            advertising_data=data,
            scan_response_data=response,
            advertising_interval_min=interval_ms,
            advertising_interval_max=interval_ms,
        )
        host = RadioHost(self._radio)
        self._device = Device(config=configuration, host=host)
        self._device.add_services(self._services())
        self._device.on("connection", self._begin)
        await self._device.power_on()
        await self._device.start_advertising(auto_restart=True)

    async def switch_off(self) -> None:
        """Go quiet."""
        self.carry_away()
        await self._device.stop_advertising()
        self._radio.le_legacy_advertiser.stop()

    # --- what befalls it ----------------------------------------------------------------------

    def carry_away(self) -> None:
        """Take it out of range."""
        self._air.carry_away(self._radio)

    def bring_back(self) -> None:
        """Bring it back into range."""
        self._radio.in_range = True

    @property
    def rssi_dbm(self) -> int:
        """Return how strongly it is heard."""
        return self._radio.rssi_dbm

    @rssi_dbm.setter
    def rssi_dbm(self, value: int) -> None:
        self._radio.rssi_dbm = value

    def shake(self, seconds: float) -> None:
        """Shake it for a while, besides what the person does."""
        self._performance.shake(self._feels_at, seconds)

    async def drop(self) -> None:
        """End the connection from the sensor's side; it sends nothing more over it."""
        connection = self._connection
        if connection is not None:
            self._end(connection)
            await connection.disconnect()

    def restart(self) -> None:
        """Switch it off and on again: settings and counters are those of a new start."""
        for peer in list(self._radio.le_connections):
            self._radio.le_connections[peer].send_ll_control_pdu(ll.TerminateInd(_POWER_OFF))
            self._radio.cut(peer, _POWER_OFF)
        battery = self.peripheral.battery
        self.peripheral = self._make(self.address)
        self.peripheral.battery = battery
        self._own_clock = Clock(self._performance.now_s, self._own_clock.drift_ppm)
        self._set_clock()

    def _set_clock(self) -> None:
        """Have the clock that it agreed on with others, or its own."""
        told = self.peripheral
        root = told.root if isinstance(told, Agreeing) else ""
        clock = self.others[root].clock if root in self.others else self._own_clock
        if clock != self.clock:
            self.clock = clock
            self._feeling = Feeling(self._performance, self._feels_at, clock)

    def hide(self) -> None:
        """Advertise no more: it is off, or connected to another."""
        self._radio.hidden = True

    def show(self) -> None:
        """Advertise again."""
        self._radio.hidden = False

    def stall(self, seconds: float) -> None:
        """Let nothing through for a while; the link stands."""
        self._stalled_until_s = self._performance.now_s + seconds

    @property
    def account(self) -> Account:
        """Return what became of its notifications so far."""
        told, unheard = self._account, self._radio.unheard
        return Account(sent=told.sent - unheard, lost=told.lost + unheard)

    @property
    def taken(self) -> int:
        """Return how many samples it has taken since it was switched on."""
        return self._feeling.taken

    @property
    def connected(self) -> bool:
        """Whether someone is connected to it."""
        return self._connection is not None

    # --- what it does -------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what it notifies, connection event by connection event, until cancelled."""
        loop, interval_s = asyncio.get_running_loop(), self._conditions.interval_s
        while True:
            await self._connected.wait()
            event_s = loop.time()
            while self._connection is not None:
                await asyncio.sleep(event_s - loop.time())
                await self._performance.known_by_now()
                # A busy machine may be late for several events, which took place all the same.
                events = 1 + int((loop.time() - event_s) / interval_s)
                event_s += events * interval_s
                through = 0 if self._blocked(events) else events * self._conditions.per_event
                self._feel(through)
                await self._send(through)

    def _feel(self, through: int) -> None:
        """Take the samples that are due by now; a hung sensor takes none."""
        movement = self._feeling.since(0.0 if self.frozen else self.peripheral.rate_hz)
        if movement is not None:
            self._enqueue(self.peripheral.stream(movement), through)

    def _enqueue(self, notifications: Sequence[Notification], through: int = 0) -> None:
        """Let notifications wait, as far as there is room beside the ``through`` next ones."""
        notifications = self._survivors(notifications)
        room = max(0, self._conditions.buffer + through - len(self._waiting))
        self._waiting += notifications[:room]
        self._account.lost += max(0, len(notifications) - room)

    def _survivors(self, notifications: Sequence[Notification]) -> Sequence[Notification]:
        """Return the notifications that the radio does not lose."""
        if not self._conditions.loss:
            return notifications
        gone = self._rng.random(len(notifications)) < self._conditions.loss
        self._account.lost += int(np.count_nonzero(gone))
        return [told for told, lost in zip(notifications, gone.tolist(), strict=True) if not lost]

    async def _send(self, through: int) -> None:
        for _ in range(through):
            await self._have_room()
            if self._connection is None or not self._waiting:
                return
            if self.disorderly and self._account.sent % _SWAPPED_EVERY == 0:
                if len(self._waiting) < 2:
                    return
                self._waiting[0], self._waiting[1] = self._waiting[1], self._waiting[0]
            told = self._waiting.popleft()
            self._account.sent += 1
            characteristic = self._characteristics[told.characteristic, told.service]
            notified = characteristic.properties & Characteristic.Properties.NOTIFY
            # As bumble does it, less a log of every byte, and without waiting for an indication
            # to be confirmed, which does not come once the link has ended.
            opcode = (
                Opcode.ATT_HANDLE_VALUE_NOTIFICATION
                if notified
                else Opcode.ATT_HANDLE_VALUE_INDICATION
            )
            payload = told.payload[: self._connection.att_mtu - _ATT_HEADER.size]
            header = _ATT_HEADER.pack(opcode, characteristic.handle)
            for _ in range(1 + self.doubling):
                self._device.gatt_server.send_gatt_pdu(self._connection, header + payload)

    async def _have_room(self) -> None:
        """Wait until the radio has room: what its queue holds as a link ends would be lost."""
        while (connection := self._connection) is not None:
            queue = connection.data_packet_queue
            if queue is None or queue.pending < _QUEUED:
                return
            await connection.drain()

    def _blocked(self, events: int) -> bool:
        """Say whether nothing gets through now."""
        now_s = self._performance.now_s
        chance = events * self._conditions.interval_s / self._conditions.stall_every_s
        if self._rng.random() < chance:
            self._stalled_until_s = now_s + self._rng.exponential(self._conditions.stall_s)
        return now_s < self._stalled_until_s or self.frozen or not self._radio.in_range

    # --- its services -------------------------------------------------------------------------

    def _services(self) -> list[Service]:
        services = self.peripheral.services
        uses = Counter(c.uuid for service in services for c in service.characteristics)
        built = []
        for service in services:
            members = []
            for known in service.characteristics:
                where = service.uuid if uses[known.uuid] > 1 else ""
                member = self._characteristic(known.uuid, known.properties, where)
                self._characteristics[known.uuid, where] = member
                members.append(member)
            built.append(Service(UUID(service.uuid), members))
        return built

    def _characteristic(
        self, uuid: str, properties: Sequence[str], service: str
    ) -> Characteristic[bytes]:
        def read(_: Connection) -> bytes:
            return self.peripheral.read(uuid, service)

        def write(_: Connection, value: bytes) -> None:
            self._enqueue(self.peripheral.written(uuid, bytes(value), service))

        def subscription(_: Connection, notify: bool, indicate: bool) -> None:
            if not (notify or indicate):
                self._drop_waiting(uuid, service)
            self._enqueue(self.peripheral.subscribed(uuid, notify or indicate, service))

        flags = Characteristic.Properties(0)
        for name in properties:
            flags |= _PROPERTY[name]
        value = AttributeValue[bytes](read=read, write=write)
        made = Characteristic[bytes](UUID(uuid), flags, _READ_AND_WRITE, value)
        made.on(made.EVENT_SUBSCRIPTION, subscription)
        return made

    def _drop_waiting(self, uuid: str, service: str) -> None:
        """Lose what waits of a characteristic to which nobody listens any longer."""
        kept = [w for w in self._waiting if (w.characteristic, w.service) != (uuid, service)]
        self._account.lost += len(self._waiting) - len(kept)
        self._waiting = deque(kept)

    def _begin(self, connection: Connection) -> None:
        connection.on("disconnection", lambda _: self._end(connection))
        self._connection = connection
        self._connected.set()
        if self.refusing:
            self._refusal = asyncio.create_task(connection.disconnect())

    def _end(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self._connected.clear()
        self.peripheral.disconnected()
        self._set_clock()
        self._account.lost += len(self._waiting)
        self._waiting.clear()
