"""The live view, cut into one JSON document a topic: small, and each changes at its own pace."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from gateway.live.frame import (
    BodyAngleView,
    CueView,
    EstimateView,
    ExerciseView,
    FigureView,
    GaitView,
    GuideView,
    LiveFrame,
    SensorView,
)

DataT = TypeVar("DataT")


class Live(msgspec.Struct, Generic[DataT], frozen=True):
    """One part of the live view at grid time ``t_s``.

    ``ready_ns`` is when its newest sample was complete and ``sent_ns`` when it was handed to the
    broker, both on the gateway's monotonic clock: their difference is the gateway's own delay.
    """

    person: str
    t_s: float
    ready_ns: int
    sent_ns: int
    data: DataT


class Motion(msgspec.Struct, frozen=True):
    """The body now: flexion by joint, null where withheld; segments as in the live view."""

    calibrated: bool
    angles_deg: dict[str, float | None]
    segments: dict[str, list[float]]


class GatewayState(msgspec.Struct, frozen=True):
    """Whether the gateway is there: ``online``, or ``offline`` (also as its last will)."""

    state: str


LIVE_TOPICS: dict[str, Any] = {
    "motion": Motion,
    "body_angles": dict[str, BodyAngleView],
    "gait": GaitView,
    "figures": list[FigureView],
    "exercise": ExerciseView | None,
    "estimates": dict[str, EstimateView],
    "cue": CueView,
    "sensors": list[SensorView],
    "guide": GuideView,
}
"""Last level of a live topic → what its ``data`` holds."""


def live_parts(frame: LiveFrame) -> dict[str, Any]:
    """Return the ``data`` of each live topic; cue and guide only once there has been one."""
    parts = {
        "motion": Motion(frame.calibrated, frame.angles_deg, frame.segments),
        "body_angles": frame.body_angles,
        "gait": frame.gait,
        "figures": frame.figures,
        "exercise": frame.exercise,
        "estimates": frame.estimates,
        "sensors": frame.sensors,
    }
    sometimes = {"cue": frame.cue, "guide": frame.guide}
    return parts | {topic: data for topic, data in sometimes.items() if data is not None}
