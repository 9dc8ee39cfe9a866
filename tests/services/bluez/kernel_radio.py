"""The Bluetooth controller that the machine's kernel finds, on the air of a virtual world."""

from __future__ import annotations

from bumble import hci

from simulators.radio_world.air import Air, Radio
from tests.services.bluez.machine import Machine

ADDRESS = hci.Address("C0:00:00:00:00:01", hci.Address.PUBLIC_DEVICE_ADDRESS)


class KernelRadio(Radio):
    """A controller whose host is the kernel of a machine.

    Linux connects with the controller's public address, and sets a random one only to listen; so
    on the air it is known by the public one.
    """

    def __init__(self, air: Air, machine: Machine) -> None:
        super().__init__("kernel", air)
        self._machine = machine
        self.public_address = ADDRESS
        self.random_address = ADDRESS
        self.host = self
        machine.to_controller = self._take

    def on_packet(self, packet: bytes) -> None:
        """Hand the kernel a packet."""
        self._machine.from_controller(packet)

    def on_hci_le_set_random_address_command(
        self, _command: hci.HCI_LE_Set_Random_Address_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Take notice, no more."""
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def _take(self, packet: bytes) -> None:
        self.on_hci_packet(hci.HCI_Packet.from_bytes(packet))
