"""Fixtures that every test may use: the real services."""

from tests.services.influx import database, influx
from tests.services.mosquitto import mosquitto, mosquitto_with_password

__all__ = ["database", "influx", "mosquitto", "mosquitto_with_password"]
