"""Everything that flows through the pipe, from the bytes of a radio to a cue.

All messages are frozen and their arrays read-only. Inside the pipe everything is SI: metres,
seconds, radians, m/s², rad/s. Quaternions are ``w, x, y, z`` and turn sensor (or segment)
coordinates into earth coordinates (ENU: x east, y north, z up; without a magnetometer the heading
of x is arbitrary). Segment frames follow ISB: x forward, y up (along the long axis, towards the
head), z to the person's right. Flexion and dorsiflexion are positive on both sides.

Grid time: all body-level messages lie on one grid a person. Sample ``k`` is at
``origin_ns + k / rate_hz`` of the host's monotonic clock; ``t_s = k / rate_hz`` counts from the
session's origin. Wall-clock time appears only in the sinks.
"""

from __future__ import annotations

import dataclasses
import math
from enum import StrEnum
from typing import Any, TypeVar, dataclass_transform

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_T = TypeVar("_T")


class Place(StrEnum):
    """Where on the body a sensor is worn.

    A body array has a column for each place worn, in this order. A sensor at the wrist or on the
    hand is the forearm's.
    """

    PELVIS = "pelvis"
    LEFT_THIGH = "left_thigh"
    RIGHT_THIGH = "right_thigh"
    LEFT_SHANK = "left_shank"
    RIGHT_SHANK = "right_shank"
    LEFT_FOOT = "left_foot"
    RIGHT_FOOT = "right_foot"
    STERNUM = "sternum"
    LEFT_UPPER_ARM = "left_upper_arm"
    RIGHT_UPPER_ARM = "right_upper_arm"
    LEFT_FOREARM = "left_forearm"
    RIGHT_FOREARM = "right_forearm"


Places = tuple[Place, ...]
"""Places worn, in the order of ``Place``; S of them are the sensor axis of a body array."""

LEGS_AND_TRUNK: Places = tuple(Place)[:8]


class Side(StrEnum):
    """Side of the body."""

    LEFT = "left"
    RIGHT = "right"


class Joint(StrEnum):
    """Joints whose flexion is estimated; the order is the joint axis of every angle array."""

    LEFT_HIP = "left_hip"
    RIGHT_HIP = "right_hip"
    LEFT_KNEE = "left_knee"
    RIGHT_KNEE = "right_knee"
    LEFT_ANKLE = "left_ankle"
    RIGHT_ANKLE = "right_ankle"


JOINTS = tuple(Joint)
JOINT_INDEX = {joint: index for index, joint in enumerate(JOINTS)}


@dataclass_transform(frozen_default=True, eq_default=False)
def message(cls: type[_T]) -> type[_T]:
    """Make ``cls`` a frozen, slotted dataclass whose arrays are read-only."""
    # Found once a class: a message is made far too often to look through all its fields.
    arrays = tuple(name for name, kind in cls.__annotations__.items() if "Array" in str(kind))

    def lock_arrays(self: Any) -> None:
        for name in arrays:
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    if arrays:
        cls.__post_init__ = lock_arrays  # type: ignore[attr-defined]  # found by dataclass
    return dataclasses.dataclass(frozen=True, slots=True, eq=False)(cls)


# --- what a sensor says -----------------------------------------------------------------------


@message
class SensorSpec:
    """One sensor of a session: who it is, where it is worn, and how its bytes are read.

    ``settings`` are the driver's own (for example ``{"mode": 26}``).
    """

    sensor: str
    place: Place
    driver: str
    rate_hz: float
    settings: dict[str, int | float | str] = dataclasses.field(default_factory=dict)


@message
class BodySize:
    """What is known of a person's size; NaN where it is not.

    ``height_m`` of the person, ``pelvis_height_m`` of the pelvis sensor above the ground in
    standing.
    """

    height_m: float = float("nan")
    pelvis_height_m: float = float("nan")

    def or_else(self, other: BodySize) -> BodySize:
        """Return this size, with what is not known of it taken from ``other``."""
        return BodySize(
            other.height_m if math.isnan(self.height_m) else self.height_m,
            other.pelvis_height_m if math.isnan(self.pelvis_height_m) else self.pelvis_height_m,
        )


