"""Whom and what the dashboard shows: person, session and figure, chosen at its top."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import (
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
    VariableType,
)

from dashboards.grafana import flux
from dashboards.grafana.flux import DATASOURCE

ALL = VariableOption(text="All", value="$__all", selected=True)


def person() -> VariableModel:
    """Return the variable ``person``: one pseudonym among those with records."""
    variable = _among_tags("person", "person", 'r._measurement == "sensor"')
    variable.label = "Person"
    variable.description = "A pseudonym, as in the configuration."
    variable.sort = VariableSort.ALPHABETICAL_ASC
    return variable


def session() -> VariableModel:
    """Return the variable ``session``; "All" follows a new session without a reload."""
    variable = _among_tags(
        "session", "session", 'r._measurement == "sensor" and r.person =~ /^${person:regex}$/'
    )
    variable.label = "Session"
    variable.description = "All shows whichever session lies in the time shown."
    variable.sort = VariableSort.ALPHABETICAL_DESC
    return _all_or_one(variable)


def figure(words: str) -> VariableModel:
    """Return the variable ``figure``: which of the measures' figures are shown.

    They are listed by their titles, as ``words`` (`dashboards.grafana.words`) have them.
    """
    variable = _among_tags(
        "figure", "name", 'r._measurement == "figure" and r.person =~ /^${person:regex}$/', words
    )
    titled = 'read(name: r._value, unit: "").title + "|" + r._value'
    variable.query = variable.definition = flux.extended(str(variable.query), _value=titled)
    variable.regex = "/(?<text>[^|]+)\\|(?<value>.+)/"
    variable.label = "Figure"
    variable.description = "What the row Measures shows."
    variable.sort = VariableSort.ALPHABETICAL_ASC
    return _all_or_one(variable)


def _all_or_one(variable: VariableModel) -> VariableModel:
    variable.include_all, variable.all_value, variable.current = True, ".*", ALL
    return variable


def _among_tags(name: str, tag: str, condition: str, words: str = "") -> VariableModel:
    """Return a choice of one among the values that ``tag`` has in records of late.

    ``words`` stand before the query.
    """
    text = (
        f'import "influxdata/influxdb/schema"\n{words}'
        f'schema.tagValues(bucket: v.defaultBucket, tag: "{tag}", '
        f"predicate: (r) => {condition}, start: -30d)"
    )
    return VariableModel(
        type_val=VariableType.QUERY,
        name=name,
        datasource=DATASOURCE,
        query=text,
        definition=text,
        refresh=VariableRefresh.ON_DASHBOARD_LOAD,
        multi=False,
    )
