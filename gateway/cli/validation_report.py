"""The page of accuracy: what validation found, beside what others have published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.app.validation import Metric, TrialScore
from gateway.cli.validating import Run
from gateway.cli.validation_plots import draw

INTRODUCTION = """\
# Validation

How far the figures can be trusted: on whom, against what, live or afterwards, with which
look-ahead. This page is made by `gaitwire validate`. Nothing here says what a figure means for a
person's health; figures of simulated people are kept apart ([simulated.md](simulated.md)).

*Live* is causal: what the live pipe says, which waits for what comes after by the look-ahead given
at most. *Offline* has the whole recording at hand; where nothing looks ahead, both are the same, to
the bit. *Best known* is what others have published, on other trials or people where it says so.
"""

BOUGHT = """\
## What looking ahead buys

Live, orientation looks at nothing that is to come, and a foot contact at what its set's look-ahead
says. Offline, only orientation knows better: it is filtered forwards and backwards. Everything
else is the live code, whose figures do not depend on how its input is cut.
"""

AGAIN = """\
## Again

Lay out each set in a folder of its name, as its section says, all in one folder DIR:

    gaitwire validate all DIR --report docs/validation.md
    gaitwire validate SET DIR/SET             # one set, live
    gaitwire validate SET DIR/SET --offline --json
"""


def write_report(pairs: Sequence[tuple[Run, Run]], page: Path) -> None:
    """Write ``page`` and its plots beside it, of each set live and offline; raises OSError."""
    plots = page.parent / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    sections = [_section(live, offline, plots) for live, offline in pairs]
    page.write_text("\n".join([INTRODUCTION, *sections, *_bought(pairs), AGAIN]), "utf-8")


def _section(live: Run, offline: Run, plots: Path) -> str:
    about, name = live.chosen.about, live.document.set
    parts = [
        f"## {name}\n",
        f"{about.who[0].upper()}{about.who[1:]}. Truth: {about.truth}. {_amount(live)}\n",
        *_figures(live, offline),
        "",
        *([f"{about.limits}\n"] if about.limits else []),
        f"Published at <{about.source}>, {about.licence}. Layout: {about.layout}.\n",
        *(f"![{plot.stem.replace('_', ' ')}](plots/{plot.name})\n" for plot in draw(live, plots)),
        *_remarks(live),
    ]
    return "\n".join(parts)


def _bought(pairs: Sequence[tuple[Run, Run]]) -> Iterator[str]:
    """Yield what having the whole recording at hand buys, figure by figure."""
    yield BOUGHT
    same, rows = 0, []
    for live, offline in pairs:
        known = {metric.name: metric for metric in live.chosen.metrics}
        for name, value in live.document.summary.items():
            later = offline.document.summary.get(name)
            if value == later:
                same += 1
            else:
                told = (_with_unit(each, known.get(name)) for each in (value, later))
                rows.append(f"| {live.document.set}: `{name}` | {' | '.join(told)} |")
    if rows:
        yield from ("| figure | live | offline |", "|---|---|---|", *rows, "")
    yield f"The other {same} figures of this page are the same live and offline.\n"


def _amount(live: Run) -> str:
    document = live.document
    scored = sum(isinstance(outcome, TrialScore) for outcome in live.outcomes.values())
    compared = f", {document.strides} strides or repetitions with truth" if document.strides else ""
    return (
        f"{document.people} {'person' if document.people == 1 else 'people'}, {scored} trials"
        f"{compared}; look-ahead {document.look_ahead_ms:.0f} ms."
    )


def _figures(live: Run, offline: Run) -> Iterator[str]:
    yield "| figure | live | offline | to reach | best known |"
    yield "|---|---|---|---|---|"
    known = {metric.name: metric for metric in live.chosen.metrics}
    for name, value in live.document.summary.items():
        metric = known.get(name)
        told = (_with_unit(value, metric), _with_unit(offline.document.summary.get(name), metric))
        aim, best = (_aim(metric), metric.best_known) if metric else ("", "")
        yield f"| `{name}` | {told[0]}{_mark(value, metric)} | {told[1]} | {aim} | {best} |"


def _with_unit(value: float | None, metric: Metric | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g} {metric.unit if metric else ''}".strip()


def _aim(metric: Metric) -> str:
    return f"{'≥' if metric.larger_is_better else '≤'} {metric.target:g} {metric.unit}".strip()


def _mark(value: float | None, metric: Metric | None) -> str:
    if metric is None or value is None:
        return ""
    reached = value >= metric.target if metric.larger_is_better else value <= metric.target
    return "" if reached else " — **missed**"


def _remarks(run: Run) -> Iterator[str]:
    told = [t for t in run.document.trials if "remark" in t]
    yield from (f"- {trial['name']}: {trial['remark']}" for trial in told)
    if told:
        yield ""
