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

from gateway.messages.body import (
    AccelerometerCalibration as AccelerometerCalibration,
    BodyAngleBlock as BodyAngleBlock,
    BodyBlock as BodyBlock,
    Calibration as Calibration,
    EstimateBlock as EstimateBlock,
    GuidedCalibration as GuidedCalibration,
    GuideState as GuideState,
    JointAngleBlock as JointAngleBlock,
    JointRotationBlock as JointRotationBlock,
    OrientationBlock as OrientationBlock,
    SegmentBlock as SegmentBlock,
)
from gateway.messages.movement import (
    Cue as Cue,
    CueKind as CueKind,
    Execution as Execution,
    ExerciseState as ExerciseState,
    Figure as Figure,
    FootStep as FootStep,
    GaitEvent as GaitEvent,
    GaitEventKind as GaitEventKind,
    Marker as Marker,
    Quality as Quality,
    Repetition as Repetition,
    Stride as Stride,
)
from gateway.messages.sensing import (
    UNKNOWN_SIZE as UNKNOWN_SIZE,
    BatteryLevel as BatteryLevel,
    BodySize as BodySize,
    ImuBlock as ImuBlock,
    LinkNews as LinkNews,
    LinkState as LinkState,
    PacketBlock as PacketBlock,
    RawPacket as RawPacket,
    SensorNews as SensorNews,
    SensorSpec as SensorSpec,
    SensorStatus as SensorStatus,
    Tick as Tick,
)
from gateway.messages.words import (
    JOINT_INDEX as JOINT_INDEX,
    JOINTS as JOINTS,
    LEGS_AND_TRUNK as LEGS_AND_TRUNK,
    PSEUDONYM as PSEUDONYM,
    BoolArray as BoolArray,
    FloatArray as FloatArray,
    IntArray as IntArray,
    Joint as Joint,
    Place as Place,
    Places as Places,
    Side as Side,
    message as message,
)

Message = (
    PacketBlock
    | Tick
    | ImuBlock
    | BatteryLevel
    | LinkNews
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
