"""Mobilise-D example data: one sensor on the lower back against INDIP, or else Stereophoto.

Scored as in mobgap, in the walking bouts that the reference has: contacts within 0.5 s of
reference ones, the mean size of their errors, and the mean stride length, walking speed and
cadence of a bout. A trial's figure is the mean over its bouts, the set's that over its trials.
The pipe is not told where the bouts are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gateway.app.validation import About, Metric, Mode, TrialScore, doubts, means, named
from gateway.app.validation.contacts import Matched, course_ms, f1, joined, match
from gateway.app.validation.hearing import Heard
from gateway.errors import RecordingError
from gateway.messages import Figure, FloatArray, GaitEvent, GaitEventKind, Stride
from gateway.recordings import Recording, open_recording
from gateway.recordings.matlab import load_matlab
from gateway.recordings.mobgap_lowback import trial_names
from inference.gait.lower_back import LOOK_AHEAD_S

WINDOW_S = 0.5
EDGE_S = 0.25
"""A bout of the reference begins and ends with a contact, which is ours if within this of it."""

REFERENCES = ("INDIP", "Stereophoto")
_LABORATORY = "mobgap, in the laboratory: {}, offline"
_FREE = "mobgap, free living: {}, offline, told where the bouts are"


@dataclass(frozen=True)
class Bout:
    """A walking bout of the reference; NaN is what it does not say."""

    start_s: float
    end_s: float
    contacts_s: FloatArray
    strides: int
    stride_length_m: float
    speed_mps: float
    cadence_spm: float

    def holds(self, t_s: float) -> bool:
        """Tell whether ``t_s`` lies in the bout."""
        return self.start_s - EDGE_S <= t_s <= self.end_s + EDGE_S


class MobgapSet:
    """Contacts, speed, stride length and cadence from the lower back alone."""

    name = "mobgap_lowback"
    about = About(
        who="people of several cohorts, in the laboratory: straight walks and daily-life tasks",
        truth="INDIP (insoles and foot sensors), or else optical markers (Stereophoto)",
        source="https://github.com/mobilise-d/mobgap",
        licence="Apache-2.0",
        layout="`COHORT/PERSON/data.mat`; `participant_metadata.json` (heights) in a folder above",
        limits=(
            "In the straight walks with multiple sclerosis INDIP marks the right foot's contacts "
            "110 to 140 ms later than the optical reference does, and after the blow that the "
            "trunk feels: contacts differ from INDIP's by 67 to 77 ms, but from the optical ones "
            "by 9 to 12 ms. These contacts alone make 22 ms of the mean error: much of it is the "
            "reference's own. What the cadence misses lies in the trials of "
            "daily-life tasks, where INDIP lacks contacts that the optical reference has."
        ),
    )
    look_ahead_s = LOOK_AHEAD_S
    metrics = (
        Metric("ic_f1", "", 0.95, _FREE.format("0.925"), larger_is_better=True),
        Metric("ic_ms", "ms", 45.0, _FREE.format("62 ms")),
        Metric("speed_mps", "m/s", 0.085, _LABORATORY.format("0.084 m/s")),
        Metric("stride_length_m", "m", 0.10, _LABORATORY.format("0.101 m")),
        Metric("cadence_spm", "1/min", 2.5, _LABORATORY.format("3.3 1/min")),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every trial of every ``data.mat``."""
        found = (each for file in sorted(folder.rglob("data.mat")) for each in _named(file))
        return named(found, folder)

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Score a trial; raises RecordingError."""
        recording = open_recording(path)
        reference, bouts = _reference(path)
        heard = Heard(recording, GaitEvent, Stride, Figure)
        matched = joined([_matched(heard.all(GaitEvent), bout) for bout in bouts])
        told = np.array([_told(heard, bout) for bout in bouts])
        noted = np.array([[b.speed_mps, b.stride_length_m, b.cadence_spm] for b in bouts])
        errors, speeds = np.abs(told - noted), np.stack([noted[:, 0], told[:, 0]], axis=1)
        return TrialScore(
            person=recording.person,
            strides=sum(bout.strides for bout in bouts),
            values=_values(matched, errors),
            remark="; ".join(
                filter(None, [_remark(reference, heard, errors), _early(recording, bouts)])
            ),
            agreement={"walking speed of a bout (m/s)": speeds[np.isfinite(speeds).all(axis=1)]},
            course={"initial contact error (ms)": course_ms(matched)},
        )

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the means over the trials."""
        return means(scores, self.metrics)


