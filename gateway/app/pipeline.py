"""The pipe of one person: which stages it has, in which order."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from gateway.align import Align
from gateway.battery import BatteryWatch
from gateway.config import Config
from gateway.decode import Decode
from gateway.errors import UsageError
from gateway.hold_back import hold_back
from gateway.messages import SensorSpec
from gateway.orientation import Orientation
from gateway.rules import RangeRule
from gateway.stage import Chain, Stage
from inference.calibration import SegmentCalibration
from inference.exercises import exercises
from inference.feedback import Feedback
from inference.gait_events import GaitEvents
from inference.joint_angles import JointAngles
from inference.measures import measures
from inference.model.loading import load
from inference.model.runtime import Estimates
from inference.repetitions import Repetitions
from inference.strides import Strides


def build_pipe(
    config: Config,
    person: str,
    sensors: Sequence[SensorSpec],
    origin_ns: int,
    rate_hz: float,
    hop_s: float,
) -> Chain:
    """Return the stages from packets to cues; raises UsageError and ModelError.

    ``hop_s`` is how much is worked on at once: what a hop leads to does not depend on it, only
    how soon, and how cheaply, it does.
    """
    pipe = config.pipe
    align = Align(
        person,
        sensors,
        origin_ns,
        rate_hz,
        hold_back_s=hold_back(pipe.hold_back_ms, sensors).seconds,
        bridge_s=pipe.bridge_ms / 1000,
        hop_samples=max(1, round(hop_s * rate_hz)),
    )
    stages: list[Stage] = [
        Decode(sensors),
        BatteryWatch(person, sensors, origin_ns),
        align,
        Orientation(),
        SegmentCalibration(),
        JointAngles(),
        GaitEvents(),
        Strides(),
        Repetitions(_targets(config)),
    ]
    if config.model.enabled:
        stages.append(Estimates(load(config.model.file)))
    stages += [measure.make() for measure in measures().values()]
    return Chain([*stages, Feedback(config.feedback.rules)])


def _targets(config: Config) -> dict[str, tuple[float, float]]:
    """Return the target zones (degrees) that the rules give to exercises."""
    for rule in config.feedback.rules:
        _check_exercise(getattr(rule, "exercise", ""))
    return {
        rule.exercise: (rule.low_deg, rule.high_deg)
        for rule in config.feedback.rules
        if isinstance(rule, RangeRule)
    }


def _check_exercise(name: str) -> None:
    known = exercises()
    if name and name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"feedback.rules: there is no exercise {name!r}; {hint}Known are {', '.join(known)}"
        )
