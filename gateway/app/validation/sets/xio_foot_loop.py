"""x-io's walks in a loop: how far the path of the foot ends from where it began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from gateway.app.validation import About, Metric, Mode, TrialScore, means
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import FootStep, SensorStatus
from gateway.recordings import open_recording
from gateway.recordings.xio_foot_loop import READER
from inference.gait.foot_steps import LONGEST_WAIT_S

MOST_LOST = 0.1
"""A way of which more is not measured is no loop."""


class XioSet:
    """Closure of the loop."""

    name = "xio_foot_loop"
    about = About(
        who="a person with a sensor on one foot, walking in a loop",
        truth="the foot ends where it began",
        source="https://github.com/xioTechnologies/Gait-Tracking",
        licence="MIT",
        layout="`NAME_walk.csv`, or any other `.csv` with the same heading",
    )
    look_ahead_s = LONGEST_WAIT_S
    metrics = (Metric("closure_mm", "mm", 60.0, "82 mm over 25 m, 421 mm over 60 m (x-io)"),)

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every walk."""
        found = [path for path in sorted(folder.rglob("*.csv")) if _is_walk(path)]
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Add up all steps of the foot; raises RecordingError."""
        recording = open_recording(path)
        heard = Heard(recording, FootStep, SensorStatus)
        ways_m = np.array([s.displacement_m for s in heard.all(FootStep)]).reshape(-1, 3)
        if not len(ways_m):
            raise RecordingError(f"{path}: the foot makes no step")
        closure_mm = float(np.linalg.norm(ways_m.sum(axis=0))) * 1e3
        walked_m = float(np.hypot(ways_m[:, 0], ways_m[:, 1]).sum())
        remark = "; ".join(each for each in (heard.remark, f"{walked_m:.1f} m walked") if each)
        losses = [status.loss for status in heard.all(SensorStatus)]
        values = {"closure_mm": closure_mm}
        if losses and fmean(losses) > MOST_LOST:
            values, remark = {}, f"{remark}; no figure: parts of its way were not measured"
        return TrialScore(recording.person, len(ways_m), values, remark=remark)

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the mean over the trials."""
        return means(scores, self.metrics)


def _is_walk(path: Path) -> bool:
    return path.stem.endswith("_walk") or READER.matches(path)


SET = XioSet()
