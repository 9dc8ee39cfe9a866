"""Fixtures that every test may use: the real services."""

from tests.services.influx import database, influx
from tests.services.mosquitto import mosquitto, mosquitto_with_password, mosquitto_with_tls

__all__ = ["database", "influx", "mosquitto", "mosquitto_with_password", "mosquitto_with_tls"]
