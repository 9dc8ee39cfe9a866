"""gaitmap's walk of two feet with optical markers: stride lengths and foot contacts.

``stride_events_NAME.csv`` holds the contacts of every stride of ``imu_NAME.csv`` in samples, and
``position_NAME.csv`` the optical path of the foot from one mid-stance to the next. Truth covers
whole strides of straight walking only, so contacts are judged near those that are known.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway.app.validation import About, Metric, Mode, TrialScore, doubts
from gateway.app.validation.contacts import Matched, course_ms, f1, joined, match, median_ms
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import Figure, FloatArray, GaitEvent, GaitEventKind, Place, Side
from gateway.recordings import open_recording
from inference.gait.foot_steps import LONGEST_WAIT_S

WINDOW_S = 0.05
JUDGED_S = 0.8
_KINDS = tuple(GaitEventKind)
_COLUMNS = {GaitEventKind.INITIAL_CONTACT: ("pre_ic", "ic"), GaitEventKind.FINAL_CONTACT: ("tc",)}

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Stride lengths (N, 2) in m, true and told, and the contacts of both feet by kind."""

    length_m: FloatArray
    contacts: Mapping[GaitEventKind, Matched]


class GaitmapSet:
    """Stride length against optical markers, and contacts within 50 ms."""

    name = "gaitmap_foot"
    about = About(
        who="a healthy person walking 2 × 20 m",
        truth="optical markers on the feet",
        source="https://github.com/mad-lab-fau/gaitmap",
        licence="MIT",
        layout="`imu_NAME.csv` with `stride_events_NAME.csv` and `position_NAME.csv` beside it",
    )
    look_ahead_s = LONGEST_WAIT_S
    metrics = (
        Metric("stride_length_cm", "cm", 3.8, "RMSE 4.21 cm, gaitmap's Kalman filter, offline"),
        Metric("ic_ms", "ms", 10.0, ""),
        Metric("fc_ms", "ms", 15.0, ""),
        Metric("f1", "", 0.98, "strides 0.97 in healthy people", larger_is_better=True),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every ``imu_NAME.csv`` with contacts beside it."""
        known = (p.with_name(p.name.replace("stride_events", "imu", 1)) for p in _contacts(folder))
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in known}

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Score strides and contacts of both feet; raises RecordingError."""
        recording = open_recording(path)
        worn = {spec.place for spec in recording.sensors}
        feet = [side for side in Side if Place(f"{side}_foot") in worn]
        marks, lengths_m = _truth(path, recording.grid_rate_hz, feet)
        heard = Heard(recording, GaitEvent, Figure)
        events = heard.all(GaitEvent)
        contacts = {
            kind: joined([_matched(events, marks, side, kind) for side in feet]) for kind in _KINDS
        }
        pairs_m = _paired(heard.all(Figure), lengths_m)
        evidence = Evidence(pairs_m, contacts)
        without = len(lengths_m) - len(pairs_m)
        missed = f"{without} of {len(lengths_m)} strides without a length" if without else ""
        last_s = max((float(each.max(initial=0.0)) for each in marks.values()), default=0.0)
        early = doubts.ends_early(recording.duration_s, last_s, "its optical strides")
        none = "" if lengths_m else "no figure: it has no optical strides"
        return TrialScore(
            recording.person,
            len(pairs_m),
            _values(evidence),
            evidence,
            "; ".join(filter(None, [heard.remark, early, missed, none])),
            agreement={"stride length (m)": pairs_m},
            course={
                f"{kind.replace('_', ' ')} error (ms)": course_ms(matched)
                for kind, matched in contacts.items()
            },
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Pool strides and contacts of all trials."""
        parts = [score.evidence for score in scores]
        return _values(
            Evidence(
                np.concatenate([part.length_m for part in parts]),
                {kind: joined([part.contacts[kind] for part in parts]) for kind in _KINDS},
            )
        )


def _contacts(folder: Path) -> list[Path]:
    return sorted(folder.rglob("stride_events_*.csv"))


def _rows(path: Path, what: str) -> Rows:
    """Return the rows of the table of ``what`` that belongs to ``path``; raises RecordingError."""
    table = path.with_name(path.name.replace("imu", what, 1))
    try:
        text = table.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            raise RecordingError(f"{table}: the last line is incomplete; the file is truncated")
        return list(csv.DictReader(text.splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{table}: cannot be read ({error})") from error


def _truth(
    path: Path, rate_hz: float, feet: Sequence[Side]
) -> tuple[dict[tuple[Side, GaitEventKind], FloatArray], dict[tuple[Side, float], float]]:
    """Return the true contacts of ``feet`` in s, and lengths in m by foot and end in s.

    Raises RecordingError. A contact that two strides share comes once.
    """
    strides = _rows(path, "stride_events")
    try:
        lengths_m = _lengths_m(_rows(path, "position"))
        marks = {
            (side, kind): np.unique(
                [float(r[c]) / rate_hz for r in strides if r["foot"] == side for c in columns]
            )
            for side in feet
            for kind, columns in _COLUMNS.items()
        }
        return marks, {
            (Side(row["foot"]), float(row["ic"]) / rate_hz): lengths_m[row["foot"], row["s_id"]]
            for row in strides
            if row["foot"] in feet and (row["foot"], row["s_id"]) in lengths_m
        }
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path}: its optical strides cannot be read ({error})") from error


def _lengths_m(positions: Rows) -> dict[tuple[str, str], float]:
    """Return how far apart a stride's ends lie on the ground, in m, by foot and the stride's id."""
    ends: dict[tuple[str, str], list[FloatArray]] = {}
    for row in positions:
        here = np.array([float(row["pos_x"]), float(row["pos_y"])])
        key = row[""].removesuffix("_sensor"), row["s_id"]
        ends[key] = [ends[key][0], here] if key in ends else [here, here]
    return {key: float(np.hypot(*(last - first))) for key, (first, last) in ends.items()}


def _paired(figures: Sequence[Figure], lengths_m: Mapping[tuple[Side, float], float]) -> FloatArray:
    """Return (N, 2) the true and told lengths of the strides told of."""
    told = [f for f in figures if f.name == "stride_length" and not f.quality.withheld]
    pairs = [
        (true_m, figure.value)
        for (side, end_s), true_m in lengths_m.items()
        for figure in told
        if figure.side is side and abs(figure.t_s - end_s) <= 2 * WINDOW_S
    ]
    return np.array(pairs, np.float64).reshape(-1, 2)


def _matched(
    events: Sequence[GaitEvent],
    marks: Mapping[tuple[Side, GaitEventKind], FloatArray],
    side: Side,
    kind: GaitEventKind,
) -> Matched:
    known_s = marks[side, kind]
    found_s = np.array([event.t_s for event in events if (event.side, event.kind) == (side, kind)])
    near = np.abs(found_s[:, None] - known_s).min(axis=1, initial=np.inf) <= JUDGED_S
    return match(found_s[near], known_s, WINDOW_S)


def _values(evidence: Evidence) -> dict[str, float]:
    contacts, errors_m = evidence.contacts, np.diff(evidence.length_m, axis=1)
    rmse_m = np.sqrt(np.mean(errors_m**2)) if len(errors_m) else np.nan
    return {
        "stride_length_cm": float(rmse_m) * 100,
        "ic_ms": median_ms(contacts[GaitEventKind.INITIAL_CONTACT]),
        "fc_ms": median_ms(contacts[GaitEventKind.FINAL_CONTACT]),
        "f1": f1(joined(list(contacts.values()))),
    }


SET = GaitmapSet()
