"""Whom and what the dashboard shows: the person and the session, chosen at its top."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import (
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
    VariableType,
)

from dashboards.grafana.flux import DATASOURCE

ALL = VariableOption(text="All", value="$__all", selected=True)


def person() -> VariableModel:
    """Return the variable ``person``: one pseudonym among those with records."""
    text = _tag_values("person", 'r._measurement == "sensor"')
    return VariableModel(
        type_val=VariableType.QUERY,
        name="person",
        label="Person",
        description="A pseudonym, as in the configuration.",
        datasource=DATASOURCE,
        query=text,
        definition=text,
        refresh=VariableRefresh.ON_DASHBOARD_LOAD,
        sort=VariableSort.ALPHABETICAL_ASC,
        multi=False,
    )


def session() -> VariableModel:
    """Return the variable ``session``; "All" follows a new session without a reload."""
    text = _tag_values("session", 'r._measurement == "sensor" and r.person =~ /^${person:regex}$/')
    return VariableModel(
        type_val=VariableType.QUERY,
        name="session",
        label="Session",
        description="All shows whichever session lies in the time shown.",
        datasource=DATASOURCE,
        query=text,
        definition=text,
        refresh=VariableRefresh.ON_DASHBOARD_LOAD,
        sort=VariableSort.ALPHABETICAL_DESC,
        multi=False,
        include_all=True,
        all_value=".*",
        current=ALL,
    )


def _tag_values(tag: str, condition: str) -> str:
    return (
        'import "influxdata/influxdb/schema"\n'
        f'schema.tagValues(bucket: v.defaultBucket, tag: "{tag}", '
        f"predicate: (r) => {condition}, start: -30d)"
    )
