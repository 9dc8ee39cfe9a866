"""A virtual Bluetooth world: peripherals as GATT servers on an in-process radio link.

Everything above the antenna is real: bumble's controllers, hosts, L2CAP, ATT and GATT on both
sides, and bleak itself on the gateway's, with ``bleak_backend`` in place of BlueZ. The way to the
world is ``world.open_world``. Needs the extra ``radio``.
"""
