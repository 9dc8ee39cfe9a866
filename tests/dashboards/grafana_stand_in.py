"""What Grafana does between a panel and its database, as far as a query meets it.

Filling in follows Grafana's documentation of Flux queries and of variable syntax; the rules for
answers are those of the InfluxDB data source: a table with ``_value`` is a series and needs a
time, any other is taken as it is, and none may be longer than 1.5 times the points asked for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tests.services.influx import ORG, Influx

# The steps of an interval in ms and up to where each is taken.
_NICE = (
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1_500, 1_000),
    (3_500, 2_000),
    (7_500, 5_000),
    (12_500, 10_000),
)


@dataclass(frozen=True)
class Range:
    """The time shown, in ns since 1970."""

    start_ns: int
    stop_ns: int


@dataclass
class Table:
    """One table of an answer: its columns with their types, which make its key, its rows."""

    types: dict[str, str]
    key: frozenset[str]
    rows: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_series(self) -> bool:
        """Whether Grafana draws it as a line."""
        return "_value" in self.types

    def names(self) -> set[str]:
        """Return what Grafana calls what it shows of the table: series, or columns."""
        return {row["_field"] for row in self.rows} if self.is_series else set(self.types)

    def times(self) -> NDArray[np.datetime64]:
        """Return the time of each row."""
        return np.array([row["_time"].rstrip("Z") for row in self.rows], "datetime64[ns]")


def filled(
    flux: str, shown: Range, bucket: str, variables: Mapping[str, str], points: int = 1500
) -> str:
    """Return a query as Grafana sends it. ``variables`` are ready to stand in an expression."""
    wanted_ms = max(10.0, (shown.stop_ns - shown.start_ns) / 1e6 / points)
    window_ms = next(step for limit, step in _NICE if wanted_ms < limit)
    texts = {
        "v.timeRangeStart": _moment(shown.start_ns),
        "v.timeRangeStop": _moment(shown.stop_ns),
        "v.windowPeriod": f"{window_ms}ms",
        "v.defaultBucket": f'"{bucket}"',
        **{f"${{{name}:regex}}": value for name, value in variables.items()},
    }
    for macro, text in texts.items():
        flux = flux.replace(macro, text)
    return flux


def asked(influx: Influx, flux: str) -> list[Table]:
    """Run a query and return its tables."""
    body = {"query": flux, "dialect": {"annotations": ["datatype", "group"], "header": True}}
    answer = str(influx.call("POST", f"/api/v2/query?org={ORG}", body))
    tables: dict[tuple[int, str], Table] = {}
    for number, part in enumerate(answer.replace("\r\n", "\n").strip().split("\n\n")):
        _read(part, number, tables)
    return list(tables.values())


def check(tables: list[Table], points: int = 1500) -> None:
    """Assert that Grafana could show every table."""
    for table in tables:
        assert len(table.rows) <= 1.5 * points, "Grafana refuses so many rows"
        if table.is_series:
            assert table.types.get("_time", "").startswith("dateTime"), "a series without a time"
            assert "_field" in table.key, "a series without one name of its own"
            assert (np.diff(table.times()).astype(int) >= 0).all(), "a series out of order"


def _read(part: str, number: int, tables: dict[tuple[int, str], Table]) -> None:
    lines = list(csv.reader(io.StringIO(part)))
    if len(lines) < 4:
        return
    types, groups, names, *rows = lines
    columns = [i for i, name in enumerate(names) if name not in {"", "result", "table"}]
    for row in rows:
        key = frozenset(names[i] for i in columns if groups[i] == "true")
        empty = Table({names[i]: types[i] for i in columns}, key)
        table = tables.setdefault((number, row[names.index("table")]), empty)
        table.rows.append({names[i]: row[i] for i in columns})


def _moment(ns: int) -> str:
    seconds, rest = divmod(ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
