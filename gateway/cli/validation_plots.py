"""Plots of the page of accuracy: agreement, Bland–Altman, error over time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gateway.app.validation import TrialScore
from gateway.errors import UsageError
from gateway.messages import FloatArray

if TYPE_CHECKING:
    from gateway.cli.validating import Run

# Fixed, so that the same figures give the same bytes.
_STYLE: Any = {
    "svg.hashsalt": "gaitwire",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_METADATA = {"Date": None}
_MOST_POINTS = 400


def draw(run: Run, folder: Path) -> list[Path]:
    """Draw what the trials of ``run`` give to draw; raises UsageError without matplotlib."""
    scores = {name: o for name, o in run.outcomes.items() if isinstance(o, TrialScore)}
    labels = dict.fromkeys(label for score in scores.values() for label in score.agreement)
    courses = dict.fromkeys(label for score in scores.values() for label in score.course)
    drawn = [*_agreements(scores, labels), *_courses(scores, courses)]
    return [_save(figure, folder / f"{run.document.set}_{name}.svg") for name, figure in drawn]


def _agreements(
    scores: dict[str, TrialScore], labels: dict[str, None]
) -> Iterator[tuple[str, Any]]:
    for label in labels:
        pairs = np.concatenate(
            [s.agreement[label] for s in scores.values() if label in s.agreement]
        )
        figure, (left, right) = _axes(2)
        _agreement(left, label, pairs)
        _bland_altman(right, label, pairs)
        yield _slug(label), figure


def _agreement(axes: Any, label: str, pairs: FloatArray) -> None:
    shown = _thinned(pairs)
    ends = [np.nanmin(pairs), np.nanmax(pairs)]
    axes.plot(ends, ends, color="0.6", linewidth=1)
    axes.plot(shown[:, 0], shown[:, 1], ".", markersize=3)
    axes.set(xlabel=f"true {label}", ylabel=f"measured {label}")


def _bland_altman(axes: Any, label: str, pairs: FloatArray) -> None:
    """Draw differences over means, with bias and limits of agreement (Bland and Altman 1986)."""
    difference = pairs[:, 1] - pairs[:, 0]
    bias, spread = float(np.nanmean(difference)), 1.96 * float(np.nanstd(difference))
    shown = _thinned(pairs)
    axes.plot(shown.mean(axis=1), shown[:, 1] - shown[:, 0], ".", markersize=3)
    for height in (bias - spread, bias, bias + spread):
        axes.axhline(height, color="0.4", linewidth=1, linestyle="-" if height == bias else "--")
    axes.set(xlabel=f"mean {label}", ylabel="measured − true")


def _courses(scores: dict[str, TrialScore], labels: dict[str, None]) -> Iterator[tuple[str, Any]]:
    for label in labels:
        figure, (axes,) = _axes(1)
        for name, score in scores.items():
            if label in score.course:
                shown = _thinned(score.course[label])
                axes.plot(shown[:, 0], shown[:, 1], linewidth=0.7, label=name)
        axes.set(xlabel="time (s)", ylabel=label)
        axes.legend(fontsize=5, ncols=3, frameon=False)
        yield f"{_slug(label)}_over_time", figure


def _axes(count: int) -> tuple[Any, Any]:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "the plots of a report need matplotlib: pip install 'gaitwire[report]'"
        ) from error
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7, 3), layout="constrained")
        return figure, figure.subplots(1, count, squeeze=False)[0]


def _save(figure: Any, path: Path) -> Path:
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        figure.savefig(path, metadata=_METADATA)
    return path


def _thinned(points: FloatArray) -> FloatArray:
    """Return at most so many rows as can be told apart."""
    return points[:: max(1, -(-len(points) // _MOST_POINTS))]


def _slug(label: str) -> str:
    return label.partition(" (")[0].replace(" ", "_")
