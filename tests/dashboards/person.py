"""A person for the pages to show: frames as the live view gives them, without a pipe."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.live.frame import (
    BodyAngleView,
    CueView,
    EstimateView,
    EventView,
    ExerciseView,
    FigureView,
    GaitView,
    GuideView,
    LiveFrame,
    SensorView,
)
from gateway.messages import JOINTS, Place
from gateway.sensor_condition import Condition
from simulators.places import PLACES

HALF = math.sqrt(0.5)
SQUAT_S = 2.0
SQUAT_HOW = "Bend your knees, then stand up again."
STRIDE_S = 1.1


@dataclass
class Person:
    """What the person does is set by the test; ``frame(t_s)`` shows it at that time."""

    activity: str = "squat"
    calibrated: bool = True
    silent: tuple[str, ...] = ()
    cue: CueView | None = None
    guide: GuideView | None = None
    figures: list[FigureView] = field(default_factory=list)
    events: list[EventView] = field(default_factory=list)

    def say(self, t_s: float, kind: str, text: str) -> None:
        """Give a cue, which is an event too."""
        seq = 1 if self.cue is None else self.cue.seq + 1
        self.cue = CueView(seq, kind, text, t_s)
        self.tell(t_s, "cue", text)

    def tell(
        self, t_s: float, kind: str, text: str, share: float | None = None, withheld: str = ""
    ) -> None:
        """Add an event."""
        seq = self.events[-1].seq + 1 if self.events else 1
        self.events = [*self.events, EventView(seq, t_s, kind, text, share, withheld)][-20:]

    def frame(self, t_s: float) -> LiveFrame:
        """Return the view at ``t_s``."""
        flexion = _FLEXION[self.activity](t_s)
        return LiveFrame(
            person="p-07",
            t_s=round(t_s, 4),
            ready_ns=1,
            calibrated=self.calibrated,
            angles_deg={
                joint: None if self._is_out(joint) else round(angle, 3)
                for joint, angle in flexion.items()
            },
            body_angles={
                "left_hip_adduction": BodyAngleView(-4.0, 2.6),
                "right_hip_adduction": BodyAngleView(-1.5, 2.6),
                "left_hip_rotation": BodyAngleView(None, None),
                "trunk_forward_tilt": BodyAngleView(7.5, 2.0),
            },
            segments={p: q for p, q in _segments(flexion).items() if p not in self.silent},
            estimates={
                **{
                    f"{joint}_flexion": EstimateView(
                        math.radians(angle + 1.3), 0.0367, "rad", math.radians(angle)
                    )
                    for joint, angle in flexion.items()
                },
                "left_foot_contact": EstimateView(0.97, 0.17, "1"),
            },
            exercise=_exercise(self.activity, t_s, flexion["right_knee"]),
            cue=self.cue,
            gait=_gait(self.activity, t_s),
            figures=self.figures,
            events=self.events,
            sensors=[_sensor(place, silent=place in self.silent) for place in PLACES],
            guide=self.guide,
        )

    def _is_out(self, joint: str) -> bool:
        side, name = joint.split("_")
        upper, lower = {"hip": ("thigh", "thigh"), "knee": ("thigh", "shank")}.get(
            name, ("shank", "foot")
        )
        return not {f"{side}_{upper}", f"{side}_{lower}"}.isdisjoint(self.silent)


def _squatting(t_s: float) -> dict[str, float]:
    depth = (1 - math.cos(2 * math.pi * t_s / SQUAT_S)) / 2
    return _both_sides({"hip": 85 * depth, "knee": 95 * depth, "ankle": 25 * depth})


def _extending(t_s: float) -> dict[str, float]:
    lift = (1 - math.cos(2 * math.pi * t_s / SQUAT_S)) / 2
    return _both_sides({"hip": 90.0, "knee": 90.0, "ankle": 0.0}) | {"right_knee": 90 - 85 * lift}


def _walking(t_s: float) -> dict[str, float]:
    angles: dict[str, float] = {}
    for side, shift in (("left", 0.0), ("right", 0.5)):
        phase = 2 * math.pi * (t_s / STRIDE_S + shift)
        angles[f"{side}_hip"] = 8 + 22 * math.cos(phase)
        angles[f"{side}_knee"] = 25 + 22 * math.sin(phase) - 10 * math.cos(2 * phase)
        angles[f"{side}_ankle"] = 10 * math.sin(phase - 1)
    return angles


_FLEXION = {"squat": _squatting, "knee-extension": _extending, "walk": _walking}


def _both_sides(angles: dict[str, float]) -> dict[str, float]:
    return {str(joint): angles[joint.split("_")[1]] for joint in JOINTS}


def _segments(flexion: dict[str, float]) -> dict[str, list[float]]:
    """Tilt of each segment from its joints: pelvis level, the trunk leaning with the ankles."""
    tilts = {"pelvis": 0.0, "sternum": -max(0.0, flexion["left_ankle"])}
    for side in ("left", "right"):
        tilts[f"{side}_thigh"] = flexion[f"{side}_hip"]
        tilts[f"{side}_shank"] = tilts[f"{side}_thigh"] - flexion[f"{side}_knee"]
        tilts[f"{side}_foot"] = tilts[f"{side}_shank"] + flexion[f"{side}_ankle"]
    return {place: _tilted(angle) for place, angle in tilts.items()}


def _tilted(degrees: float) -> list[float]:
    """Segment → earth: upright, then turned by ``degrees`` about the segment's z."""
    half = math.radians(degrees) / 2
    c, s = math.cos(half), math.sin(half)
    return [round(v, 4) for v in (HALF * c, HALF * c, -HALF * s, HALF * s)]


def _exercise(activity: str, t_s: float, knee: float) -> ExerciseView | None:
    count = int(t_s / SQUAT_S)
    if activity == "squat":
        progress = round(knee / 70, 3)
        return ExerciseView("squat", None, count, round(knee, 1), 70, 110, progress, SQUAT_HOW)
    if activity == "knee-extension":
        progress = round((90 - knee) / 70, 3)
        return ExerciseView(
            "knee-extension", "right", count, round(knee, 1), -10, 20, progress, seated=True
        )
    return None


def _gait(activity: str, t_s: float) -> GaitView:
    if activity != "walk":
        return GaitView(0, None, None, {}, 0.0, "not walking")
    cadence = 109 + 4 * math.sin(t_s / 3)
    stance: dict[str, float | None] = {"left": 0.61, "right": 0.58}
    return GaitView(int(t_s / STRIDE_S), cadence, 120 / cadence, stance, 0.98, "")


def _sensor(place: Place, *, silent: bool) -> SensorView:
    name = f"D4:22:CD:00:0{PLACES.index(place)}:7A"
    if silent:
        return SensorView(
            name, str(place), 0.0, 1.0, None, None, None, Condition.LOST, "out of range"
        )
    return SensorView(name, str(place), 60.0, 0.004, 0.83, 6.2, 0.412, Condition.GOOD, "")


def frames(person: Person, seconds: float, rate_hz: float = 30.0) -> Iterable[LiveFrame]:
    """Yield consecutive frames of ``seconds``."""
    return (person.frame(i / rate_hz) for i in range(int(seconds * rate_hz)))
