"""Heel raise: up on the toes of both feet, knees straight, and down again.

The leading angle is how far the feet that are known point down. Walking pushes off with one foot
at a time and the shank swings over it; here both rise together, and the legs stay where they are.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray, Joint, Place, Side
from inference.exercises import Course, Exercise, Pose, either

SHANK_DEG = 20.0
"""The shanks stay within this of upright."""

STRAIGHT_KNEE_DEG = 35.0

APART_DEG = 20.0
"""Feet that differ by more do not rise together."""

LEAVE_DEG = 8.0


def lead(pose: Pose, side: Side | None) -> FloatArray:
    """Return the leading angle (T,)."""
    assert side is None
    return -either(pose.pitch(Place.LEFT_FOOT), pose.pitch(Place.RIGHT_FOOT))


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the feet; ``side`` is None."""
    assert side is None
    bent = np.fmax(pose.flexion(Joint.LEFT_KNEE), pose.flexion(Joint.RIGHT_KNEE))
    lean = np.fmax(np.abs(pose.pitch(Place.LEFT_SHANK)), np.abs(pose.pitch(Place.RIGHT_SHANK)))
    left, right = pose.pitch(Place.LEFT_FOOT), pose.pitch(Place.RIGHT_FOOT)
    angle = lead(pose, side)
    upright = (lean < SHANK_DEG) & ~(bent > STRAIGHT_KNEE_DEG)
    fits = upright & ~(pose.steps("thigh", "shank") & (angle > LEAVE_DEG))
    return Course(
        angle_deg=angle,
        at_rest=upright,
        in_effort=~(np.abs(left - right) > APART_DEG),
        fits=fits,
        real=pose.measured(Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE),
    )


EXERCISE = Exercise(
    name="heel-raise",
    how="Rise on your toes with straight knees, then let the heels down slowly.",
    sides=(None,),
    rest_deg=0.0,
    leave_deg=LEAVE_DEG,
    effort_deg=15.0,
    target_deg=(25.0, 60.0),
    further="Up a little higher",
    less="Not quite so high",
    lead=lead,
    course=course,
    rests_deg={"shank": (-19.0, 19.0), "knee": (-90.0, STRAIGHT_KNEE_DEG)},
    within_deg={"thigh": (-30.0, 30.0), "shank": (-30.0, 30.0)},
)