UNKNOWN_SIZE = BodySize()


@message
class RawPacket:
    """One notification as received, with its arrival on the host's monotonic clock (ns).

    ``channel`` names what was subscribed to (``"motion"``, ``"battery"``).
    """

    sensor: str
    arrival_ns: int
    payload: bytes
    channel: str = "motion"


@message
class PacketBlock:
    """Consecutive packets of one sensor and channel, in order of arrival.

    Packet ``i`` is ``payload[ends[i-1]:ends[i]]``. ``arrival_ns`` and ``ends`` have shape (N,).
    """

    sensor: str
    channel: str
    arrival_ns: IntArray
    payload: bytes
    ends: IntArray


@message
class Tick:
    """All packets that arrived up to ``now_ns`` (host monotonic) have been pushed."""

    now_ns: int


@message
class ImuBlock:
    """Consecutive samples of a person's sensors in SI units; every array has a row a sample.

    ``stream`` (N,) rising, index among the streams of the session's sensors (``gateway.streams``):
    the rows of one stream follow one another in order of time. ``device_ns`` (N,) unwrapped device
    time; ``arrival_ns`` (N,) arrival of the sample's packet; ``host_ns`` (N,) device time mapped to
    the host's monotonic clock, strictly rising for a stream; ``acc`` (N, 3) m/s² and ``gyr`` (N, 3)
    rad/s in the sensor frame, 0 where the stream does not carry it; ``clipped`` (N,) a channel was
    at its full scale. ``segment`` (N,) rises when the device's clock restarted: nothing may be
    bridged across. ``lost`` (N,) counts the samples that the device's clock says are missing just
    before; ``refused`` (N,) the packets and samples just before that could not be read;
    ``clock_error_s`` (N,) the bound within which ``host_ns`` lies 95 times in 100 (NaN: unknown).
    ``mag`` (N, 3) µT in the sensor frame, NaN where a stream does not carry it; None where none
    does.
    """

    stream: IntArray
    device_ns: IntArray
    arrival_ns: IntArray
    host_ns: IntArray
    acc: FloatArray
    gyr: FloatArray
    clipped: BoolArray
    segment: IntArray
    lost: IntArray
    refused: IntArray
    clock_error_s: FloatArray
    mag: FloatArray | None = None


@message
class BatteryLevel:
    """What a sensor says of its battery; ``level`` 0..1."""

    sensor: str
    arrival_ns: int
    level: float
    charging: bool


@message
class SensorNews:
    """Something else that a sensor, or its radio, says.

    ``kind`` is ``"state"`` (``text`` says how its link is, and why), ``"button"``, or the name of
    a figure that the sensor forms itself, whose ``value`` is in ``unit``.
    """

    sensor: str
    arrival_ns: int
    kind: str
    text: str = ""
    value: float = float("nan")
    unit: str = ""


@message
class SensorStatus:
    """One sensor over one second of the grid.

    ``rate_hz`` samples received per second, ``loss`` share of the second's grid samples that are
    not real, ``refused`` packets that could not be read, ``late`` samples that came after the
    hold-back, ``clock_error_s`` bound within which its time lies 95 times in 100, ``battery`` 0..1
    (NaN: unknown), ``state`` how its link is and why, as the radio says, and what is wrong with
    what it measures (empty: no radio, and nothing wrong).
    """

    person: str
    t_s: float
    sensor: str
    place: Place
    rate_hz: float
    loss: float
    lost: int
    refused: int
    late: int
    clipped: int
    clock_error_s: float
    battery: float
    state: str = ""


# --- the body on one grid ---------------------------------------------------------------------


