"""Seated knee extension: one knee straightens while its thigh rests level on the seat.

The thigh's inclination tells it from standing up, walking and squatting, in which the knee is
straight only while the thigh is upright.
"""

from __future__ import annotations

from gateway.messages import Side
from inference.exercises import Course, Exercise, Pose, joint, knee_of, limb
from inference.joints.error_budget import Measured

SEATED_DEG = (55.0, 125.0)
"""Pitch of the thigh of somebody who sits."""

TRUNK_DEG = (-60.0, 60.0)
"""Pitch of a trunk that does not lie."""


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the knee of ``side``."""
    assert side is not None
    thigh = pose.pitch(limb(side, "thigh"))
    seated = (thigh > SEATED_DEG[0]) & (thigh < SEATED_DEG[1])
    return Course(
        angle_deg=knee_of(pose, side),
        at_rest=seated,
        in_effort=seated,
        fits=seated,
        real=pose.measured(joint(side, "knee")),
    )


EXERCISE = Exercise(
    name="knee-extension",
    how="Sit, straighten your knee slowly, then let it down again.",
    seated=True,
    sides=(Side.LEFT, Side.RIGHT),
    rest_deg=90.0,
    leave_deg=55.0,
    effort_deg=45.0,
    target_deg=(-10.0, 20.0),
    further="Stretch a little further",
    less="Do not force the knee",
    lead=knee_of,
    course=course,
    measured=Measured.KNEE,
    within_deg={"thigh": SEATED_DEG, "pelvis": TRUNK_DEG, "sternum": TRUNK_DEG},
)
