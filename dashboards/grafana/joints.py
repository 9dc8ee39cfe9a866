"""Joint angles: flexion of hip, knee and ankle on both sides, and their range."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.grafana import flux
from dashboards.grafana.palette import LEFT, NEUTRAL, RIGHT
from dashboards.grafana.panels import About, Shown, bars, chart
from gateway.messages import JOINTS, Joint, Side

TITLE = "Joints"
_PAIRS = (
    ("Hip", Joint.LEFT_HIP, Joint.RIGHT_HIP),
    ("Knee", Joint.LEFT_KNEE, Joint.RIGHT_KNEE),
    ("Ankle", Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE),
)


def panels() -> list[Panel]:
    """Return the panels of the row, in reading order."""
    return [*(_angles(*pair) for pair in _PAIRS), _range(), _real_share()]


def field(joint: Joint) -> str:
    """Return the name of a joint's angle in ``joint_angle``."""
    return f"{joint}_deg"


def colour(joint: Joint) -> str:
    """Return the colour of a joint's side."""
    return LEFT if joint.startswith(Side.LEFT) else RIGHT


def _angles(name: str, left: Joint, right: Joint) -> Panel:
    text = flux.named(flux.windowed(flux.chosen("joint_angle", field(left), field(right))))
    movement = "dorsiflexion" if name == "Ankle" else "flexion"
    about = About(
        f"{name} angle",
        f"{movement.capitalize()} is positive on both sides; zero as in the calibrated standing "
        "pose. Each point is the mean of its interval, so peaks get lower when a long time is "
        "shown. A gap in the line is a gap in the data.",
        8,
        9,
        "degree",
        1,
        low=-10,
        high=70,
    )
    return chart(
        about, [text], (Shown(field(left), "Left", LEFT), Shown(field(right), "Right", RIGHT))
    )


def _range() -> Panel:
    angles = flux.chosen("joint_angle", *(field(joint) for joint in JOINTS))
    text = flux.spread(angles, "_field")
    about = About(
        "Range of motion",
        "Greatest less smallest angle of each joint in the time shown, whatever the movement.",
        12,
        7,
        "degree",
        0,
        low=0,
        high=120,
    )
    return bars(about, [flux.named(text)], [_shown(joint) for joint in JOINTS])


def _real_share() -> Panel:
    text = flux.named(flux.windowed(flux.chosen("joint_angle", "real_share")))
    about = About(
        "Real samples",
        "Share of the samples under the angles that were measured. The rest was bridged over a "
        "short gap or is missing.",
        12,
        7,
        "percentunit",
        0,
        low=0,
        high=1,
    )
    return chart(about, [text], (Shown("real_share", "All joints", NEUTRAL),))


def _shown(joint: Joint) -> Shown:
    return Shown(field(joint), joint.replace("_", " ").capitalize(), colour(joint))