@message
class BodyBlock:
    """All sensors of one person on one time grid.

    ``places`` are the S places worn, the same in all blocks of a session. ``acc`` (T, S, 3) m/s²,
    ``gyr`` (T, S, 3) rad/s in sensor frames; ``valid`` (T, S) there is a value (else NaN);
    ``real`` (T, S) it was measured, not bridged or clipped, by a sensor of which nothing is known
    to be wrong. ``start`` is the grid index of the first sample. ``ready_ns`` is the host time at
    which the last sample was complete, from which latency counts. ``mag`` (T, S, 3) µT, NaN
    where there is no value; None where no sensor has a magnetometer.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    places: Places
    acc: FloatArray
    gyr: FloatArray
    valid: BoolArray
    real: BoolArray
    mag: FloatArray | None = None


@message
class OrientationBlock:
    """Orientation of the sensors at S places: ``quat`` (T, S, 4) sensor → earth.

    Its heading is arbitrary; ``valid`` (T, S) there is a value (else NaN). ``converged`` (T, S) the
    sample was measured and its inclination is right within about 10°: it is not for some time after
    the start, and after much that was bridged, clipped or missing. ``absolute`` (T, S, 4) is the
    same with magnetic north as y, NaN where the sensor has no magnetometer, and ``undisturbed``
    (T, S) tells where the magnetic field is such that it can be believed; both are None where no
    sensor has one.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    places: Places
    quat: FloatArray
    valid: BoolArray
    converged: BoolArray
    absolute: FloatArray | None = None
    undisturbed: BoolArray | None = None


@message
class Calibration:
    """Sensor-to-segment alignment found at ``t_s``: ``quat`` (S, 4) segment → sensor.

    ``known`` (S,) which of the ``places`` it holds for, ``front`` (S,) of which movement has shown
    where the front is; ``method`` says how it was found.
    """

    person: str
    t_s: float
    quat: FloatArray
    known: BoolArray
    method: str
    places: Places = LEGS_AND_TRUNK  # of sessions from before there were others
    front: BoolArray = dataclasses.field(  # nor was it told then
        default_factory=lambda: np.zeros(len(LEGS_AND_TRUNK), np.bool_)
    )


@message
class GuideState:
    """How far a person has come who is guided through the calibration, told twice a second.

    ``step`` is the name of step ``number`` of ``steps``, ``instruction`` what to do in it, ``hint``
    why it is not good enough yet (empty: it is), ``progress`` 0..1; ``done`` after the last.
    """

    person: str
    t_s: float
    step: str
    number: int
    steps: int
    instruction: str
    hint: str
    progress: float
    done: bool


@message
class GuidedCalibration:
    """What a guided calibration came to, of the sensors that are said to be worn at ``places``.

    ``found`` are the places that motion says they have, ``confidence`` (S,) 0..1 of that; ``quat``
    (S, 4) segment → sensor at the place found; of ``known`` (S,) ones it was measured, of ``front``
    (S,) ones movement has shown the front. ``spread_rad`` (S,) is how far two ways of telling that
    are apart, NaN where there was one. ``remarks`` are sentences for the person.
    """

    person: str
    t_s: float
    places: Places
    found: Places
    confidence: FloatArray
    quat: FloatArray
    known: BoolArray
    front: BoolArray
    spread_rad: FloatArray
    remarks: tuple[str, ...]


@message
class AccelerometerCalibration:
    """What the accelerometers at ``places`` are off, found by poses at rest.

    Acceleration is ``scale`` (S, 3) times what is read less ``bias`` (S, 3) m/s², which may be off
    by ``bias_sd`` (S, 3). ``remarks`` are sentences for the person.
    """

    person: str
    t_s: float
    places: Places
    bias: FloatArray
    scale: FloatArray
    bias_sd: FloatArray
    remarks: tuple[str, ...]


