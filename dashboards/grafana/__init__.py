"""The Grafana dashboard as typed code: what it asks, how it looks, how it gets to Grafana."""

from __future__ import annotations

import importlib
import warnings

with warnings.catch_warnings():
    # The SDK recommends its second schema on import. Provisioned files and POST /api/dashboards/db
    # take the first one in every Grafana version that we support.
    warnings.simplefilter("ignore", DeprecationWarning)
    importlib.import_module("grafana_foundation_sdk.models.dashboard")
    importlib.import_module("grafana_foundation_sdk.models.dashboardv2beta1")
