"""Sit to stand: from a seat to standing upright, and back to the seat.

The leading angle is the pitch of the thighs, level on the seat and upright when standing. In a
squat, which may go as deep, the shanks lean forward. Who gets up, walks and comes back to the seat
lifts the feet, which stay here.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray, Joint, Place, Side
from inference.exercises import Course, Exercise, Pose

SHANK_DEG = 20.0
"""On the seat the shanks are within this of upright."""

SEATED_KNEE_DEG = (55.0, 130.0)
STRAIGHT_KNEE_DEG = 40.0
APART_DEG = 30.0
"""Thighs that differ by more do not rise together."""

LEAVE_DEG = 65.0


def lead(pose: Pose, side: Side | None) -> FloatArray:
    """Return the leading angle (T,)."""
    assert side is None
    return pose.thigh


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of standing up; ``side`` is None."""
    assert side is None
    left, right = pose.pitch(Place.LEFT_THIGH), pose.pitch(Place.RIGHT_THIGH)
    knee, thigh = pose.knee, lead(pose, side)
    bent = (knee > SEATED_KNEE_DEG[0]) & (knee < SEATED_KNEE_DEG[1])
    return Course(
        angle_deg=thigh,
        at_rest=bent & (np.abs(pose.shank) < SHANK_DEG),
        in_effort=knee < STRAIGHT_KNEE_DEG,
        fits=~((np.abs(left - right) > APART_DEG) | (pose.steps("foot") & (thigh < LEAVE_DEG))),
        real=pose.measured(Joint.LEFT_KNEE, Joint.RIGHT_KNEE),
    )


EXERCISE = Exercise(
    name="sit-to-stand",
    how="Stand up from the seat without a swing, then sit down slowly.",
    seated=True,
    sides=(None,),
    rest_deg=90.0,
    leave_deg=LEAVE_DEG,
    effort_deg=30.0,
    target_deg=(-15.0, 15.0),
    further="Stand up tall",
    less="Do not lean back",
    lead=lead,
    course=course,
    within_deg={"pelvis": (-80.0, 45.0), "sternum": (-80.0, 45.0)},
)
