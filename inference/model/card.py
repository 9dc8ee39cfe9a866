"""The model card, written from what the model file itself says."""

from __future__ import annotations

from collections.abc import Iterable

from inference.model.contract import Metadata
from inference.model.scores import AngleScore, Evaluation, SubsetScore

_CARD = """\
# {name} {version}

Licence {licence} · contract {contract} · training {training_hash}

## What it does
From the accelerometers and gyroscopes of any of eight places ({places}), aligned to the body's
segments, it estimates {targets}. It runs causally at {rate:g} Hz and tells of the moment
{look_ahead:g} ms ago. Every figure comes with a standard deviation; one that is too uncertain
(above {limits}) is withheld.

## Intended use
Live feedback and a second opinion beside the rule-based figures, for adults who walk, squat or do
seated knee extensions with calibrated sensors. Not for diagnosis, not for predicting falls, not for
deciding on treatment or return to sport, and not as the only source of a clinical figure.

## Training data
{training}

## Figures
{figures}

## Limits
- Everything above is on simulated people; the errors on real ones are unknown and larger. The
  standard deviation covers only what the simulation varies.
- Pathological gait, walking aids, stairs, running and children are not in the training data.
- A sensor counts only after its alignment was calibrated; a belt that slips afterwards biases the
  angles without widening the standard deviation.
- With few sensors the model fills in what is missing from the habits of its simulated people.
"""


def card(metadata: Metadata) -> str:
    """Return the model card in Markdown."""
    limits = sorted({f"{t.sd_limit:g} {t.unit}" for t in metadata.targets if t.kind == "gaussian"})
    return _CARD.format(
        name=metadata.name,
        version=metadata.version,
        licence=metadata.licence,
        contract=metadata.contract,
        training_hash=metadata.training_hash[:16],
        places=_listed(metadata.places),
        targets=_listed(f"{t.name} ({t.unit})" for t in metadata.targets),
        rate=metadata.rate_hz,
        look_ahead=1e3 * metadata.look_ahead / metadata.rate_hz,
        limits=", ".join(limits),
        training=metadata.training,
        figures=_figures(metadata.evaluation, metadata.training),
    )


def _figures(evaluation: Evaluation | None, training: str) -> str:
    if evaluation is None:
        return "Never scored: run `gaitwire model evaluate`."
    lines = [
        _basis(evaluation, training),
        "",
        "| sensors | figure | given | RMSE | mean SD | within 1 SD | within 2 SD |",
        "|---|---|---|---|---|---|---|",
        *(row for subset in evaluation.subsets for row in _angle_rows(subset)),
        "",
        "| sensors | figure | accuracy | F1 contact | F1 swing |",
        "|---|---|---|---|---|",
        *(row for subset in evaluation.subsets for row in _contact_rows(subset)),
    ]
    return "\n".join(lines)


def _basis(evaluation: Evaluation, training: str) -> str:
    alike = evaluation.data == training
    return (
        f"{evaluation.people} held-out people, {evaluation.minutes:g} minutes, {evaluation.mode}, "
        f"look-ahead {evaluation.look_ahead_ms:g} ms. "
        f"{'Simulated as in the training.' if alike else evaluation.data}"
    )


def _angle_rows(subset: SubsetScore) -> Iterable[str]:
    for score in subset.angles:
        cells = angle_cells(score)
        yield f"| {subset.name} | {' | '.join(cells)} |"


def angle_cells(score: AngleScore) -> tuple[str, ...]:
    """Return one angle's score as the cells of a table."""
    return (
        spoken(score.target),
        _percent(score.given),
        _degrees(score.rmse_deg),
        _degrees(score.mean_sd_deg),
        _percent(score.within_1sd),
        _percent(score.within_2sd),
    )


def _contact_rows(subset: SubsetScore) -> Iterable[str]:
    for score in subset.contacts:
        figures = (score.accuracy, score.f1_contact, score.f1_swing)
        cells = " | ".join(f"{value:.3f}" for value in figures)
        yield f"| {subset.name} | {spoken(score.target)} | {cells} |"


def spoken(target: str) -> str:
    """Return the name of a target as a person says it."""
    return target.replace("_", " ")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _degrees(angle: float | None) -> str:
    return "–" if angle is None else f"{angle:.1f}°"


def _listed(names: Iterable[str]) -> str:
    *most, last = [name.replace("_", " ") for name in names]
    return f"{', '.join(most)} and {last}" if most else last
