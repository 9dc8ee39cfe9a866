"""The four kinds of panel that the dashboard uses, each with settings that suit live data.

- The number of points is fixed, so a wide screen does not ask for more than a narrow one and a
  resized panel does not lose half its points.
- A line breaks after a silence of a stated length, so a gap looks like a gap.
- A figure that is absent is told in words rather than left blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grafana_foundation_sdk.models import bargauge, common, stat, table, timeseries
from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    FieldConfig,
    FieldConfigSource,
    GridPos,
    MatcherConfig,
    Panel,
    ThresholdsConfig,
)

from dashboards.grafana.flux import DATASOURCE, FluxQuery
from dashboards.grafana.palette import plain

POINTS = 1500
SAMPLE_INTERVAL = "10ms"


@dataclass(frozen=True)
class About:
    """What a panel is: its title, what a person should know of it, and its size on the grid."""

    title: str
    description: str
    width: int = 8
    height: int = 8
    unit: str = "none"
    decimals: int = 1
    low: float | None = None
    high: float | None = None
    absent: str = "No data in the time shown"


@dataclass(frozen=True)
class Shown:
    """How one series or column looks; ``name`` is what the query calls it."""

    name: str
    label: str
    colour: str = ""
    unit: str = ""
    decimals: int | None = None
    limits: ThresholdsConfig | None = None
    custom: tuple[tuple[str, object], ...] = ()


def chart(
    about: About, fluxes: Sequence[str], shown: Sequence[Shown] = (), *, break_ms: float = 500.0
) -> Panel:
    """Lines over time; a line breaks where nothing came for longer than ``break_ms``."""
    lines = common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.LINE,
        line_width=1.5,
        fill_opacity=0,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,
        insert_nulls=break_ms,
        axis_soft_min=about.low,
        axis_soft_max=about.high,
    )
    soft = replace(about, low=None, high=None)
    panel = _panel("timeseries", soft, fluxes, shown, custom=lines)
    panel.options = timeseries.Options(
        tooltip=common.VizTooltipOptions(
            mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.NONE
        )
    )
    return panel


def dots(
    about: About, fluxes: Sequence[str], shown: Sequence[Shown] = (), *, break_ms: float = 5000.0
) -> Panel:
    """Things that happen now and then: a point for each, joined while they follow closely."""
    panel = chart(about, fluxes, shown, break_ms=break_ms)
    assert panel.field_config is not None
    custom = panel.field_config.defaults.custom
    assert isinstance(custom, common.GraphFieldConfig)
    custom.show_points = common.VisibilityMode.ALWAYS
    custom.point_size = 6
    return panel


def figures(
    about: About,
    fluxes: Sequence[str],
    shown: Sequence[Shown] = (),
    *,
    limits: ThresholdsConfig | None = None,
) -> Panel:
    """Large figures, the newest of each series; coloured by ``limits`` where given."""
    panel = _panel("stat", about, fluxes, shown, limits=limits)
    panel.options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.VALUE,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME,
        reduce_options=_newest(),
    )
    return panel


def bars(
    about: About,
    fluxes: Sequence[str],
    shown: Sequence[Shown] = (),
    *,
    limits: ThresholdsConfig | None = None,
) -> Panel:
    """Bars that compare the newest figure of each series on one scale."""
    panel = _panel("bargauge", about, fluxes, shown, limits=limits)
    panel.options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        orientation=common.VizOrientation.HORIZONTAL,
        reduce_options=_newest(),
    )
    return panel


def rows(about: About, flux: str, shown: Sequence[Shown]) -> Panel:
    """Return a table with the columns ``shown``, in that order."""
    panel = _panel("table", about, [flux], shown, custom=common.TableFieldOptions())
    order: dict[str, object] = {column.name: place for place, column in enumerate(shown)}
    panel.options = table.Options(cell_height=common.TableCellHeight.SM)
    panel.transformations = [
        DataTransformerConfig(id_val="organize", options={"indexByName": order})
    ]
    return panel


def in_colour(*, background: bool) -> tuple[tuple[str, object], ...]:
    """Return the setting of a table cell that takes the colour of its limits."""
    kind = "color-background" if background else "color-text"
    return (("custom.cellOptions", {"type": kind}),)


def _panel(
    kind: str,
    about: About,
    fluxes: Sequence[str],
    shown: Sequence[Shown],
    *,
    custom: object = None,
    limits: ThresholdsConfig | None = None,
) -> Panel:
    by_limits = FieldColorModeId.THRESHOLDS if limits else FieldColorModeId.PALETTE_CLASSIC_BY_NAME
    return Panel(
        type_val=kind,
        title=about.title,
        description=about.description,
        datasource=DATASOURCE,
        targets=[FluxQuery(chr(ord("A") + i), flux) for i, flux in enumerate(fluxes)],
        grid_pos=GridPos(w=about.width, h=about.height),
        max_data_points=POINTS,
        interval=SAMPLE_INTERVAL,
        field_config=FieldConfigSource(
            defaults=FieldConfig(
                unit=about.unit,
                decimals=about.decimals,
                min_val=about.low,
                max_val=about.high,
                no_value=about.absent,
                color=FieldColor(mode=by_limits),
                thresholds=limits or plain(),
                custom=custom,
            ),
            overrides=[_override(one) for one in shown],
        ),
    )


def _override(shown: Shown) -> DashboardFieldConfigSourceOverrides:
    colour = FieldColor(mode=FieldColorModeId.FIXED, fixed_color=shown.colour)
    by_limits = FieldColor(mode=FieldColorModeId.THRESHOLDS)
    wanted: list[tuple[str, object, bool]] = [
        ("displayName", shown.label, True),
        ("color", colour, bool(shown.colour)),
        ("unit", shown.unit, bool(shown.unit)),
        ("decimals", shown.decimals, shown.decimals is not None),
        ("thresholds", shown.limits, shown.limits is not None),
        ("color", by_limits, shown.limits is not None),
        *((name, value, True) for name, value in shown.custom),
    ]
    return DashboardFieldConfigSourceOverrides(
        matcher=MatcherConfig(id_val="byName", options=shown.name),
        properties=[DynamicConfigValue(name, value) for name, value, used in wanted if used],
    )


def _newest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions(values=False, calcs=["lastNotNull"], fields="")
