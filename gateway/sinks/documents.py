"""Messages as JSON documents: what MQTT subscribers read. Degrees, and no number that is NaN.

A figure that was withheld is null, with the reason in ``withheld``. The types below are the
contract: docs/asyncapi.json is made from them.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from gateway.sensor_condition import Condition

DataT = TypeVar("DataT")


class Record(msgspec.Struct, Generic[DataT], frozen=True):
    """One record of a session.

    ``seq`` rises within ``session``: a subscriber that has seen a pair of both before may drop
    it. ``time`` is the wall clock, UTC, at which it happened.
    """

    seq: int
    session: str
    person: str
    time: str
    data: DataT


class EventRecord(msgspec.Struct, frozen=True):
    """A foot touched or left the ground at ``t_s``; it was told at ``detected_s``."""

    t_s: float
    detected_s: float
    side: str
    kind: str
    real_share: float
    withheld: str


class StrideRecord(msgspec.Struct, frozen=True):
    """A stride; ``cadence_spm`` steps a minute, ``stance_share`` 0..1 of the stride."""

    side: str
    start_s: float
    end_s: float
    stride_time_s: float | None
    cadence_spm: float | None
    stance_share: float | None
    real_share: float
    withheld: str


class RepetitionRecord(msgspec.Struct, frozen=True):
    """A repetition of an exercise; ``count`` rises from 1 within a set.

    ``outward_s`` and ``return_s`` are its ways, ``smoothness`` their spectral arc length, and
    ``execution`` is as_asked, too_fast or too_small. By the half widths range and peak may be off,
    95 times in 100; null where unknown.
    """

    exercise: str
    side: str | None
    count: int
    start_s: float
    end_s: float
    rom_deg: float | None
    peak_deg: float | None
    hold_s: float | None
    outward_s: float | None
    return_s: float | None
    smoothness: float | None
    target_reached: bool
    execution: str
    real_share: float
    withheld: str
    rom_half_width_deg: float | None = None
    peak_half_width_deg: float | None = None


class FigureRecord(msgspec.Struct, frozen=True):
    """A figure of a measure, at ``t_s``; ``side`` is null for the whole body.

    By ``half_width`` it may be off, 95 times in 100; null where unknown.
    """

    t_s: float
    name: str
    side: str | None
    value: float | None
    unit: str
    real_share: float
    withheld: str
    half_width: float | None = None


class CueRecord(msgspec.Struct, frozen=True):
    """A cue that was given, and the rule behind it."""

    t_s: float
    kind: str
    text: str
    rule: str
    real_share: float


class AnglesRecord(msgspec.Struct, frozen=True):
    """Flexion by joint; value ``i`` is at ``t_s + i / rate_hz``, null where unknown.

    ``real_share`` by joint: share of the values that rest on measured samples only.
    """

    t_s: float
    rate_hz: float
    angles_deg: dict[str, list[float | None]]
    real_share: dict[str, float]


class BodyAnglesRecord(msgspec.Struct, frozen=True):
    """Angles beside flexion, by name; value ``i`` is at ``t_s + i / rate_hz``, null where unknown.

    ``sd_deg`` by how much each may be off; ``real_share`` as of flexion.
    """

    t_s: float
    rate_hz: float
    angles_deg: dict[str, list[float | None]]
    sd_deg: dict[str, list[float | None]]
    real_share: dict[str, float]


class EstimatesRecord(msgspec.Struct, frozen=True):
    """What the model says, by name; value ``i`` is at ``t_s + i / rate_hz``."""

    t_s: float
    rate_hz: float
    model: str
    units: dict[str, str]
    mean: dict[str, list[float | None]]
    sd: dict[str, list[float | None]]


class SensorRecord(msgspec.Struct, frozen=True):
    """One sensor over one second; ``loss`` and ``battery`` are shares 0..1.

    ``place`` is null where it needs none; ``why`` is a sentence, empty where ``state`` is good.
    """

    t_s: float
    sensor: str
    place: str | None
    rate_hz: float | None
    loss: float | None
    lost: int
    refused: int
    late: int
    clipped: int
    clock_error_ms: float | None
    battery: float | None
    state: Condition
    why: str


class CalibrationRecord(msgspec.Struct, frozen=True):
    """Sensor-to-segment alignment: by place, quaternion [w, x, y, z] segment → sensor."""

    t_s: float
    method: str
    quaternions: dict[str, list[float]]


class MarkerRecord(msgspec.Struct, frozen=True):
    """A remark on the session's timeline."""

    t_s: float
    kind: str
    text: str


Data = (
    EventRecord
    | StrideRecord
    | RepetitionRecord
    | FigureRecord
    | CueRecord
    | AnglesRecord
    | BodyAnglesRecord
    | EstimatesRecord
    | SensorRecord
    | CalibrationRecord
    | MarkerRecord
)

RECORD_TOPICS: dict[str, type[Data]] = {
    "event": EventRecord,
    "stride": StrideRecord,
    "repetition": RepetitionRecord,
    "figure": FigureRecord,
    "cue": CueRecord,
    "angles": AnglesRecord,
    "body_angles": BodyAnglesRecord,
    "estimates": EstimatesRecord,
    "sensor": SensorRecord,
    "calibration": CalibrationRecord,
    "marker": MarkerRecord,
}
"""Last level of a record's topic → what its ``data`` holds."""
