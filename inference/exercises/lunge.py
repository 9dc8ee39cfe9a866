"""Lunge: one foot far in front, both knees bend until the rear one is near the ground, and back.

The leading angle is the front knee's flexion. In a squat both thighs come forward; here the rear
one does not.
"""

from __future__ import annotations

from gateway.messages import Side
from inference.exercises import Course, Exercise, Pose, joint, knee_of, limb
from inference.joints.error_budget import Measured

STANCE_THIGH_DEG = 60.0
"""With the feet far apart the front thigh leans, and further before the knee has left rest."""

FRONT_THIGH_DEG = 30.0
REAR_THIGH_DEG = 20.0
REAR_KNEE_DEG = 40.0
FRONT_SHANK_DEG = (-40.0, 20.0)
"""Pitch of the front shank, which stays near upright."""


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the leg in front, on ``side``."""
    assert side is not None
    behind = side.other
    thigh, shank = pose.pitch(limb(side, "thigh")), pose.pitch(limb(side, "shank"))
    rear_thigh = pose.pitch(limb(behind, "thigh"))
    rear_knee = pose.flexion(joint(behind, "knee"))
    front = (thigh > FRONT_THIGH_DEG) & (shank > FRONT_SHANK_DEG[0]) & (shank < FRONT_SHANK_DEG[1])
    rear = (rear_thigh < REAR_THIGH_DEG) & (rear_knee > REAR_KNEE_DEG)
    return Course(
        angle_deg=knee_of(pose, side),
        at_rest=thigh < STANCE_THIGH_DEG,
        in_effort=front & rear,
        fits=~(rear_thigh > REAR_THIGH_DEG),
        real=pose.measured(joint(side, "knee"), joint(behind, "knee")),
    )


EXERCISE = Exercise(
    name="lunge",
    how="With one foot far in front, bend both knees, then rise again.",
    sides=(Side.LEFT, Side.RIGHT),
    rest_deg=10.0,
    leave_deg=30.0,
    effort_deg=50.0,
    target_deg=(75.0, 105.0),
    further="Down a little further",
    less="Not quite so deep",
    lead=knee_of,
    course=course,
    measured=Measured.KNEE,
    rests_deg={"thigh": (-90.0, 29.0), "other_thigh": (-90.0, REAR_THIGH_DEG)},
    within_deg={"foot": (-45.0, 45.0), "pelvis": (-80.0, 45.0), "sternum": (-80.0, 45.0)},
)
