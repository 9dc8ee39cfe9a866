"""Messages of the pipe made into the documents of their topics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gateway.live.frame import number
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
    Calibration,
    Cue,
    EstimateBlock,
    Figure,
    FloatArray,
    GaitEvent,
    JointAngleBlock,
    Marker,
    Message,
    Repetition,
    SensorStatus,
    Stride,
)
from gateway.sensor_condition import condition
from gateway.sinks.documents import (
    AnglesRecord,
    BodyAnglesRecord,
    CalibrationRecord,
    CueRecord,
    Data,
    EstimatesRecord,
    EventRecord,
    FigureRecord,
    MarkerRecord,
    RepetitionRecord,
    SensorRecord,
    StrideRecord,
)
from gateway.wire import KINDS


def record_data(message: Message) -> tuple[str, Data] | None:
    """Return the last level of a message's topic and its document; None where it has none."""
    known = _MADE_BY.get(type(message))
    return None if known is None else (known[0], known[1](message))


def record_time_s(data: Data) -> float:
    """Return the grid time of a record: its end where it lasted, else when it was or began."""
    return data.end_s if isinstance(data, StrideRecord | RepetitionRecord) else data.t_s


def wall_text(wall_ns: int) -> str:
    """Return nanoseconds since 1970 as RFC 3339 text in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(wall_ns // 1_000_000 / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(event: GaitEvent) -> EventRecord:
    return EventRecord(
        t_s=event.t_s,
        detected_s=event.detected_s,
        side=str(event.side),
        kind=str(event.kind),
        real_share=_rounded(event.quality.real_share),
        withheld=event.quality.withheld,
    )


def _stride(stride: Stride) -> StrideRecord:
    return StrideRecord(
        side=str(stride.side),
        start_s=stride.start_s,
        end_s=stride.end_s,
        stride_time_s=number(stride.stride_time_s),
        cadence_spm=number(stride.cadence_spm),
        stance_share=number(stride.stance_share),
        real_share=_rounded(stride.quality.real_share),
        withheld=stride.quality.withheld,
    )


def _repetition(repetition: Repetition) -> RepetitionRecord:
    return RepetitionRecord(
        exercise=repetition.exercise,
        side=None if repetition.side is None else str(repetition.side),
        count=repetition.count,
        start_s=repetition.start_s,
        end_s=repetition.end_s,
        rom_deg=number(np.degrees(repetition.rom_rad)),
        peak_deg=number(np.degrees(repetition.peak_rad)),
        hold_s=number(repetition.hold_s),
        outward_s=number(repetition.outward_s),
        return_s=number(repetition.return_s),
        smoothness=number(repetition.smoothness),
        target_reached=repetition.target_reached,
        execution=str(repetition.execution),
        real_share=_rounded(repetition.quality.real_share),
        withheld=repetition.quality.withheld,
        rom_half_width_deg=number(np.degrees(repetition.rom_half_width_rad)),
        peak_half_width_deg=number(np.degrees(repetition.peak_half_width_rad)),
    )


def _figure(figure: Figure) -> FigureRecord:
    return FigureRecord(
        t_s=figure.t_s,
        name=figure.name,
        side=None if figure.side is None else str(figure.side),
        value=number(figure.value),
        unit=figure.unit,
        real_share=_rounded(figure.quality.real_share),
        withheld=figure.quality.withheld,
        half_width=number(figure.half_width),
    )


def _angles(block: JointAngleBlock) -> AnglesRecord:
    known = np.flatnonzero(block.valid.any(axis=0))
    shares = block.real.mean(axis=0)
    return AnglesRecord(
        t_s=block.start / block.rate_hz,
        rate_hz=block.rate_hz,
        angles_deg=_columns([JOINTS[c] for c in known], np.degrees(block.angle_rad[:, known])),
        real_share={str(JOINTS[c]): _rounded(shares[c]) for c in known},
    )


def _body_angles(block: BodyAngleBlock) -> BodyAnglesRecord:
    known = np.flatnonzero(block.valid.any(axis=0))
    names = [block.names[c] for c in known]
    return BodyAnglesRecord(
        t_s=block.start / block.rate_hz,
        rate_hz=block.rate_hz,
        angles_deg=_columns(names, np.degrees(block.angle_rad[:, known])),
        sd_deg=_columns(names, np.degrees(block.sd_rad[:, known])),
        real_share={block.names[c]: _rounded(block.real[:, c].mean()) for c in known},
    )


def _estimates(block: EstimateBlock) -> EstimatesRecord:
    return EstimatesRecord(
        t_s=block.start / block.rate_hz,
        rate_hz=block.rate_hz,
        model=block.model,
        units=dict(zip(block.names, block.units, strict=True)),
        mean=_columns(block.names, block.mean),
        sd=_columns(block.names, block.sd),
    )


def _cue(cue: Cue) -> CueRecord:
    return CueRecord(
        t_s=cue.t_s,
        kind=str(cue.kind),
        text=cue.text,
        rule=cue.rule,
        real_share=_rounded(cue.quality.real_share),
    )


def _marker(marker: Marker) -> MarkerRecord:
    return MarkerRecord(marker.t_s, marker.kind, marker.text)


def _sensor(status: SensorStatus) -> SensorRecord:
    state, why = condition(status)
    return SensorRecord(
        t_s=status.t_s,
        sensor=status.sensor,
        place=status.place,
        rate_hz=number(status.rate_hz),
        loss=number(status.loss),
        lost=status.lost,
        refused=status.refused,
        late=status.late,
        clipped=status.clipped,
        clock_error_ms=number(status.clock_error_s * 1e3),
        battery=number(status.battery),
        state=state,
        why=why,
    )


def _calibration(calibration: Calibration) -> CalibrationRecord:
    known = np.flatnonzero(calibration.known)
    return CalibrationRecord(
        t_s=calibration.t_s,
        method=calibration.method,
        quaternions={
            str(calibration.places[c]): [round(float(v), 6) for v in calibration.quat[c]]
            for c in known
        },
    )


def _columns(names: Sequence[str], values: FloatArray) -> dict[str, list[float | None]]:
    # NaN is written as null: see ``msgspec.json.encode``.
    columns = np.where(np.isfinite(values), values, np.nan).T.round(3).tolist()
    return dict(zip(map(str, names), columns, strict=True))


def _rounded(value: float) -> float:
    return round(float(value), 4)


_MADE_BY: dict[type, tuple[str, Callable[[Any], Data]]] = {
    GaitEvent: ("event", _event),
    Stride: ("stride", _stride),
    Repetition: ("repetition", _repetition),
    Figure: ("figure", _figure),
    Cue: ("cue", _cue),
    JointAngleBlock: ("angles", _angles),
    BodyAngleBlock: ("body_angles", _body_angles),
    EstimateBlock: ("estimates", _estimates),
    SensorStatus: ("sensor", _sensor),
    Calibration: ("calibration", _calibration),
    Marker: ("marker", _marker),
}

PUBLISHED = tuple(kind for kind, message_type in KINDS.items() if message_type in _MADE_BY)
"""Kinds of entries that become records."""
