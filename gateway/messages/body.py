"""The body on one grid: samples, orientation, calibration, segments, angles."""

from __future__ import annotations

import dataclasses

import numpy as np

from gateway.messages.words import LEGS_AND_TRUNK, BoolArray, FloatArray, Places, message


@message
class BodyBlock:
    """All sensors of one person on one time grid.

    ``places`` are the S places worn, the same in all blocks of a session. ``acc`` (T, S, 3) m/s²,
    ``gyr`` (T, S, 3) rad/s in sensor frames; ``valid`` (T, S) there is a value (else NaN), and
    nothing is known to be wrong with the sensor; ``real`` (T, S) it was measured, not bridged or
    clipped. ``start`` is the grid index of the first sample. ``ready_ns`` is the host time at
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
