"""The whole way from people in motion to a model file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from inference.model.checkpoint import Checkpoint
from inference.model.contract import CHANNELS, CONTRACT, PLACES, TARGETS, Metadata
from inference.model.evaluation import evaluate
from inference.model.examples import Example
from inference.model.export import to_onnx
from inference.model.loading import Model, load_bytes
from inference.model.seeds import calibration_seeds, evaluation_seeds, training_seeds
from inference.model.training import Progress, TrainingConfig, train, training_hash
from inference.model.uncertainty import rescaled, variance_scale

NAME = "gaitwire-motion"
VERSION = "1.0"
LICENCE = "Apache-2.0"

People = Callable[[Iterable[int], float], Iterable[Example]]
"""Gives the persons of these seeds, each moving for so many seconds."""


def make(
    people: People, description: str, config: TrainingConfig, progress: Progress
) -> Checkpoint:
    """Train on ``people``, whom ``description`` describes; raises ModelError where they do not fit.

    The persons who teach, who set the uncertainty and who are scored have seeds of their own.
    """
    teachers = people(training_seeds(config.seed, config.people), config.seconds)
    parameters = train(teachers, config, progress)
    raw = Checkpoint(parameters, config, description, None)
    judges = people(calibration_seeds(config.calibration_people), config.seconds)
    scale = variance_scale(_loaded(raw), judges, config.seed)
    made = Checkpoint(rescaled(parameters, scale), config, description, None)
    strangers = people(evaluation_seeds(config.evaluation_people), config.seconds)
    scored = evaluate(_loaded(made), strangers, description)
    return msgspec.structs.replace(made, evaluation=scored)


def model_bytes(checkpoint: Checkpoint) -> bytes:
    """Return the model file of ``checkpoint``; raises ModelError if it breaks the contract."""
    architecture = checkpoint.config.architecture
    content = to_onnx(checkpoint.parameters, architecture, metadata_of(checkpoint))
    load_bytes(content, "the exported model")
    return content


def metadata_of(checkpoint: Checkpoint) -> Metadata:
    """Return what the model file of ``checkpoint`` says of itself."""
    architecture = checkpoint.config.architecture
    digest = training_hash(checkpoint.config, checkpoint.description)
    return Metadata(
        contract=CONTRACT,
        name=NAME,
        version=f"{VERSION}+{digest[:8]}",
        licence=LICENCE,
        rate_hz=architecture.rate_hz,
        look_ahead=architecture.look_ahead,
        places=PLACES,
        channels=CHANNELS,
        targets=TARGETS,
        normalisation=architecture.normalisation,
        training=checkpoint.description,
        training_hash=digest,
        evaluation=checkpoint.evaluation,
    )


def _loaded(checkpoint: Checkpoint) -> Model:
    return load_bytes(model_bytes(checkpoint), "the trained model")
