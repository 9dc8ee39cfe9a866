"""Since when each sensor is aligned with its segment as it is: across a change angles jump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.messages import Calibration, Joint, Place
from inference.joints.flexion import ENDS


class _Change(NamedTuple):
    """An alignment from ``t_s`` on; whether movement has shown its ``front``."""

    t_s: float
    quat: tuple[float, ...]
    front: bool


@dataclass(frozen=True, slots=True)
class AlignmentHistory:
    """The changes of the alignment by place, in order of time: a few of each in a session."""

    changes: Mapping[Place, tuple[_Change, ...]] = field(default_factory=dict)

    def after(self, calibration: Calibration) -> AlignmentHistory:
        """Return the history with ``calibration``."""
        changes = dict(self.changes)
        told = zip(calibration.places, calibration.quat.tolist(), calibration.front, strict=True)
        for place, quat, front in told:
            before = changes.get(place, ())
            newest = _Change(calibration.t_s, tuple(quat), bool(front))
            if not before or before[-1][1:] != newest[1:]:
                changes[place] = (*before, newest)
        return AlignmentHistory(changes)

    def steady(self, joint: Joint, first_s: float, last_s: float) -> bool:
        """Say whether both sensors at ``joint`` were aligned, fronts known, all the time."""
        return all(self._steady(place, first_s, last_s) for place in ENDS[joint])

    def _steady(self, place: Place, first_s: float, last_s: float) -> bool:
        until = [change for change in self.changes.get(place, ()) if change.t_s <= last_s]
        return bool(until) and until[-1].front and until[-1].t_s <= first_s
