"""The real BlueZ: a virtual machine with Debian's kernel and bluetoothd, and no hardware.

``build`` makes its image, once; ``machine`` boots it; ``guest`` is what runs in it, with the
gateway's own radio; ``kernel_radio`` is the Bluetooth controller that its kernel finds, on the air
of a virtual world.
"""
