"""Files that Grafana reads at its start: the data source, where dashboards lie, the dashboard.

The layout is that of Grafana's own folder ``/etc/grafana/provisioning``, so what ``write`` makes
can be put, or mounted, there as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana.flux import DATASOURCE_UID
from dashboards.grafana.live import UID, as_json
from dashboards.grafana.panels import SAMPLE_INTERVAL
from gateway.errors import GaitwireError

FOLDER_UID = "gaitwire"
FOLDER_TITLE = "Gaitwire"
DATASOURCE_NAME = "Gaitwire InfluxDB"
HOME = Path("/etc/grafana/provisioning")

# Grafana replaces $NAME by its environment, so no token is ever in a file.
_DATASOURCE_YAML = f"""\
# Made by `gaitwire dashboards build`.
apiVersion: 1
datasources:
  - name: {DATASOURCE_NAME}
    uid: {DATASOURCE_UID}
    type: influxdb
    access: proxy
    url: $INFLUXDB_URL
    editable: false
    jsonData:
      version: Flux
      organization: $INFLUXDB_ORG
      defaultBucket: $INFLUXDB_BUCKET
      timeInterval: {SAMPLE_INTERVAL}
    secureJsonData:
      token: $INFLUXDB_TOKEN
"""

_PROVIDER_YAML = f"""\
# Made by `gaitwire dashboards build`.
apiVersion: 1
providers:
  - name: gaitwire
    orgId: 1
    folder: {FOLDER_TITLE}
    folderUid: {FOLDER_UID}
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: {HOME / "dashboards"}
"""


@dataclass(frozen=True)
class Database:
    """The InfluxDB that Grafana is to read; ``url`` as Grafana reaches it."""

    url: str
    org: str
    bucket: str
    token: str

    def datasource(self) -> dict[str, object]:
        """Return the data source as Grafana's interface takes it."""
        return {
            "name": DATASOURCE_NAME,
            "uid": DATASOURCE_UID,
            "type": "influxdb",
            "access": "proxy",
            "url": self.url,
            "jsonData": {
                "version": "Flux",
                "organization": self.org,
                "defaultBucket": self.bucket,
                "timeInterval": SAMPLE_INTERVAL,
            },
            "secureJsonData": {"token": self.token},
        }


def files(dashboard: Dashboard) -> dict[Path, str]:
    """Return the text of each file, by its path below the provisioning folder."""
    return {
        Path("datasources/gaitwire.yaml"): _DATASOURCE_YAML,
        Path("dashboards/gaitwire.yaml"): _PROVIDER_YAML,
        Path(f"dashboards/{UID}.json"): as_json(dashboard),
    }


def write(out: Path, dashboard: Dashboard) -> list[Path]:
    """Write all files below ``out``; raises GaitwireError where that cannot be."""
    written = []
    for below, text in files(dashboard).items():
        path = out / below
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise GaitwireError(
                f"{path}: cannot be written: {error.strerror}; name a folder of your own with --out"
            ) from error
        written.append(path)
    return written
