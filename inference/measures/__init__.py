"""Measures: one file each, with a ``MEASURE`` that `gateway.discovery.discover` finds.

A measure is a stage that makes ``Figure`` of what the stages before it say. The pipe runs all
measures, in the order of their names, before feedback; pages, journal, MQTT, InfluxDB and Grafana
carry the figures of any measure as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.discovery import discover
from gateway.stage import Stage
from gateway.wording import Wording


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by its name; ``make`` returns a new stage.

    ``wordings`` say by name how its figures are worded for people; one that is not there is
    called by its name, in its own unit.
    """

    name: str
    make: Callable[[], Stage]
    wordings: Mapping[str, Wording] = field(default_factory=dict)


def measures() -> dict[str, Measure]:
    """Return all measures by name."""
    return discover("inference.measures", "MEASURE")
