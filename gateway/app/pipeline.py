"""The pipe of one person: which stages it has, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.battery import BatteryWatch
from gateway.config.settings import Config
from gateway.decoding.accelerometer import Accelerometer, CorrectedDecode
from gateway.decoding.stage import Decode
from gateway.errors import KeyedError, asked_by
from gateway.grid.hold_back import hold_back
from gateway.grid.stage import Align
from gateway.hints import did_you_mean
from gateway.messages import UNKNOWN_SIZE, BodySize, Message, SensorSpec
from gateway.orientation.stage import Orientation
from gateway.rules import RangeRule
from gateway.stage import Chain, Stage
from inference.calibration.file import StoredCalibration, kept_of, read_calibration
from inference.calibration.stage import SegmentCalibration
from inference.exercises import Guided, exercises
from inference.feedback.stage import Feedback
from inference.gait.bouts import Bouts
from inference.gait.events import GaitEvents
from inference.gait.foot_steps import FootSteps
from inference.gait.lower_back import LowerBack
from inference.gait.pendulum import PendulumStrides
from inference.gait.strides import Strides
from inference.joints.angle_columns import JOINT_ENDS
from inference.joints.body_angles import BodyAngles
from inference.joints.elbows import ELBOW_ENDS, Elbows
from inference.joints.flexion import JointAngles, joints_between
from inference.joints.rotations import JointRotations
from inference.measures import measures
from inference.model.loading import load
from inference.model.runtime import Estimates
from inference.repetitions.stage import Repetitions
from inference.taught import TaughtExercise
from inference.taught.file import read_taught
from inference.taught.stage import TaughtRepetitions


def build_pipe(
    config: Config,
    person: str,
    sensors: Sequence[SensorSpec],
    origin_ns: int,
    rate_hz: float,
    hop_s: float,
    size: BodySize = UNKNOWN_SIZE,
) -> Chain:
    """Return the stages from packets to cues; raises UsageError, and KeyedError with the key.

    ``hop_s`` is how much is worked on at once: what a hop leads to does not depend on it, only
    how soon, and how cheaply, it does. ``size`` is what the sensors' source knows of the person;
    what the configuration says counts before it.
    """
    taught = _taught(config)
    known: dict[str, Guided] = {**exercises(), **taught}
    _check_rules(config, known)
    programme = _programme(config, known)
    stages: list[Stage] = [
        *_to_joint_angles(
            config, person, sensors, origin_ns, rate_hz, hop_s, _kept(config), judge_places=True
        ),
        BodyAngles(),
        *_joint_rotations(sensors),
        GaitEvents(),
        LowerBack(),
        Strides(),
        PendulumStrides(config.person.size.or_else(size)),
        FootSteps(),
        Repetitions(_targets(config), [exercises()[n] for n in programme if n in exercises()]),
    ]
    if shown := [taught[name] for name in programme if name in taught]:
        stages.append(TaughtRepetitions(shown))
    if config.model.enabled:
        with asked_by("model", "file"):
            stages.append(Estimates(load(config.model.file)))
    stages += [measure.make() for measure in measures().values()]
    return Chain([*stages, Bouts(), Feedback(config.feedback.rules, known)])


@dataclass(frozen=True)
class Guidance:
    """A ``guide`` that leads a person through a calibration; ``follow`` hears all that is made.

    ``known`` is, by sensor, what accelerometers are off.
    """

    guide: Stage
    follow: Callable[[Sequence[Message]], None]
    known: Mapping[str, Accelerometer] = field(default_factory=dict)


def build_guide(
    config: Config,
    person: str,
    sensors: Sequence[SensorSpec],
    origin_ns: int,
    rate_hz: float,
    hop_s: float,
    guidance: Guidance,
) -> Chain:
    """Return the stages that lead a person through a calibration, and show how the body moves."""
    kept = StoredCalibration(accelerometers=guidance.known)
    stages = _to_joint_angles(
        config, person, sensors, origin_ns, rate_hz, hop_s, kept, judge_places=False
    )
    return Chain([*stages, guidance.guide])


def _to_joint_angles(
    config: Config,
    person: str,
    sensors: Sequence[SensorSpec],
    origin_ns: int,
    rate_hz: float,
    hop_s: float,
    kept: StoredCalibration,
    *,
    judge_places: bool,
) -> list[Stage]:
    align = Align(
        person,
        sensors,
        origin_ns,
        rate_hz,
        hold_back_s=hold_back(config.pipe.hold_back_ms, sensors).seconds,
        bridge_s=config.pipe.bridge_ms / 1000,
        hop_samples=max(1, round(hop_s * rate_hz)),
        judge_places=judge_places,
    )
    return [
        _decode(sensors, kept),
        BatteryWatch(person, sensors, origin_ns),
        align,
        Orientation(),
        SegmentCalibration(kept_of(kept, sensors)),
        JointAngles(),
    ]


def _kept(config: Config) -> StoredCalibration:
    file = config.calibration.file
    with asked_by("calibration", "file"):
        return StoredCalibration() if file is None else read_calibration(file)


def _decode(sensors: Sequence[SensorSpec], kept: StoredCalibration) -> Stage:
    """Correct accelerations where it is known what is off."""
    if any(spec.sensor in kept.accelerometers for spec in sensors):
        return CorrectedDecode(Decode(sensors), sensors, kept.accelerometers)
    return Decode(sensors)


def _joint_rotations(sensors: Sequence[SensorSpec]) -> list[Stage]:
    """Follow a joint in all angles where its two sensors are all that tell of it, and elbows.

    On a body with more sensors their calibration tells flexion of the legs' joints, and to follow
    each as well would cost as much as all the rest. Of arms it does not.
    """
    worn = {sensor.place for sensor in sensors if sensor.place}
    legs = joints_between(worn)
    elbows = {elbow: ends for elbow, ends in ELBOW_ENDS.items() if set(ends) <= worn}
    alone = {str(leg): JOINT_ENDS[leg] for leg in legs if len(legs) == 1}
    stages: list[Stage] = [JointRotations({**alone, **elbows})] if alone or elbows else []
    return [*stages, Elbows()] if elbows else stages


def _targets(config: Config) -> dict[str, tuple[float, float]]:
    """Return the target zones (degrees) that the rules give to exercises."""
    return {
        rule.exercise: (rule.low_deg, rule.high_deg)
        for rule in config.feedback.rules
        if isinstance(rule, RangeRule)
    }


def _taught(config: Config) -> dict[str, TaughtExercise]:
    """Return the exercises that were taught by name, with the rules' targets."""
    targets = _targets(config)
    found: dict[str, TaughtExercise] = {}
    for number, path in enumerate(config.exercises.taught):
        with asked_by("exercises", "taught", number):
            exercise = read_taught(path)
        if exercise.name in found or exercise.name in exercises():
            raise KeyedError(
                f"{path}: there is another exercise with the name {exercise.name!r}; give it one "
                "of its own",
                *("exercises", "taught", number),
            )
        low_deg, _ = targets.get(exercise.name, exercise.target_deg)
        found[exercise.name] = exercise.with_target(low_deg)
    return found


def _check_rules(config: Config, known: Mapping[str, Guided]) -> None:
    for number, rule in enumerate(config.feedback.rules):
        if name := getattr(rule, "exercise", ""):
            _check_exercise(name, known, "feedback", "rules", number, "exercise")


def _programme(config: Config, known: Mapping[str, Guided]) -> list[str]:
    """Return the names of the exercises that are followed."""
    for number, name in enumerate(config.exercises.programme):
        _check_exercise(name, known, "exercises", "programme", number)
    return list(dict.fromkeys(config.exercises.programme or known))


def _check_exercise(name: str, known: Mapping[str, Guided], *keys: str | int) -> None:
    if name not in known:
        hint = did_you_mean(name, known)
        raise KeyedError(
            f"there is no exercise {name!r}; {hint}Known are {', '.join(known)}", *keys
        )
