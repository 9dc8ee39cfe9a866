"""What the body does: contacts, strides, repetitions, figures, and what is said of them."""

from __future__ import annotations

from enum import StrEnum

from gateway.messages.words import FloatArray, Side, message


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
    `inference.gait.foot_steps` after ``end_s``.
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
    """The exercise under way, told every 40 ms of the grid: for live feedback only.

    ``value_rad`` is the leading angle now; ``target_low_rad`` .. ``target_high_rad`` the zone to
    reach; ``progress`` 0 at rest, 1 at the target. ``how`` tells the person what to do (empty
    where nobody has said it); ``seated``, that it takes a seat.
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
    how: str = ""
    seated: bool = False


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
