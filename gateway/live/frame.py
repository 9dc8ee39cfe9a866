"""One frame of the live view: the newest of everything, as people and MQTT clients see it.

Degrees and milliseconds are used here, because a person reads it.
"""

from __future__ import annotations

import math

import msgspec

from gateway.sensor_condition import Condition


class EstimateView(msgspec.Struct, frozen=True):
    """One figure of the model with its standard deviation; unit as in the model's metadata.

    ``measured`` is the rule-based figure of the same moment, which lies the model's look-ahead
    back: beside the newest angle of a moving joint an estimate would look wrong.
    """

    value: float
    sd: float
    unit: str
    measured: float | None = None


class BodyAngleView(msgspec.Struct, frozen=True):
    """An angle beside flexion with its standard deviation; None where it cannot be told."""

    value_deg: float | None
    sd_deg: float | None


class ExerciseView(msgspec.Struct, frozen=True):
    """The exercise under way; angles in degrees, ``progress`` 0 at rest, 1 at the target.

    ``how`` tells the person what to do, if anybody has said it; ``seated``, that it takes a seat.
    """

    name: str
    side: str | None
    count: int
    value_deg: float | None
    target_low_deg: float
    target_high_deg: float
    progress: float
    how: str = ""
    seated: bool = False


class CueView(msgspec.Struct, frozen=True):
    """The newest cue; ``seq`` rises by one a cue, so a page plays each once."""

    seq: int
    kind: str
    text: str
    t_s: float


class EventView(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event for the therapist's list; ``seq`` rises by one an event.

    ``real_share`` is the share of the samples under it that were measured, None where it rests on
    none; ``withheld`` says why its figures are not given.
    """

    seq: int
    t_s: float
    kind: str
    text: str
    real_share: float | None = None
    withheld: str = ""


class FigureView(msgspec.Struct, frozen=True):
    """The newest figure of a measure by this name and side; ``withheld`` says why it is None.

    By ``half_width`` it may be off, 95 times in 100; None where unknown. People call it ``title``
    and read ``factor`` times the value in ``read_in``, a small one with ``decimals``.
    """

    name: str
    side: str | None
    t_s: float
    value: float | None
    unit: str
    real_share: float
    withheld: str
    half_width: float | None = None
    title: str = ""
    read_in: str = ""
    factor: float = 1.0
    decimals: int = 2


class GaitView(msgspec.Struct, frozen=True):
    """Walking now. ``withheld`` says why figures are None; shares are 0..1."""

    strides: int
    cadence_spm: float | None
    stride_time_s: float | None
    stance_share: dict[str, float | None]
    real_share: float
    withheld: str


class GuideView(msgspec.Struct, frozen=True):
    """Step ``number`` of ``steps`` of a guided calibration.

    ``instruction`` is what to do, ``hint`` what is not good enough, ``progress`` 0..1 in the step.
    """

    number: int
    steps: int
    instruction: str
    hint: str
    progress: float
    done: bool


class SensorView(msgspec.Struct, frozen=True):
    """One line of the sensor table; ``loss`` and ``battery`` are shares 0..1.

    ``place`` is null where it needs none; ``why`` is a sentence, empty where ``state`` is good
    (``gateway.sensor_condition``).
    ``battery_left_h`` is None until the battery has fallen enough to tell.
    """

    sensor: str
    place: str | None
    rate_hz: float | None
    loss: float | None
    battery: float | None
    battery_left_h: float | None
    clock_error_ms: float | None
    state: Condition
    why: str


class LiveFrame(msgspec.Struct, frozen=True):
    """All that a page shows, at grid time ``t_s``.

    ``segments`` quaternions [w, x, y, z] segment → earth without heading, by place, only where
    known; ``angles_deg`` by joint, None where withheld; ``body_angles`` those beside flexion, by
    name. ``ready_ns`` is the host's monotonic time at which the frame's newest sample was complete.
    """

    person: str
    t_s: float
    ready_ns: int
    calibrated: bool
    angles_deg: dict[str, float | None]
    body_angles: dict[str, BodyAngleView]
    segments: dict[str, list[float]]
    estimates: dict[str, EstimateView]
    exercise: ExerciseView | None
    cue: CueView | None
    gait: GaitView
    figures: list[FigureView]
    events: list[EventView]
    sensors: list[SensorView]
    guide: GuideView | None = None


def number(value: float) -> float | None:
    """Return ``value`` rounded for display, or None where it is not finite."""
    return round(float(value), 3) if math.isfinite(value) else None
