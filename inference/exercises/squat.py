"""Squat: both knees bend together while the feet stay on the ground.

The leading angle is the mean flexion of the knees that are known, so one leg is enough. Walking
never passes: it bends one knee at a time, and with one leg known, the knee bends far before the
thigh has come forward; on stairs it is carried along with its shank. In sitting down the shanks
stay upright, and standing up again is late.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import BoolArray, FloatArray, Joint, Side
from gateway.worn import anywhere
from inference.exercises import Course, Exercise, Pose
from inference.gait.leg_motion import SHANKS
from inference.joints.error_budget import Measured

APART_DEG = 40.0
"""Knees that differ by more do not squat."""

DEEPEST_DEG = 155.0
"""No knee bends further."""

FLAT_DEG = (-35.0, 35.0)
"""A foot that points down or up by more is off the ground."""

TRUNK_DEG = (-80.0, 45.0)
"""Pitch of a trunk that does not lie; leaning forward is negative."""

UPRIGHT_DEG = 30.0
"""A thigh within this of vertical stands."""

THIGH_SHARE = (0.45, 0.9)
"""Share of the knee's flexion that is the thigh's. In the swing of walking the thigh lags; in
sitting down the shank, which leans forward in a squat, stays upright."""

LIFTED_SHARE = 0.8
"""With one leg known the thigh has less: nothing else tells it from a knee that is lifted, under
which the shank hangs."""


def lead(pose: Pose, side: Side | None) -> FloatArray:
    """Return the leading angle (T,)."""
    assert side is None
    return pose.knee


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of a squat; ``side`` is None."""
    assert side is None
    left, right = pose.flexion(Joint.LEFT_KNEE), pose.flexion(Joint.RIGHT_KNEE)
    knee, thigh = pose.knee, pose.thigh
    one_leg = np.isnan(left) | np.isnan(right)
    most = np.where(one_leg, LIFTED_SHARE, THIGH_SHARE[1])
    return Course(
        angle_deg=lead(pose, side),
        at_rest=thigh < UPRIGHT_DEG,
        in_effort=(thigh > THIGH_SHARE[0] * knee) & (thigh < most * knee),
        fits=~((np.abs(left - right) > APART_DEG) | (knee > DEEPEST_DEG)),
        real=pose.measured(Joint.LEFT_KNEE, Joint.RIGHT_KNEE),
        pushed=_pushed(pose, one_leg) if anywhere(one_leg) else None,
    )


def _pushed(pose: Pose, one_leg: BoolArray) -> FloatArray:
    """Return by how much (T,) m/s² shanks are accelerated where ``one_leg`` (T,) is known."""
    most = np.fmax(*[pose.pushed(shank) for shank in SHANKS])
    return np.where(one_leg, most, 0.0)


EXERCISE = Exercise(
    name="squat",
    how="Bend your knees slowly as if to sit down, then stand up again.",
    sides=(None,),
    rest_deg=0.0,
    leave_deg=25.0,
    effort_deg=45.0,
    target_deg=(70.0, 110.0),
    further="Bend a little further",
    less="Not quite so deep",
    lead=lead,
    course=course,
    measured=Measured.KNEE,
    rests_deg={"thigh": (-90.0, 29.0), "knee": (-10.0, 30.0)},
    within_deg={"foot": FLAT_DEG, "pelvis": TRUNK_DEG, "sternum": TRUNK_DEG},
)
