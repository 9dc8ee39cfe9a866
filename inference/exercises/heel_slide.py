"""Heel slide: lying on the back, one heel slides towards the buttock and back.

The leading angle is the knee's flexion. The thigh rises from lying as the knee bends, which tells
it from bending the knee in a seat.
"""

from __future__ import annotations

from gateway.messages import Side
from inference.exercises import Course, Exercise, Pose, joint, knee_of, limb
from inference.joints.error_budget import Measured

FLAT_DEG = (60.0, 115.0)
"""Pitch of a thigh that lies."""

THIGH_SHARE = 0.25
"""The thigh rises by at least this share of the knee's flexion."""


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the knee of ``side``."""
    assert side is not None
    knee, thigh = knee_of(pose, side), pose.pitch(limb(side, "thigh"))
    return Course(
        angle_deg=knee_of(pose, side),
        at_rest=(thigh > FLAT_DEG[0]) & (thigh < FLAT_DEG[1]),
        in_effort=thigh - 90.0 > THIGH_SHARE * knee,
        fits=thigh > FLAT_DEG[0],
        real=pose.measured(joint(side, "knee")),
    )


EXERCISE = Exercise(
    name="heel-slide",
    how="Lie on your back, draw one heel towards you, then slide it away.",
    sides=(Side.LEFT, Side.RIGHT),
    rest_deg=0.0,
    leave_deg=25.0,
    effort_deg=40.0,
    target_deg=(80.0, 140.0),
    further="Bring the heel a little closer",
    less="Not quite so close",
    lead=knee_of,
    course=course,
    measured=Measured.KNEE,
    rests_deg={"thigh": (61.0, 114.0)},
    within_deg={
        "thigh": (FLAT_DEG[0], 180.0),
        "pelvis": (45.0, 130.0),
        "sternum": (45.0, 130.0),
    },
)
