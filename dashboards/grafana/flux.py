"""Queries in Flux, for the InfluxDB data source of Grafana.

The texts use what Grafana fills in before it sends them: the dashboard's time range
(``v.timeRangeStart``, ``v.timeRangeStop``), the interval between two points
(``v.windowPeriod``), the data source's bucket (``v.defaultBucket``) and the variables
``${person:regex}`` and ``${session:regex}``.

Two shapes come back. A *series* has ``_time``, ``_value`` and its name in ``_field``; Grafana
draws each name as a line. A *table* has any columns but ``_value`` and is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

DATASOURCE_UID = "gaitwire-influxdb"
_AT_THE_END = 'rename(columns: {_stop: "_time"})'
DATASOURCE = DataSourceRef(type_val="influxdb", uid=DATASOURCE_UID)


@dataclass(frozen=True)
class FluxQuery(Dataquery):
    """One query of a panel; ``ref_id`` is its letter."""

    ref_id: str
    flux: str

    def to_json(self) -> dict[str, object]:
        """Return the query as Grafana stores it."""
        return {"refId": self.ref_id, "datasource": DATASOURCE, "query": self.flux}


def chosen(measurement: str, *fields: str) -> str:
    """Fields of a measurement within the time shown, for the person and session chosen."""
    any_field = " or ".join(f'r._field == "{field}"' for field in fields)
    return _steps(
        "from(bucket: v.defaultBucket)",
        "range(start: v.timeRangeStart, stop: v.timeRangeStop)",
        f'filter(fn: (r) => r._measurement == "{measurement}" and ({any_field}))',
        "filter(fn: (r) => r.person =~ /^${person:regex}$/ and r.session =~ /^${session:regex}$/)",
    )


def windowed(flux: str, function: str = "mean") -> str:
    """One value for each interval that has data.

    A window is named by its start, so a point stays where it is while its window fills, and
    empty windows are left out, so a refresh never adds a point without a value.
    """
    options = f'every: v.windowPeriod, fn: {function}, createEmpty: false, timeSrc: "_start"'
    return _steps(flux, f"aggregateWindow({options})")


def counted(flux: str, by: str) -> str:
    """How many values there are in the time shown, for each value of the column ``by``."""
    each = _steps(flux, "count()", f'group(columns: ["{by}", "_stop"])', "sum()")
    return _steps(each, _AT_THE_END)


def averaged(flux: str, by: str) -> str:
    """Return the mean over the time shown, for each value of the column ``by``."""
    return _steps(flux, f'group(columns: ["{by}", "_stop"])', "mean()", _AT_THE_END)


def spread(flux: str, by: str) -> str:
    """Greatest less smallest value in the time shown, for each value of the column ``by``.

    Asked as two extremes, which the database finds where it stores the data.
    """
    extremes = ", ".join(f"{flux}\n  |> {end}()" for end in ("min", "max"))
    return _steps(
        f"union(tables: [{extremes}])",
        f'group(columns: ["{by}", "_stop"])',
        "spread()",
        _AT_THE_END,
    )


def newest(flux: str, *by: str) -> str:
    """Return the newest value in the time shown, for each value of the columns ``by``."""
    return _steps(grouped(_steps(flux, "last()"), *by), 'sort(columns: ["_time"])', "last()")


def grouped(flux: str, *by: str) -> str:
    """Return the rows put together by the columns ``by``, whatever their session."""
    return _steps(flux, f"group(columns: {_names(by)})")


def scaled(flux: str, factor: float) -> str:
    """All values multiplied by ``factor``."""
    return _steps(flux, f"map(fn: (r) => ({{r with _value: r._value * {factor!r}}}))")


def as_numbers(flux: str) -> str:
    """Integers and truth values as floating point, so that means can be taken of them."""
    return _steps(flux, "toFloat()")


def named(flux: str, by: str = "_field") -> str:
    """Series called by the column ``by``, in order of time, without any other label."""
    rename = () if by == "_field" else (f'rename(columns: {{{by}: "_field"}})',)
    return _steps(
        only(grouped(flux, by), "_time", "_value", by), *rename, 'sort(columns: ["_time"])'
    )


def columns(flux: str, key: tuple[str, ...]) -> str:
    """Fields side by side as columns of one table, one row for each value of ``key``."""
    pivot = f'pivot(rowKey: {_names(key)}, columnKey: ["_field"], valueColumn: "_value")'
    return _steps(flux, pivot, "group()")


def latest_rows(flux: str, limit: int, *names: str) -> str:
    """Return the ``limit`` newest rows of a table, newest first, with these columns alone."""
    rows = _steps(flux, 'sort(columns: ["_time"], desc: true)', f"limit(n: {limit})")
    return only(rows, *names)


def only(flux: str, *names: str) -> str:
    """Return the table with these columns alone."""
    return _steps(flux, f"keep(columns: {_names(names)})")


def where(flux: str, condition: str) -> str:
    """Rows ``r`` that fulfil a condition."""
    return _steps(flux, f"filter(fn: (r) => {condition})")


def extended(flux: str, named: Mapping[str, str] | None = None, /, **values: str) -> str:
    """Rows ``r`` with columns added or replaced, each by its expression.

    What is ``named`` is worked out first, row by row, for the expressions to use.
    """
    first = "".join(f"{name} = {expression} " for name, expression in (named or {}).items())
    added = ", ".join(f"{name}: {expression}" for name, expression in values.items())
    return _steps(flux, f"map(fn: (r) => {{ {first}return {{r with {added}}} }})")


def _names(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _steps(first: str, *others: str) -> str:
    return "\n  |> ".join((first, *others))
