"""Shoulder elevation: one arm is lifted, forwards or sideways, and comes down again.

The leading angle is how far the upper arm is off hanging down, so one sensor is enough. Bending
the elbow leaves it alone. Arms also swing, carry and reach while somebody walks or sits down; in
the exercise the legs stay where they are.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray, Side
from inference.exercises import Course, Exercise, Pose, limb

LEAVE_DEG = 25.0


def lead(pose: Pose, side: Side | None) -> FloatArray:
    """Return the leading angle (T,)."""
    assert side is not None
    return pose.lift(limb(side, "upper_arm"))[0]


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the upper arm on ``side``."""
    assert side is not None
    lifted, real = pose.lift(limb(side, "upper_arm"))
    known = ~np.isnan(lifted)
    fits = known & ~(pose.steps("thigh", "shank", "foot") & (lifted > LEAVE_DEG))
    return Course(angle_deg=lifted, at_rest=known, in_effort=known, fits=fits, real=real)


EXERCISE = Exercise(
    name="shoulder-elevation",
    how="Lift your arm slowly, then let it down again.",
    sides=(Side.LEFT, Side.RIGHT),
    rest_deg=0.0,
    leave_deg=LEAVE_DEG,
    effort_deg=40.0,
    target_deg=(80.0, 180.0),
    further="Lift the arm a little higher",
    less="Not quite so high",
    lead=lead,
    course=course,
    needs=("upper_arm",),
    within_deg={"sternum": (-60.0, 60.0)},
)
