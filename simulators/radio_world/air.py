"""The air between virtual radios: bumble's in-process link, with range, and its defects mended.

Mended: a connection attempt can be given up (bumble answers the cancel and goes on waiting), ACL
packets are as long as modern controllers have them, the data of a scan response arrives, a link
that only one side has heard of ends, a late answer does no harm, and no packet is written out for
a log that nobody keeps, which costs more than all the rest.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from bumble import hci, ll
from bumble.att import Opcode
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

SUPERVISION_S = 0.42
"""How long a link outlives the last sign of its peer: the default of the Linux kernel."""

_ATT_OPCODE = 4
"""Where the operation of the attribute protocol lies in a packet of L2CAP."""
_TOLD = {Opcode.ATT_HANDLE_VALUE_NOTIFICATION, Opcode.ATT_HANDLE_VALUE_INDICATION}
_Report = hci.HCI_LE_Advertising_Report_Event
_Kind = hci.HCI_LE_Advertising_Report_Event.EventType


class Radio(Controller):
    """A controller that may be out of range; ``rssi_dbm`` is how strongly others hear it.

    While it is ``hidden`` it does not advertise. ``unheard`` counts the notifications that were
    handed to it but did not reach the other side, because the link had ended.
    """

    le_acl_data_packet_length = 251
    # The legacy commands carry scan responses, which bumble's extended ones do not.
    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
        | hci.LeFeatureMask.LL_PRIVACY
    )

    def __init__(self, name: str, air: Air) -> None:
        super().__init__(name, link=air)
        self.in_range = True
        self.hidden = False
        self.rssi_dbm = -60
        self.unheard = 0
        self._air = air

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Do what the host asks."""
        match packet:
            case hci.HCI_Command():
                self.on_hci_command_packet(packet)
            case hci.HCI_AclDataPacket():
                self.on_hci_acl_data_packet(packet)

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        """Send data over a connection, if it still stands."""
        if self.find_connection_by_handle(packet.connection_handle) is None:
            self.miss(packet.data)
        else:
            super().on_hci_acl_data_packet(packet)

    def miss(self, data: bytes) -> None:
        """Take notice that data (of L2CAP) were not heard."""
        self.unheard += data[_ATT_OPCODE] in _TOLD

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Tell the host."""
        if self.host is not None:
            asyncio.get_running_loop().call_soon(self.host.on_packet, bytes(packet))

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Give the pending connection up, and say so."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is not None:
            self.send_hci_packet(
                hci.HCI_LE_Connection_Complete_Event(
                    status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                    connection_handle=0,
                    role=hci.Role.CENTRAL,
                    peer_address_type=pending.peer_address_type,
                    peer_address=pending.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
            )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report an advertisement and its scan response, and connect where that was asked for."""
        sender = self._air.radio(pdu.advertiser_address)
        if sender is None:
            return
        if self.le_scan_enable:
            response = sender.le_legacy_advertiser.scan_response_data
            self._report(_Kind.ADV_IND, pdu.advertiser_address, pdu.data, sender.rssi_dbm)
            self._report(_Kind.SCAN_RSP, pdu.advertiser_address, response, sender.rssi_dbm)
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    @property
    def listens(self) -> bool:
        """Whether it takes notice of advertisements."""
        return self.le_scan_enable or self.pending_le_connection is not None

    def cut(self, peer: hci.Address, reason: int) -> None:
        """End the link to ``peer``, if there is one, as far as this side is concerned."""
        connection: Connection | None = self.le_connections.get(peer)
        if connection is not None:
            self.on_le_disconnected(connection, reason)

    def _report(self, kind: int, sender: hci.Address, data: bytes, rssi_dbm: int) -> None:
        report = _Report.Report(
            event_type=kind,
            address_type=sender.address_type,
            address=sender,
            data=data,
            rssi=rssi_dbm,
        )
        self.send_hci_packet(_Report([report]))


