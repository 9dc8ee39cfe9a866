"""Voisard et al.: toe-offs and heel strikes marked by two algorithms and checked by hand.

Marks are values of the packet counter, so the set's grid begins at counter 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gateway.app.validation import About, Metric, Mode, TrialScore
from gateway.app.validation.contacts import Matched, course_ms, f1, joined, match, median_ms
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import FloatArray, GaitEvent, GaitEventKind, Side
from gateway.recordings import open_recording
from inference.contact_kernels import LOOK_AHEAD_S

WINDOW_S = 0.05
_MARKS = {Side.LEFT: "LeftFootEvents", Side.RIGHT: "RightFootEvents"}
_KINDS = (GaitEventKind.FINAL_CONTACT, GaitEventKind.INITIAL_CONTACT)
_OFFLINE = "offline, against a mat: F1 1.00, 8 ms in healthy people (the set's authors)"

Evidence = dict[GaitEventKind, Matched]


class VoisardSet:
    """Contacts of the feet within 50 ms."""

    name = "voisard_healthy_gait"
    about = About(
        who="healthy people walking 10 m, turning, and walking back",
        truth="toe-offs and heel strikes found by two algorithms and checked by hand (no mat)",
        source="https://doi.org/10.5201/ipol.2023.497",
        licence="AGPL-3.0",
        layout="`S-T.json` with `S-T_lf.txt`, `S-T_rf.txt` and `S-T_lb.txt` beside it",
    )
    look_ahead_s = LOOK_AHEAD_S
    metrics = (
        Metric("ic_f1", "", 0.97, _OFFLINE, larger_is_better=True),
        Metric("fc_f1", "", 0.97, _OFFLINE, larger_is_better=True),
        Metric("ic_ms", "ms", 10.0, _OFFLINE),
        Metric("fc_ms", "ms", 15.0, _OFFLINE),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every ``S-T.json``."""
        found = folder.rglob("*-*.json")
        return {path.stem: path for path in sorted(found, key=lambda path: _numbers(path.stem))}

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Score the contacts of both feet; raises RecordingError."""
        recording = open_recording(path)
        marks = _marks(path)
        heard = Heard(recording, GaitEvent)
        events = heard.all(GaitEvent)
        evidence = {
            kind: joined([_matched(events, marks, side, kind) for side in Side]) for kind in _KINDS
        }
        strides = sum(len(marks[side, GaitEventKind.INITIAL_CONTACT]) for side in Side)
        course = {
            f"{kind.replace('_', ' ')} error (ms)": course_ms(matched)
            for kind, matched in evidence.items()
        }
        return TrialScore(
            recording.person, strides, _values(evidence), evidence, heard.remark, course=course
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Pool the contacts of all trials."""
        return _values(
            {kind: joined([score.evidence[kind] for score in scores]) for kind in _KINDS}
        )


def _numbers(name: str) -> list[int]:
    return [int(part) if part.isdecimal() else -1 for part in name.split("-")]


def _marks(path: Path) -> dict[tuple[Side, GaitEventKind], FloatArray]:
    """Return the marked times in s on the recording's grid; raises RecordingError."""
    try:
        description = json.loads(path.read_bytes())
        swings = {
            side: np.array(description[key], np.float64).reshape(-1, 2)
            for side, key in _MARKS.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordingError(
            f"{path}: its marked foot contacts cannot be read ({error})"
        ) from error
    return {
        (side, kind): swings[side][:, column] / 100.0
        for side in Side
        for column, kind in enumerate(_KINDS)
    }


def _matched(
    events: Sequence[GaitEvent],
    marks: Mapping[tuple[Side, GaitEventKind], FloatArray],
    side: Side,
    kind: GaitEventKind,
) -> Matched:
    found_s = np.array([event.t_s for event in events if (event.side, event.kind) == (side, kind)])
    return match(found_s, marks[side, kind], WINDOW_S)


def _values(evidence: Evidence) -> dict[str, float]:
    initial, final = evidence[GaitEventKind.INITIAL_CONTACT], evidence[GaitEventKind.FINAL_CONTACT]
    return {
        "ic_f1": f1(initial),
        "fc_f1": f1(final),
        "ic_ms": median_ms(initial),
        "fc_ms": median_ms(final),
    }


SET = VoisardSet()
