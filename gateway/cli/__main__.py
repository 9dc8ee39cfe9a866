"""``python -m gateway.cli`` is ``gaitwire``."""

from gateway.cli import main

main()