def _named(file: Path) -> Iterator[tuple[str, Path]]:
    person = "/".join(file.absolute().parts[-3:-1])
    try:
        for trial in trial_names(file):
            yield f"{person}/{trial}", file.with_name(f"{file.name}#{trial}")
    except RecordingError:  # which is told when the trial is scored
        yield person, file


def _reference(path: Path) -> tuple[str, list[Bout]]:
    """Return the reference's name and its bouts; raises RecordingError where there are none."""
    file, _, name = path.name.partition("#")
    test, _, trial = name.partition("-")
    try:
        content = load_matlab(path.with_name(file))["data"]["TimeMeasure1"][test][trial]
        for reference in REFERENCES:
            found = content["Standards"].get(reference, {}).get("MicroWB", [])
            bouts = [_bout(each) for each in ([found] if isinstance(found, dict) else found)]
            if bouts:
                return reference, bouts
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = f"its reference is not laid out as this set's ({error})"
        raise RecordingError(f"{path}: {what}") from error
    raise RecordingError(f"{path}: its reference has no walking bout to score against")


def _bout(found: Mapping[str, Any]) -> Bout:
    contacts_s = np.atleast_1d(np.asarray(found["InitialContact_Event"], np.float64))
    return Bout(
        start_s=_number(found["Start"]),
        end_s=_number(found["End"]),
        contacts_s=np.unique(contacts_s[np.isfinite(contacts_s)]),
        strides=int(np.size(found["Stride_Duration"])),
        stride_length_m=_number(found["AverageStrideLength"]),
        speed_mps=_number(found["WalkingSpeed"]),
        cadence_spm=_number(found["Cadence"]),
    )


def _number(value: Any) -> float:
    """Return a number, NaN where MATLAB has an empty array instead."""
    return float(value) if np.size(value) == 1 else math.nan


def _matched(events: Sequence[GaitEvent], bout: Bout) -> Matched:
    found_s = np.array(
        [
            event.t_s
            for event in events
            if event.kind is GaitEventKind.INITIAL_CONTACT and bout.holds(event.t_s)
        ]
    )
    return match(found_s, bout.contacts_s, WINDOW_S)


def _told(heard: Heard, bout: Bout) -> list[float]:
    """Return what the pipe says of the bout: speed, stride length and cadence."""
    strides = [
        stride
        for stride in heard.all(Stride)
        if bout.holds(stride.start_s) and bout.holds(stride.end_s)
    ]
    ends = {(stride.side, stride.end_s) for stride in strides}
    figures = [figure for figure in heard.all(Figure) if (figure.side, figure.t_s) in ends]

    def mean(name: str) -> float:
        return _mean([figure.value for figure in figures if figure.name == name])

    return [
        mean("walking_speed"),
        mean("stride_length"),
        _mean([stride.cadence_spm for stride in strides]),
    ]


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _values(matched: Matched, errors: FloatArray) -> dict[str, float]:
    speed, length, cadence = (_mean(column.tolist()) for column in errors.T)
    return {
        "ic_f1": f1(matched),
        "ic_ms": _mean((np.abs(matched.error_s) * 1e3).tolist()),
        "speed_mps": speed,
        "stride_length_m": length,
        "cadence_spm": cadence,
    }


def _remark(reference: str, heard: Heard, errors: FloatArray) -> str:
    remarks = [f"against {reference}", *([heard.remark] if heard.remark else [])]
    missed = int(np.isnan(errors[:, 2]).sum())
    if missed:
        remarks.append(f"no stride found in {missed} of {len(errors)} bouts")
    lengths = [figure for figure in heard.all(Figure) if figure.name == "stride_length"]
    reasons = sorted({figure.quality.withheld for figure in lengths} - {""})
    if lengths and not np.isfinite(errors[:, 1]).any():
        remarks += reasons
    return "; ".join(remarks)


def _early(recording: Recording, bouts: Sequence[Bout]) -> str:
    last_s = max(bout.end_s for bout in bouts)
    return doubts.ends_early(recording.duration_s, last_s, "its reference")


SET = MobgapSet()
