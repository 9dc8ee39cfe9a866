"""Learn the parameters from motion with truth.

Angles by the Gaussian negative log-likelihood with a variance of their own (Nix & Weigend 1994),
contacts by cross-entropy; Adam with a cosine schedule. Seeds are fixed and everything runs in one
process, so the same configuration on the same machine gives the same parameters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import optax  # type: ignore[import-untyped]  # it ships no types

from inference.model.augmentation import mirrored, sensor_masks, worn
from inference.model.contract import FEATURES, TARGETS
from inference.model.examples import Example, Motion, motion_of, windows
from inference.model.loading import Array
from inference.model.network import Architecture, Parameters, forward, initial_parameters

Progress = Callable[[int, int, float], None]
"""Told after a step: steps done, steps in all, the loss."""

_ANGLES = np.array([target.kind == "gaussian" for target in TARGETS])


class TrainingConfig(msgspec.Struct, frozen=True):
    """Everything that determines a training, but for the motion itself.

    ``people`` learn, ``calibration_people`` set the scale of the uncertainty, and
    ``evaluation_people`` are never seen before they are scored; each moves for ``seconds``.
    """

    seed: int = 1
    people: int = 240
    calibration_people: int = 24
    evaluation_people: int = 24
    seconds: float = 60.0
    steps: int = 6000
    batch: int = 64
    window: int = 250
    learning_rate: float = 3e-3
    architecture: Architecture = Architecture()


QUICK = TrainingConfig(
    people=4, calibration_people=2, evaluation_people=2, seconds=30.0, steps=60, batch=8, window=150
)


def training_hash(config: TrainingConfig, description: str) -> str:
    """Return the SHA-256 (hexadecimal) of ``config`` and what the motion is."""
    content = msgspec.json.encode(config, order="sorted") + description.encode()
    return hashlib.sha256(content).hexdigest()


def train(examples: Iterable[Example], config: TrainingConfig, progress: Progress) -> Parameters:
    """Learn from ``examples``; raises ModelError where they do not fit."""
    rng = np.random.default_rng(config.seed)
    motions = motions_of(examples, config.architecture)
    parameters = initial_parameters(config.architecture, rng)
    optimiser = _optimiser(config)
    state = optimiser.init(parameters)
    step = _step(config.architecture, optimiser)
    for done in range(1, config.steps + 1):
        batch = _batch(motions, config, rng)
        parameters, state, loss = step(parameters, state, *batch)
        if done % 10 == 0 or done == config.steps:
            progress(done, config.steps, float(loss))
    learned: Parameters = jax.tree.map(np.asarray, parameters)
    return learned


def motions_of(examples: Iterable[Example], architecture: Architecture) -> list[Motion]:
    """Bring ``examples`` to the model's rate; raises ModelError."""
    return [motion_of(e, architecture.rate_hz, architecture.look_ahead) for e in examples]


def loss_of(
    parameters: Parameters, architecture: Architecture, x: Any, mask: Any, truth: Any
) -> jax.Array:
    """Return the mean loss of ``x`` (B, T, 48), ``mask`` (B, T, 8), ``truth`` (B, T, 8)."""
    mean, log_variance = forward(parameters, architecture, x, mask)
    error = truth - mean
    likelihood = 0.5 * (log_variance + error * error * jnp.exp(-log_variance))
    entropy = optax.sigmoid_binary_cross_entropy(mean, truth)
    return jnp.mean(jnp.where(_ANGLES, likelihood, 2.0 * entropy))


def _optimiser(config: TrainingConfig) -> optax.GradientTransformation:
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, config.learning_rate, max(1, config.steps // 20), config.steps
    )
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-4))


def _step(architecture: Architecture, optimiser: optax.GradientTransformation) -> Any:
    @jax.jit
    def step(parameters: Parameters, state: Any, x: Any, mask: Any, truth: Any) -> Any:
        loss, gradient = jax.value_and_grad(loss_of)(parameters, architecture, x, mask, truth)
        updates, state = optimiser.update(gradient, state, parameters)
        return optax.apply_updates(parameters, updates), state, loss

    return step


def _batch(
    motions: list[Motion], config: TrainingConfig, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    x, truth = windows(motions, config.batch, config.window, rng)
    half = config.batch // 2
    x[:half], truth[:half] = mirrored(x[:half], truth[:half])
    mask = sensor_masks(config.batch, config.window, rng)
    x = worn(x, config.architecture.rate_hz, rng) * mask[..., None]
    return x.reshape(config.batch, config.window, FEATURES), mask, truth