@message
class SegmentBlock:
    """Body segments in ISB axes, each that of the sensor at its place.

    ``acc`` (T, S, 3) m/s² and ``gyr`` (T, S, 3) rad/s in segment axes, ``quat`` (T, S, 4)
    segment → earth with the segment's own heading removed, so that it shows inclination only;
    ``valid`` and ``real`` (T, S). ``calibrated`` (S,) the alignment was measured, not assumed.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    places: Places
    acc: FloatArray
    gyr: FloatArray
    quat: FloatArray
    valid: BoolArray
    real: BoolArray
    calibrated: BoolArray


@message
class JointAngleBlock:
    """Flexion of the joints: ``angle_rad`` (T, 6), in the order of ``JOINTS``; NaN unless valid.

    ``valid`` (T, 6); ``real`` (T, 6) every sensor it rests on was measured at that sample.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    angle_rad: FloatArray
    valid: BoolArray
    real: BoolArray


@message
class BodyAngleBlock:
    """Angles of the body beside flexion: ``angle_rad`` (T, K) of the K ``names``.

    Adduction, inversion, internal rotation, forward and right lean, and elevation are positive, on
    both sides. ``sd_rad`` (T, K) by how much each may be off (standard deviation); both are NaN
    unless ``valid`` (T, K). ``real`` (T, K) every sensor it rests on was measured. They are told
    less often than there are samples: ``rate_hz`` and ``start`` are those of these angles.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    names: tuple[str, ...]
    angle_rad: FloatArray
    sd_rad: FloatArray
    valid: BoolArray
    real: BoolArray


@message
class JointRotationBlock:
    """How the two sensors at each of J ``joints`` are turned against each other, however mounted.

    ``quat`` (T, J, 4) axes of the sensor below the joint → those of the one above, NaN unless
    ``valid`` (T, J). ``sd_rad`` (T, J) by how much the whole angle may be off (standard deviation);
    ``real`` (T, J) both sensors were measured.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    joints: tuple[str, ...]
    quat: FloatArray
    sd_rad: FloatArray
    valid: BoolArray
    real: BoolArray


@message
class EstimateBlock:
    """What the model says: ``mean`` and ``sd`` (T, K) for the K ``names``, in ``units``.

    Already shifted by the model's look-ahead, so sample ``start`` is the time estimated.
    ``look_ahead_s`` is the delay the model adds. NaN where the model has no input.
    """

    person: str
    start: int
    rate_hz: float
    ready_ns: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    mean: FloatArray
    sd: FloatArray
    look_ahead_s: float
    model: str


# --- what the body does -----------------------------------------------------------------------


@message
class Quality:
    """How far a figure can be trusted.

    ``real_share`` share of the samples under it that were measured; ``withheld`` is empty, or the
    reason why the figure is not given (its value is then NaN).
    """

    real_share: float
    withheld: str = ""


class GaitEventKind(StrEnum):
    """Foot contact events."""

    INITIAL_CONTACT = "initial_contact"
    FINAL_CONTACT = "final_contact"


@message
class GaitEvent:
    """A foot touches or leaves the ground at ``t_s``; it was told at ``detected_s``."""

    person: str
    t_s: float
    detected_s: float
    side: Side
    kind: GaitEventKind
    quality: Quality


@message
class Stride:
    """Initial contact to the next initial contact of the same foot.

    ``stride_time_s``; ``cadence_spm`` steps a minute (two steps a stride); ``stance_share`` 0..1
    of the stride from initial to final contact.
    """

    person: str
    side: Side
    start_s: float
    end_s: float
    stride_time_s: float
    cadence_spm: float
    stance_share: float
    quality: Quality


class Execution(StrEnum):
    """How a repetition was done, told by its range and the time it took."""

    AS_ASKED = "as_asked"
    TOO_FAST = "too_fast"
    TOO_SMALL = "too_small"


