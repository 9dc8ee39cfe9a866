"""Felius et al.: two minutes of walking, test and retest, after a stroke and in health.

Nothing is known of the walks but that the same people walked twice: what can be judged is whether
the second walk gives the figures of the first. A retest goes with the test of the same subject
with the same walking aid, or else with any other. The set files some walks twice under different
names; a pair whose walks are one and the same is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from gateway.app.validation import About, Metric, Mode, TrialScore, named
from gateway.app.validation.agreement import intraclass_correlation
from gateway.app.validation.hearing import Heard
from gateway.messages import Stride
from gateway.recordings import open_recording
from inference.gait.contact_kernels import LOOK_AHEAD_S

LEAST_STRIDES = 12
"""Six of each foot, the least for any figure of gait (PMC7558375)."""

_NAME = re.compile(
    r"(?P<subject>[^_]+)_(?P<status>[^_]+)_TestRetest_(?P<session>Test|Hertest)_(?P<aid>[^_]+)"
)
_FEET = ("leftfoot", "rightfoot")


@dataclass(frozen=True, slots=True)
class Walk:
    """What the summary needs of a walk: its name, a digest of its samples, and its figures."""

    name: str
    digest: str
    stride_time_s: float
    cadence_spm: float


class FeliusSet:
    """Agreement of stride time and cadence between test and retest."""

    name = "felius_stroke_2mwt"
    about = About(
        who="people after a stroke and healthy ones, walking for two minutes",
        truth="none: a second walk of the same person on another day",
        source="https://doi.org/10.5281/zenodo.11045239",
        licence="MIT, says the Zenodo record; the repository has none",
        layout="`SUBJECT_STATUS_TestRetest_SESSION_AID_PLACE.csv`, SESSION `Test` or `Hertest`",
        limits=(
            "The two people here who walked twice have nearly the same stride time, 1.14 to "
            "1.21 s, and one walked differently the second time: an intraclass correlation of "
            "them says nothing, so the target can neither be reached nor missed here. Of one "
            "person after a stroke 5 to 11 of 100 strides are not told, of the others hardly any."
        ),
    )
    look_ahead_s = LOOK_AHEAD_S
    metrics = (
        Metric("icc", "", 0.95, "none published for this set", larger_is_better=True),
        Metric("stride_time_icc", "", 0.95, "", larger_is_better=True),
        Metric("cadence_icc", "", 0.95, "", larger_is_better=True),
    )

    def trials(self, folder: Path) -> Mapping[str, Path]:
        """Return every walk by the file of one of its feet."""
        found = {
            (path.parent, path.stem.rpartition("_")[0]): path
            for foot in reversed(_FEET)
            for path in sorted(folder.rglob(f"*_{foot}.csv"))
        }
        return named(((name, path) for (_, name), path in found.items()), folder)

    def score(self, path: Path, mode: Mode) -> TrialScore:  # noqa: ARG002, the same in both
        """Return the usual stride time and cadence of both feet; raises RecordingError."""
        recording = open_recording(path)
        heard = Heard(recording, Stride)
        strides = [stride for stride in heard.all(Stride) if not stride.quality.withheld]
        if len(strides) < LEAST_STRIDES:
            remark = f"only {len(strides)} of the {LEAST_STRIDES} strides that a figure needs"
            return TrialScore(recording.person, len(strides), {}, remark=remark)
        values = {
            "stride_time_s": median(stride.stride_time_s for stride in strides),
            "cadence_spm": median(stride.cadence_spm for stride in strides),
        }
        walk = Walk(recording.name, _digest(path), values["stride_time_s"], values["cadence_spm"])
        return TrialScore(recording.person, len(strides), values, walk, heard.remark)

    def summary(self, scores: Sequence[TrialScore]) -> Mapping[str, float]:
        """Return the agreement of all pairs, and the smaller of the two."""
        walks = [score.evidence for score in scores if score.evidence is not None]
        pairs = list(_pairs(walks))
        stride_time = _icc([[w.stride_time_s for w in pair] for pair in pairs])
        cadence = _icc([[w.cadence_spm for w in pair] for pair in pairs])
        return {
            "icc": float(np.minimum(stride_time, cadence)),
            "stride_time_icc": stride_time,
            "cadence_icc": cadence,
        }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pairs(walks: Sequence[Walk]) -> Iterator[tuple[Walk, Walk]]:
    """Yield test and retest of every subject with both, each pair of recordings once."""
    known = {walk.name: found for walk in walks if (found := _NAME.fullmatch(walk.name))}
    by_name = {walk.name: walk for walk in walks}
    tests = [name for name, found in known.items() if found["session"] == "Test"]
    seen: set[frozenset[str]] = set()
    for name, found in known.items():
        own = [test for test in tests if known[test]["subject"] == found["subject"]]
        if found["session"] == "Test" or not own:
            continue
        test = min(own, key=lambda each: known[each]["aid"] != found["aid"])
        recordings = frozenset({by_name[test].digest, by_name[name].digest})
        if len(recordings) == 2 and recordings not in seen:
            seen.add(recordings)
            yield by_name[test], by_name[name]


def _icc(pairs: Sequence[Sequence[float]]) -> float:
    return intraclass_correlation(np.array(pairs, np.float64).reshape(-1, 2))


SET = FeliusSet()