class RadioHost(Host):
    """The host's side of a radio."""

    def __init__(self, radio: Radio) -> None:
        super().__init__(radio, AsyncPipeSink(radio))

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Hand a packet to the controller."""
        assert self.hci_sink is not None
        self.hci_sink.on_packet(bytes(packet))

    def on_packet(self, packet: bytes) -> None:
        """Take a packet of the controller, as bytes."""
        # An answer may come in the moment in which it is no longer waited for.
        with suppress(asyncio.InvalidStateError):
            super().on_packet(packet)

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Take a packet of the controller."""
        match packet:
            case hci.HCI_AclDataPacket():
                self.on_hci_acl_data_packet(packet)
            case hci.HCI_Event():
                self.on_hci_event_packet(packet)


class Air(LocalLink):
    """Carries what radios in range say to each other."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble leaves its types out
        self._radios: dict[hci.Address, Radio] = {}

    def radio(self, address: hci.Address) -> Radio | None:
        """Return the radio that has an address."""
        return self._radios.get(address)

    def find_le_controller(self, address: hci.Address) -> Radio | None:
        """Return the same: bumble looks through all connections for it."""
        return self._radios.get(address)

    def on_address_changed(self, controller: Controller) -> None:
        """Take notice of the address that a radio's host has given it."""
        assert isinstance(controller, Radio)
        self._radios[controller.random_address] = controller

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Carry data of a connection."""
        assert isinstance(sender_controller, Radio)
        receiver = self._radios.get(destination_address)
        if receiver is not None and _hear(sender_controller, receiver):
            asyncio.get_running_loop().call_soon(
                _arrive, receiver, sender_controller, transport, data
            )
        else:
            sender_controller.miss(data)

    def send_advertising_pdu(
        self, sender_controller: Controller, packet: ll.AdvertisingPdu
    ) -> None:
        """Carry an advertisement to those who listen, and a connection request to its receiver."""
        assert isinstance(sender_controller, Radio)
        if sender_controller.hidden:
            return
        loop = asyncio.get_running_loop()
        for radio in self._radios.values():
            wanted = isinstance(packet, ll.ConnectInd) or radio.listens
            if wanted and radio is not sender_controller and _hear(sender_controller, radio):
                loop.call_soon(radio.on_ll_advertising_pdu, packet)
        if isinstance(packet, ll.ConnectInd):
            self._look_after(packet.initiator_address, packet.advertiser_address)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Carry a control message, such as the end of a connection."""
        sender, receiver = self._radios.get(sender_address), self._radios.get(receiver_address)
        if isinstance(packet, ll.TerminateInd):
            self._look_after(sender_address, receiver_address)
        if sender is None or receiver is None or not _hear(sender, receiver):
            return
        if sender_address in receiver.le_connections:
            asyncio.get_running_loop().call_soon(receiver.on_ll_control_pdu, sender_address, packet)

    def carry_away(self, radio: Radio) -> None:
        """Take a radio out of range; its links end once either side misses the other."""
        radio.in_range = False
        asyncio.get_running_loop().call_later(SUPERVISION_S, self._supervise, radio)

    def _supervise(self, radio: Radio) -> None:
        if radio.in_range:
            return
        for peer in list(radio.le_connections):
            self._cut(radio.random_address, peer)

    def _look_after(self, one: hci.Address, other: hci.Address) -> None:
        """See to it that a link which only one side has heard to begin, or to end, ends."""
        asyncio.get_running_loop().call_later(SUPERVISION_S, self._end_one_sided, one, other)

    def _end_one_sided(self, one: hci.Address, other: hci.Address) -> None:
        sides = [
            peer in radio.le_connections
            for address, peer in ((one, other), (other, one))
            if (radio := self._radios.get(address)) is not None
        ]
        if any(sides) and not all(sides):
            self._cut(one, other)

    def _cut(self, one: hci.Address, other: hci.Address) -> None:
        """End the link between two radios, as far as either has it."""
        for address, peer in ((one, other), (other, one)):
            radio = self._radios.get(address)
            if radio is not None:
                radio.cut(peer, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


def _hear(one: Controller, other: Controller) -> bool:
    assert isinstance(one, Radio)
    assert isinstance(other, Radio)
    return one.in_range and other.in_range


def _arrive(receiver: Radio, sender: Radio, transport: PhysicalTransport, data: bytes) -> None:
    # What was under way when a connection ended is gone.
    if sender.random_address in receiver.le_connections:
        receiver.on_link_acl_data(sender.random_address, transport, data)
    else:
        sender.miss(data)