@message
class FootStep:
    """One foot's way from a rest on the ground to the next, between ``start_s`` and ``end_s``.

    ``displacement_m`` (3,) in earth axes, whose heading is arbitrary but that of the steps before;
    ``peak_m`` how high above its rest the sensor came, ``turn_rad`` by how much the foot turned
    about the vertical, to the left positive. ``contact_s`` is the initial contact that it ended
    with, ``lift_s`` the final contact before, and the ``…_angle_rad`` are those of the sole to
    the ground then, toes up positive; NaN where no contact was told. Told ``LOOK_AHEAD_S`` of
    `inference.foot_steps` after ``end_s``.
    """

    person: str
    side: Side
    start_s: float
    end_s: float
    displacement_m: FloatArray
    peak_m: float
    turn_rad: float
    lift_s: float
    contact_s: float
    lift_angle_rad: float
    contact_angle_rad: float
    quality: Quality


@message
class Repetition:
    """One repetition of an exercise.

    ``count`` rises from 1 within a set; ``rom_rad`` is the range of the exercise's leading angle,
    ``peak_rad`` its extreme in the direction of effort; ``hold_s`` time spent beyond the target.
    ``outward_s`` and ``return_s`` are the ways between a quarter and three quarters of the range,
    ``smoothness`` their mean spectral arc length (negative, nearer to 0 is smoother).
    By ``rom_half_width_rad`` and ``peak_half_width_rad`` either may be off, 95 times in 100; NaN
    where nothing is known of it.
    """

    person: str
    exercise: str
    side: Side | None
    count: int
    start_s: float
    end_s: float
    rom_rad: float
    peak_rad: float
    hold_s: float
    target_reached: bool
    quality: Quality
    outward_s: float = float("nan")
    return_s: float = float("nan")
    smoothness: float = float("nan")
    execution: Execution = Execution.AS_ASKED
    rom_half_width_rad: float = float("nan")
    peak_half_width_rad: float = float("nan")


@message
class Figure:
    """A figure that a measure makes of what the body did up to ``t_s``.

    ``name`` says what it is (``step_time``); ``side`` is None for the whole body; ``value`` is in
    ``unit``, a unit of the SI or ``1``, and NaN where it is withheld. ``half_width``, in the same
    unit, says by how much it may be off, 95 times in 100; NaN where no budget of errors tells.
    """

    person: str
    t_s: float
    name: str
    side: Side | None
    value: float
    unit: str
    quality: Quality
    half_width: float = float("nan")


@message
class ExerciseState:
    """The exercise under way, told every 20 ms of the grid: for live feedback only.

    ``value_rad`` is the leading angle now; ``target_low_rad`` .. ``target_high_rad`` the zone to
    reach; ``progress`` 0 at rest, 1 at the target.
    """

    person: str
    t_s: float
    exercise: str
    side: Side | None
    count: int
    value_rad: float
    target_low_rad: float
    target_high_rad: float
    progress: float


class CueKind(StrEnum):
    """What a cue asks for or confirms."""

    TARGET_REACHED = "target_reached"
    TARGET_MISSED = "target_missed"
    CADENCE_LOW = "cadence_low"
    CADENCE_HIGH = "cadence_high"
    HOLD_DONE = "hold_done"
    REPETITION = "repetition"
    TOO_FAST = "too_fast"
    TOO_SMALL = "too_small"


@message
class Cue:
    """Something to tell the person now."""

    person: str
    t_s: float
    kind: CueKind
    text: str
    rule: str
    quality: Quality


@message
class Marker:
    """A remark on the session's timeline: an operator's note, a reconnect, a full disk."""

    person: str
    t_s: float
    kind: str
    text: str


Message = (
    PacketBlock
    | Tick
    | ImuBlock
    | BatteryLevel
    | SensorNews
    | SensorStatus
    | BodyBlock
    | OrientationBlock
    | Calibration
    | GuideState
    | GuidedCalibration
    | AccelerometerCalibration
    | SegmentBlock
    | JointAngleBlock
    | BodyAngleBlock
    | JointRotationBlock
    | EstimateBlock
    | GaitEvent
    | Stride
    | FootStep
    | Repetition
    | Figure
    | ExerciseState
    | Cue
    | Marker
)
