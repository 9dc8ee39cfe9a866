"""Score a model on persons that it never saw, as it runs live, with all and with some sensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gateway.errors import ModelError
from gateway.messages import BoolArray, FloatArray, Place
from inference.model.augmentation import SUBSETS, place_mask, worn
from inference.model.contract import FEATURES, TARGETS
from inference.model.examples import Example, motion_of
from inference.model.loading import Array, Model
from inference.model.reading import Reading
from inference.model.scores import AngleScore, ContactScore, Evaluation, SubsetScore

SCORED = ("all", "feet", "shanks and thighs", "shanks")

EvaluationProgress = Callable[[int], None]
"""Told after a person: persons done."""


def evaluate(
    model: Model,
    examples: Iterable[Example],
    data: str,
    seed: int = 0,
    progress: EvaluationProgress = lambda _: None,
) -> Evaluation:
    """Score ``model`` on ``examples``; raises ModelError where they do not fit.

    ``data`` says what the examples are, ``seed`` fixes the faults of their sensors.
    """
    metadata = model.metadata
    columns, reading = truth_columns(model), Reading(metadata)
    rng = np.random.default_rng(seed)
    outputs: dict[str, list[tuple[FloatArray, FloatArray]]] = {name: [] for name in SCORED}
    truths: list[Array] = []
    for done, example in enumerate(examples, 1):
        motion = motion_of(example, metadata.rate_hz, metadata.look_ahead)
        x = worn(motion.x[None], metadata.rate_hz, rng)[0]
        truths.append(motion.truth[:, columns])
        for name in SCORED:
            raw = raw_outputs(model, x, SUBSETS[name])
            outputs[name].append(reading.read(*raw, np.ones(len(x), np.bool_)))
        progress(done)
    truth = np.concatenate(truths).astype(np.float64)
    return Evaluation(
        data=data,
        people=len(truths),
        minutes=round(len(truth) / metadata.rate_hz / 60.0, 1),
        mode="live (causal)",
        look_ahead_ms=1e3 * metadata.look_ahead / metadata.rate_hz,
        subsets=tuple(_subset(model, name, outputs[name], truth) for name in SCORED),
    )


def raw_outputs(model: Model, x: Array, places: tuple[Place, ...]) -> tuple[Array, Array]:
    """Run ``x`` (N, 8, 6) with only the sensors at ``places``; return mean and log-variance."""
    mask = np.tile(place_mask(places), (len(x), 1))
    features = (x * mask[..., None]).reshape(len(x), FEATURES)
    mean, log_variance, _ = model.run(features, mask, model.initial_state())
    return mean, log_variance


def truth_columns(model: Model) -> list[int]:
    """Return where the truth of the model's targets lies; raises ModelError for unknown ones."""
    known = [target.name for target in TARGETS]
    unknown = [t.name for t in model.metadata.targets if t.name not in known]
    if unknown:
        raise ModelError(
            f"{model.where}: there is no truth to score {', '.join(unknown)} by; known are "
            f"{', '.join(known)}"
        )
    return [known.index(target.name) for target in model.metadata.targets]


def _subset(
    model: Model, name: str, outputs: list[tuple[FloatArray, FloatArray]], truth: FloatArray
) -> SubsetScore:
    mean, sd = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
    angles, contacts = [], []
    for column, target in enumerate(model.metadata.targets):
        if target.kind == "gaussian":
            score = angle_score(target.name, mean[:, column], sd[:, column], truth[:, column])
            angles.append(score)
        else:
            said = mean[:, column] >= 0.5
            contacts.append(contact_score(target.name, said, truth[:, column] >= 0.5))
    return SubsetScore(name, SUBSETS[name], tuple(angles), tuple(contacts))


def angle_score(name: str, mean: FloatArray, sd: FloatArray, truth: FloatArray) -> AngleScore:
    """Score one angle (N,) in radians; NaN in ``mean`` is withheld."""
    given = np.isfinite(mean)
    if not given.any():
        return AngleScore(name, 0.0, None, None, None, None)
    error, spread = np.abs(mean - truth)[given], sd[given]
    return AngleScore(
        target=name,
        given=round(float(given.mean()), 4),
        rmse_deg=round(float(np.degrees(np.sqrt(np.mean(error**2)))), 2),
        mean_sd_deg=round(float(np.degrees(spread.mean())), 2),
        within_1sd=round(float(np.mean(error <= spread)), 3),
        within_2sd=round(float(np.mean(error <= 2 * spread)), 3),
    )


def contact_score(name: str, said: BoolArray, truth: BoolArray) -> ContactScore:
    """Score one foot's contact (N,)."""
    return ContactScore(
        target=name,
        accuracy=round(float(np.mean(said == truth)), 4),
        f1_contact=_f1(said, truth),
        f1_swing=_f1(~said, ~truth),
    )


def _f1(said: BoolArray, truth: BoolArray) -> float:
    found = 2 * int(np.count_nonzero(said & truth))
    total = int(np.count_nonzero(said)) + int(np.count_nonzero(truth))
    return round(found / total, 4) if total else 1.0
