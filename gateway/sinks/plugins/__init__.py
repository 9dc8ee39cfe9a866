"""Sinks that are one file each, with a ``SINK`` that `gateway.discovery.discover` finds.

A sink here has a table ``[sinks.NAME]`` in the configuration, and the service runs it where that
says so. All modules of this folder are loaded with the configuration, so a library that takes
long to load is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.discovery import discover
from gateway.rules import Section
from gateway.sinks.follower import RecordSink


class SinkSection(Section):
    """What every sink's table holds."""

    enabled: bool = False
    """Whether records are delivered."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A sink by its name; ``make`` returns one for ``settings``, all of which have a default."""

    name: str
    settings: type[SinkSection]
    make: Callable[[Any], RecordSink[Any]]


def sinks() -> dict[str, Sink]:
    """Return all sinks of the folder by name."""
    return discover("gateway.sinks.plugins", "SINK")
