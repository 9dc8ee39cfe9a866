"""Bridge: lying on the back with bent knees, the pelvis rises until the hips are straight.

The leading angle is the mean flexion of the hips that are known.
"""

from __future__ import annotations

from gateway.messages import FloatArray, Joint, Side
from inference.exercises import Course, Exercise, Pose, either
from inference.joints.error_budget import Measured

BENT_KNEE_DEG = 50.0


def lead(pose: Pose, side: Side | None) -> FloatArray:
    """Return the leading angle (T,)."""
    assert side is None
    return either(pose.flexion(Joint.LEFT_HIP), pose.flexion(Joint.RIGHT_HIP))


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the hips; ``side`` is None."""
    assert side is None
    bent = ~(pose.knee < BENT_KNEE_DEG)
    return Course(
        angle_deg=lead(pose, side),
        at_rest=bent,
        in_effort=bent,
        fits=bent,
        real=pose.measured(Joint.LEFT_HIP, Joint.RIGHT_HIP),
    )


EXERCISE = Exercise(
    name="bridge",
    how="Lie on your back with bent knees, lift the pelvis, then lower it.",
    sides=(None,),
    rest_deg=50.0,
    leave_deg=35.0,
    effort_deg=22.0,
    target_deg=(-20.0, 10.0),
    further="Lift the pelvis a little higher",
    less="Not quite so high",
    lead=lead,
    course=course,
    measured=Measured.HIP,
    rests_deg={"knee": (BENT_KNEE_DEG, 180.0)},
    within_deg={"thigh": (60.0, 180.0), "pelvis": (60.0, 150.0), "sternum": (60.0, 160.0)},
)
