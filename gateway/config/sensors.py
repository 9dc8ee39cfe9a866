"""Write which sensor is worn where into a configuration file, and leave the rest as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from gateway.messages import SensorSpec
from gateway.text_file import read_text, write_text

_NEW_FILE = '[source]\nkind = "bluetooth"\n'


def write_sensors(path: Path, sensors: Sequence[SensorSpec]) -> None:
    """Put ``sensors`` into the file, which is made where there is none; raises ConfigError.

    The file is a configuration that can be loaded. It is replaced at once, or stays as it was.
    """
    text = read_text(path) if path.exists() else _NEW_FILE
    write_text(path, with_sensors(text, sensors))


def with_sensors(text: str, sensors: Sequence[SensorSpec]) -> str:
    """Return the TOML ``text`` with ``sensors`` in it.

    A sensor that has a table keeps what else is in it. The tables of others stay, unless they
    claim a place that was given away.
    """
    document = tomlkit.parse(text)
    if "sensors" not in document:
        if text:
            document.add(tomlkit.nl())
        document.add("sensors", tomlkit.aot())
    tables: Any = document["sensors"]
    given = {spec.place: spec.sensor.upper() for spec in sensors if spec.place}
    for index in reversed(range(len(tables))):
        address, place = str(tables[index]["sensor"]).upper(), tables[index].get("place")
        if given.get(place, address) != address and address not in given.values():
            del tables[index]
    known = {str(table["sensor"]).upper(): table for table in tables}
    for spec in sensors:
        table = known.get(spec.sensor.upper())
        if table is None:
            tables.append(table := tomlkit.table() if isinstance(tables, AoT) else {})
            table = tables[-1]
        _fill(table, spec)
    return tomlkit.dumps(document)


def _fill(table: Any, spec: SensorSpec) -> None:
    told: dict[str, Any] = {} if "sensor" in table else {"sensor": spec.sensor}
    if spec.place:
        told["place"] = str(spec.place)
    told |= {"driver": spec.driver, "rate_hz": spec.rate_hz}
    for key, value in told.items():
        if key not in table or table[key] != value:
            table[key] = value
