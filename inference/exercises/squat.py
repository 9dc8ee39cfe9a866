"""Squat: both knees bend together while the feet stay on the ground.

The leading angle is the mean flexion of the knees that are known, so one leg is enough. Walking
never passes: it bends one knee at a time, and with one leg known, the knee bends far before the
thigh has come forward. In sitting down the shanks stay upright, and standing up again is late.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import BoolArray, FloatArray, Place, Side
from gateway.worn import anywhere
from inference.exercises import Course, Exercise, Pose

KNEES = slice(2, 4)
THIGHS = (Place.LEFT_THIGH, Place.RIGHT_THIGH)
FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)

APART_DEG = 40.0
"""Knees that differ by more do not squat."""

HEEL_OFF_DEG = 35.0
"""A foot that points down or up by more is off the ground."""

UPRIGHT_DEG = 30.0
"""A thigh within this of vertical stands."""

THIGH_SHARE = (0.45, 0.9)
"""Share of the knee's flexion that is the thigh's. In the swing of walking the thigh lags; in
sitting down the shank, which leans forward in a squat, stays upright."""


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of a squat; ``side`` is None."""
    assert side is None
    knees = pose.flexion_deg[:, KNEES]
    unknown = np.isnan(knees)
    knee, thigh = _mean(knees, unknown), _mean(pose.pitch_at(*THIGHS), unknown)
    off = np.abs(pose.pitch_at(*FEET)) > HEEL_OFF_DEG
    measured = pose.real[:, KNEES] | unknown
    apart = np.abs(knees[:, 0] - knees[:, 1]) > APART_DEG
    return Course(
        angle_deg=knee,
        at_rest=thigh < UPRIGHT_DEG,
        in_effort=(thigh > THIGH_SHARE[0] * knee) & (thigh < THIGH_SHARE[1] * knee),
        fits=~(off[:, 0] | off[:, 1] | apart),
        real=measured[:, 0] & measured[:, 1],
    )


def _mean(values: FloatArray, unknown: BoolArray) -> FloatArray:
    """Return the mean (T,) of ``values`` (T, 2) without the ``unknown`` (T, 2); else NaN."""
    left, right = values[:, 0], values[:, 1]
    mean: FloatArray = (left + right) / 2
    if anywhere(unknown):
        only_right, only_left = unknown[:, 0], unknown[:, 1]
        mean = np.where(only_right, right, np.where(only_left, left, mean))
        mean[only_right & only_left] = np.nan
    return mean


EXERCISE = Exercise(
    name="squat",
    sides=(None,),
    rest_deg=0.0,
    leave_deg=25.0,
    effort_deg=45.0,
    target_deg=(70.0, 110.0),
    further="Bend a little further",
    less="Not quite so deep",
    course=course,
)
