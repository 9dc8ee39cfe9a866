"""Live frames, made up for the tests of the sinks."""

from __future__ import annotations

from gateway.live.frame import CueView, GaitView, GuideView, LiveFrame
from tests.gateway.made_sessions import PERSON


def frame(t_s: float, cue: int) -> LiveFrame:
    """Return a frame at ``t_s`` whose motion always differs and whose newest cue is ``cue``."""
    return LiveFrame(
        person=PERSON,
        t_s=round(t_s, 4),
        ready_ns=5,
        calibrated=True,
        angles_deg={"left_knee": 10.0 + t_s, "right_knee": None},
        body_angles={},
        segments={"pelvis": [1.0, 0.0, 0.0, 0.0]},
        estimates={},
        exercise=None,
        cue=CueView(cue, "repetition", "one", 0.5),
        gait=GaitView(3, 110.0, 1.09, {"left": 0.61}, 1.0, ""),
        figures=[],
        events=[],
        sensors=[],
        guide=GuideView(1, 6, "Stand upright and still", "", 0.5, False),
    )
