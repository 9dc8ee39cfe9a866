"""Messages of the pipe made into lines of InfluxDB's schema (docs/influxdb.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gateway.journal import SessionInfo
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
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
from gateway.sinks.line_protocol import FieldValue, block_lines, head, line, wall_time, wall_times
from gateway.wire import KINDS

ANGLE_FIELDS = (*(f"{joint}_deg" for joint in JOINTS), "real_share")


def lines_of(message: Message, info: SessionInfo) -> list[str]:
    """Return the lines of one message of a session; none for a kind that has no measurement."""
    make = _MADE_BY.get(type(message))
    return [] if make is None else make(message, info)


def _angles(block: JointAngleBlock, info: SessionInfo) -> list[str]:
    values = np.column_stack([np.degrees(block.angle_rad), _real_share(block)])
    start = head("joint_angle", _tags(info))
    wall_ns = wall_times(info.wall_origin_ns, block.start, len(values), block.rate_hz)
    return block_lines(start, ANGLE_FIELDS, values, wall_ns)


def _body_angles(block: BodyAngleBlock, info: SessionInfo) -> list[str]:
    names = [f"{name}_{what}" for what in ("deg", "sd_deg") for name in block.names]
    values = np.column_stack(
        [np.degrees(block.angle_rad), np.degrees(block.sd_rad), _real_share(block)]
    )
    wall_ns = wall_times(info.wall_origin_ns, block.start, len(values), block.rate_hz)
    return block_lines(head("body_angle", _tags(info)), [*names, "real_share"], values, wall_ns)


def _real_share(block: JointAngleBlock | BodyAngleBlock) -> FloatArray:
    """Return the share (T,) of the known angles that were measured; NaN where none is known."""
    known = block.valid.sum(axis=1)
    measured = (block.real & block.valid).sum(axis=1)
    share: FloatArray = np.where(known > 0, measured / np.maximum(known, 1), np.nan)
    return share


def _estimates(block: EstimateBlock, info: SessionInfo) -> list[str]:
    names = [*block.names, *(f"{name}_sd" for name in block.names)]
    values = np.column_stack([block.mean, block.sd])
    start = head("estimate", _tags(info, model=block.model))
    wall_ns = wall_times(info.wall_origin_ns, block.start, len(values), block.rate_hz)
    return block_lines(start, names, values, wall_ns)


def _event(event: GaitEvent, info: SessionInfo) -> list[str]:
    tags = _tags(info, side=event.side, kind=event.kind)
    fields = {
        "real_share": event.quality.real_share,
        "delay_ms": (event.detected_s - event.t_s) * 1e3,
    }
    return _one("gait_event", tags, fields, event.t_s, info)


def _stride(stride: Stride, info: SessionInfo) -> list[str]:
    fields: dict[str, FieldValue] = {
        "stride_time_s": stride.stride_time_s,
        "cadence_spm": stride.cadence_spm,
        "stance_share": stride.stance_share,
        "real_share": stride.quality.real_share,
        "withheld": stride.quality.withheld,
    }
    return _one("stride", _tags(info, side=stride.side), fields, stride.end_s, info)


def _repetition(repetition: Repetition, info: SessionInfo) -> list[str]:
    tags = _tags(info, exercise=repetition.exercise, side=repetition.side or "both")
    fields: dict[str, FieldValue] = {
        "count": repetition.count,
        "rom_deg": float(np.degrees(repetition.rom_rad)),
        "peak_deg": float(np.degrees(repetition.peak_rad)),
        "hold_s": repetition.hold_s,
        "duration_s": repetition.end_s - repetition.start_s,
        "target_reached": repetition.target_reached,
        "outward_s": repetition.outward_s,
        "return_s": repetition.return_s,
        "smoothness": repetition.smoothness,
        "execution": str(repetition.execution),
        "rom_half_width_deg": float(np.degrees(repetition.rom_half_width_rad)),
        "peak_half_width_deg": float(np.degrees(repetition.peak_half_width_rad)),
        "real_share": repetition.quality.real_share,
        "withheld": repetition.quality.withheld,
    }
    return _one("repetition", tags, fields, repetition.end_s, info)


def _figure(figure: Figure, info: SessionInfo) -> list[str]:
    tags = _tags(info, name=figure.name, side=figure.side or "both", unit=figure.unit)
    fields: dict[str, FieldValue] = {
        "value": figure.value,
        "half_width": figure.half_width,
        "real_share": figure.quality.real_share,
        "withheld": figure.quality.withheld,
    }
    return _one("figure", tags, fields, figure.t_s, info)


def _cue(cue: Cue, info: SessionInfo) -> list[str]:
    return _one("cue", _tags(info, kind=cue.kind), {"text": cue.text}, cue.t_s, info)


def _sensor(status: SensorStatus, info: SessionInfo) -> list[str]:
    state, why = condition(status)
    fields: dict[str, FieldValue] = {
        "rate_hz": status.rate_hz,
        "loss": status.loss,
        "lost": status.lost,
        "refused": status.refused,
        "late": status.late,
        "clipped": status.clipped,
        "clock_error_ms": status.clock_error_s * 1e3,
        "battery": status.battery,
        "state": str(state),
        "why": why,
    }
    tags = _tags(info, sensor=status.sensor, place=status.place or "")
    return _one("sensor", tags, fields, status.t_s, info)


def _marker(marker: Marker, info: SessionInfo) -> list[str]:
    return _one("marker", _tags(info, kind=marker.kind), {"text": marker.text}, marker.t_s, info)


def _tags(info: SessionInfo, **more: str) -> dict[str, str]:
    return {"person": info.person, "session": info.session, **more}


def _one(
    measurement: str,
    tags: Mapping[str, str],
    fields: Mapping[str, FieldValue],
    t_s: float,
    info: SessionInfo,
) -> list[str]:
    made = line(head(measurement, tags), fields, wall_time(info.wall_origin_ns, t_s))
    return [made] if made else []


_MADE_BY: dict[type, Callable[[Any, SessionInfo], list[str]]] = {
    JointAngleBlock: _angles,
    BodyAngleBlock: _body_angles,
    EstimateBlock: _estimates,
    GaitEvent: _event,
    Stride: _stride,
    Repetition: _repetition,
    Figure: _figure,
    Cue: _cue,
    SensorStatus: _sensor,
    Marker: _marker,
}

MEASURED = tuple(kind for kind, message_type in KINDS.items() if message_type in _MADE_BY)
"""Kinds of entries that lead to lines."""
