"""Fixtures that every test may use: the real services."""

import hypothesis

from tests.services.influx import database, influx
from tests.services.mosquitto import mosquitto, mosquitto_with_password, mosquitto_with_tls

__all__ = ["database", "influx", "mosquitto", "mosquitto_with_password", "mosquitto_with_tls"]

# How long an example takes says something of the machine, not of the code.
hypothesis.settings.register_profile("gaitwire", deadline=None, print_blob=True)
hypothesis.settings.load_profile("gaitwire")
