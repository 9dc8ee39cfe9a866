"""Measures: one file each, with a ``MEASURE`` that `gateway.discovery.discover` finds.

A measure is a stage that makes ``Figure`` of what the stages before it say. The pipe runs all
measures, in the order of their names, before feedback; pages, journal, MQTT, InfluxDB and Grafana
carry the figures of any measure as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.discovery import discover
from gateway.stage import Stage


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by its name; ``make`` returns a new stage."""

    name: str
    make: Callable[[], Stage]


def measures() -> dict[str, Measure]:
    """Return all measures by name."""
    return discover("inference.measures", "MEASURE")
