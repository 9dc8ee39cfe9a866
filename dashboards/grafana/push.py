"""Put the dashboard into a running Grafana over its HTTP interface.

https://grafana.com/docs/grafana/latest/developers/http_api/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import grafana_client  # type: ignore[import-untyped]  # ships no types
import requests
from grafana_client.client import (  # type: ignore[import-untyped]  # ships no types
    GrafanaClientError,
    GrafanaException,
    GrafanaUnauthorizedError,
)
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana.flux import DATASOURCE_UID
from dashboards.grafana.live import as_json
from dashboards.grafana.provisioning import FOLDER_TITLE, FOLDER_UID, Database
from gateway.errors import ServiceError, UsageError

TIMEOUT_S = 10.0
_NEW_TOKEN = "make one in Grafana under Administration, Service accounts"  # noqa: S105, a sentence


class Datasource(StrEnum):
    """What Grafana has of our data source."""

    PRESENT = "present"
    CREATED = "created"
    MISSING = "missing"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Pushed:
    """What a push led to: where the dashboard is now, its version there, and its data source."""

    url: str
    version: int
    datasource: Datasource


def push(url: str, token: str, dashboard: Dashboard, database: Database | None = None) -> Pushed:
    """Put ``dashboard`` into the Grafana at ``url``, over an older one.

    The data source is left alone where Grafana has it and made from ``database`` where it has
    not. Raises UsageError for an address or token that cannot be one, ServiceError where Grafana
    cannot be reached or refuses.
    """
    base = _address(url)
    with _connected(base, token) as api:
        datasource = _datasource(api, database)
        _folder(api)
        saved = _saved(api, base, dashboard)
    return Pushed(base.rstrip("/") + str(saved["url"]), int(saved["version"]), datasource)


def check(url: str, token: str) -> str:
    """Ask the Grafana at ``url`` whether it takes the token, and change nothing; returns where.

    Raises the same as ``push``.
    """
    base = _address(url)
    with _connected(base, token) as api:
        _has_folder(api)
    return base.rstrip("/")


@contextmanager
def _connected(base: str, token: str) -> Iterator[Any]:
    """Hold Grafana's interface; raises UsageError and ServiceError."""
    if not token or not token.isascii() or not token.isprintable():
        raise UsageError(
            f"pushing to Grafana needs a service account token: {_NEW_TOKEN} and give it with "
            "--token, as token in [grafana] or as GAITWIRE_GRAFANA__TOKEN"
        )
    with _translated(base):
        api = grafana_client.GrafanaApi.from_url(base, credential=token, timeout=TIMEOUT_S)
        with closing(api.client.s):
            yield api


def _address(url: str) -> str:
    """Return ``url`` in the form that the client takes: with a slash at its end."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is no address of a Grafana; it looks like http://127.0.0.1:3000")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/"


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Turn the errors of the two libraries below into sentences."""
    try:
        yield
    except GrafanaUnauthorizedError as error:
        raise ServiceError(f"Grafana at {url} does not accept the token; {_NEW_TOKEN}") from error
    except GrafanaException as error:
        raise ServiceError(_refusal(url, error)) from error
    except requests.exceptions.JSONDecodeError as error:
        raise ServiceError(_not_grafana(url)) from error
    except requests.exceptions.Timeout as error:
        raise ServiceError(f"Grafana at {url} did not answer within {TIMEOUT_S:.0f} s") from error
    except requests.exceptions.RequestException as error:
        raise ServiceError(
            f"Grafana at {url} cannot be reached; start it, or correct url in [grafana]"
        ) from error


def _refusal(url: str, error: Any) -> str:
    said = error.response
    message = said.get("message", "") if isinstance(said, dict) else ""
    if error.status_code == requests.codes.forbidden:
        return (
            f"the token for Grafana at {url} lacks a right ({message or 'none is named'}); give "
            "its service account the role Editor, or Admin if the data source is to be made too"
        )
    if not isinstance(said, dict):
        return _not_grafana(url)
    return f"Grafana at {url} refuses with status {error.status_code}: {message or said}"


def _not_grafana(url: str) -> str:
    return f"what answers at {url} is not Grafana; correct url in [grafana]"


def _datasource(api: Any, database: Database | None) -> Datasource:
    try:
        api.datasource.get_datasource_by_uid(DATASOURCE_UID)
    except GrafanaClientError as error:
        if error.status_code == requests.codes.forbidden:
            return Datasource.HIDDEN
        if error.status_code != requests.codes.not_found or not isinstance(error.response, dict):
            raise
    else:
        return Datasource.PRESENT
    if database is None:
        return Datasource.MISSING
    api.datasource.create_datasource(database.datasource())
    return Datasource.CREATED


def _folder(api: Any) -> None:
    if not _has_folder(api):
        api.folder.create_folder(FOLDER_TITLE, uid=FOLDER_UID)


def _has_folder(api: Any) -> bool:
    try:
        api.folder.get_folder(FOLDER_UID)
    except GrafanaClientError as error:
        if error.status_code != requests.codes.not_found or not isinstance(error.response, dict):
            raise
        return False
    return True


def _saved(api: Any, url: str, dashboard: Dashboard) -> dict[str, Any]:
    answer = api.dashboard.update_dashboard(
        {
            "dashboard": json.loads(as_json(dashboard)),
            "folderUid": FOLDER_UID,
            "overwrite": True,
            "message": "gaitwire dashboards push",
        }
    )
    if not isinstance(answer, dict) or "url" not in answer or "version" not in answer:
        raise ServiceError(_not_grafana(url))
    return answer
