"""The dashboard "Gaitwire live": rows of panels, laid out and numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    GridPos,
    Panel,
    RowPanel,
    TimePickerConfig,
)

from dashboards.grafana import estimates, exercises, gait, joints, measures, planes, sensors
from dashboards.grafana.variables import figure, person, session
from dashboards.grafana.words import preface
from gateway.wording import Wording

UID = "gaitwire-live"
TITLE = "Gaitwire live"
GRID_WIDTH = 24
# Records reach the database in one-second batches: the newest two seconds may not be there yet.
NOW_DELAY = "2s"


def sections(wordings: Mapping[str, Wording]) -> list[tuple[str, Sequence[Panel]]]:
    """Return the rows of the dashboard: title and panels."""
    return [
        (gait.TITLE, gait.panels()),
        (measures.TITLE, measures.panels(wordings)),
        *((each.TITLE, each.panels()) for each in (joints, planes, exercises, estimates, sensors)),
    ]


def live_dashboard(wordings: Mapping[str, Wording]) -> Dashboard:
    """Return the dashboard, laid out; ``wordings`` say by name what figures are called."""
    return Dashboard(
        uid=UID,
        title=TITLE,
        description=(
            "Movement as it is recorded, about two seconds behind. Every figure comes with the "
            "share of its samples that were measured; a figure that is too poor is withheld, "
            "with the reason. Figures describe movement; they are not a diagnosis."
        ),
        tags=["gaitwire"],
        graph_tooltip=DashboardCursorSync.CROSSHAIR,
        time=DashboardDashboardTime(from_val="now-1m", to="now"),
        timepicker=TimePickerConfig(
            refresh_intervals=["1s", "2s", "5s", "10s", "1m"], now_delay=NOW_DELAY
        ),
        refresh="1s",
        live_now=False,
        panels=placed(sections(wordings)),
        templating=DashboardDashboardTemplating(
            list_val=[person(), session(), figure(preface(wordings))]
        ),
    )


def as_json(dashboard: Dashboard) -> str:
    """Return the dashboard as Grafana's JSON model; the same dashboard gives the same bytes."""
    return JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(dashboard) + "\n"


def placed(sections: Iterable[tuple[str, Sequence[Panel]]]) -> list[Panel | RowPanel]:
    """Give each panel its place and number: left to right, a heading above each section."""
    laid: list[Panel | RowPanel] = []
    cursor = _Cursor()
    for title, panels in sections:
        cursor.next_line()
        laid.append(RowPanel(title=title, grid_pos=cursor.take(GRID_WIDTH, 1)))
        for panel in panels:
            assert panel.grid_pos is not None
            panel.grid_pos = cursor.take(panel.grid_pos.w, panel.grid_pos.h)
            laid.append(panel)
    for number, each in enumerate(laid, start=1):
        each.id_val = number
    return laid


@dataclass
class _Cursor:
    """The next free place of the grid."""

    x: int = 0
    y: int = 0
    height: int = 0

    def take(self, width: int, height: int) -> GridPos:
        """Return a place of this size, on a new line where it does not fit beside the last."""
        if self.x + width > GRID_WIDTH:
            self.next_line()
        place = GridPos(x=self.x, y=self.y, w=width, h=height)
        self.x += width
        self.height = max(self.height, height)
        return place

    def next_line(self) -> None:
        self.x, self.y, self.height = 0, self.y + self.height, 0
