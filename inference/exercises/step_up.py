"""Step-up: one leg is set on a step, straightens under the body, and comes down again.

The leading angle is the knee's flexion of that leg. What tells it from lifting a knee is the
shank, which leans forward over the foot that carries, so that the ankle bends, where it hangs in
the air when it does not carry; from a lunge, the other leg, which is straighter; and from a squat,
that the legs differ.
"""

from __future__ import annotations

from gateway.messages import Side
from inference.exercises import Course, Exercise, Pose, joint, knee_of, limb
from inference.joints.error_budget import Measured

LEAN_DEG = (-40.0, -12.0)
"""Pitch of the shank of a leg that carries on its way up."""

BENT_ANKLE_DEG = 8.0
"""Least dorsiflexion of a foot that stands under a shank that leans."""

CARRYING_THIGH_DEG = 15.0
RESTING_THIGH_DEG = 35.0
DIFFERENCE_DEG = 25.0
"""The other knee is straighter by this."""

OTHER_KNEE_DEG = 45.0


def course(pose: Pose, side: Side | None) -> Course:
    """Return the course of the leg on ``side``."""
    assert side is not None
    knee, rear = knee_of(pose, side), pose.flexion(joint(side.other, "knee"))
    shank, thigh = pose.pitch(limb(side, "shank")), pose.pitch(limb(side, "thigh"))
    carries = (shank > LEAN_DEG[0]) & (shank < LEAN_DEG[1]) & (thigh > CARRYING_THIGH_DEG)
    stands = ~(pose.flexion(joint(side, "ankle")) < BENT_ANKLE_DEG)
    one = (knee - rear > DIFFERENCE_DEG) & (rear < OTHER_KNEE_DEG)
    return Course(
        angle_deg=knee_of(pose, side),
        at_rest=thigh < RESTING_THIGH_DEG,
        in_effort=carries & stands & one,
        fits=~(rear > OTHER_KNEE_DEG),
        real=pose.measured(joint(side, "knee")),
    )


EXERCISE = Exercise(
    name="step-up",
    how="Set a foot on the step, rise on it, then come down again.",
    sides=(Side.LEFT, Side.RIGHT),
    rest_deg=0.0,
    leave_deg=25.0,
    effort_deg=40.0,
    target_deg=(60.0, 110.0),
    further="Take a higher step",
    less="Take a lower step",
    lead=knee_of,
    course=course,
    measured=Measured.KNEE,
    rests_deg={"thigh": (-90.0, 34.0), "other_knee": (-90.0, OTHER_KNEE_DEG)},
    within_deg={"foot": (-35.0, 35.0), "pelvis": (-80.0, 45.0), "sternum": (-80.0, 45.0)},
)
