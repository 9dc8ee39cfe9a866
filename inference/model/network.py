"""The network: causal dilated layers of three taps, in JAX, for training.

``h = relu(V x + c)``, then for each dilation d ``h = h + relu(W [h(t − 2d), h(t − d), h(t)] + b)``.
With d = 1, 3, 9, 27 the layers reach every one of the last 81 samples once. Before the first sample
every layer's past is zero, as it is in the exported model. Causal dilated layers with shortcuts
follow Bai, Kolter & Koltun 2018 (arXiv 1803.01271).
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from numpy.typing import NDArray

from inference.model.contract import FEATURES, PLACES, TARGETS, Normalisation

TAPS = 3
LOG_VARIANCE_RANGE = (-9.0, 2.0)
"""Standard deviations of 0.6° to 156°: keeps the likelihood finite early in training."""


class Architecture(msgspec.Struct, frozen=True):
    """Everything that fixes the shapes: ``width`` channels, one layer a dilation."""

    width: int = 32
    dilations: tuple[int, ...] = (1, 3, 9, 27)
    look_ahead: int = 2
    rate_hz: float = 50.0
    normalisation: Normalisation = Normalisation(1 / 9.80665, 0.25, 8.0)


class Dense(NamedTuple):
    """An affine map: ``weight`` (inputs, outputs), ``bias`` (outputs,)."""

    weight: jax.Array | NDArray[np.float32]
    bias: jax.Array | NDArray[np.float32]


class Parameters(NamedTuple):
    """All that is learned; ``head`` gives the K means or logits, then the K log-variances."""

    entry: Dense
    layers: tuple[Dense, ...]
    head: Dense


def initial_parameters(architecture: Architecture, rng: np.random.Generator) -> Parameters:
    """Draw parameters: He et al. 2015 for the layers, a small head."""
    width = architecture.width
    inputs = FEATURES + len(PLACES)
    return Parameters(
        _dense(rng, inputs, width, np.sqrt(2 / inputs)),
        tuple(
            _dense(rng, TAPS * width, width, np.sqrt(2 / (TAPS * width)))
            for _ in architecture.dilations
        ),
        _dense(rng, width, 2 * len(TARGETS), 0.05),
    )


def feature_scale(normalisation: Normalisation) -> NDArray[np.float32]:
    """Return the scale (48,) of every feature."""
    one_place = [normalisation.acc_scale] * 3 + [normalisation.gyr_scale] * 3
    return np.tile(np.array(one_place, np.float32), len(PLACES))


def forward(
    parameters: Parameters, architecture: Architecture, x: jax.Array, mask: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return mean or logit and log-variance (B, T, K) for ``x`` (B, T, 48), ``mask`` (B, T, 8)."""
    normalisation = architecture.normalisation
    scaled = jnp.clip(x * feature_scale(normalisation), -normalisation.limit, normalisation.limit)
    features = jnp.concatenate([scaled, mask], axis=2)
    hidden = jax.nn.relu(features @ parameters.entry.weight + parameters.entry.bias)
    for layer, dilation in zip(parameters.layers, architecture.dilations, strict=True):
        hidden += jax.nn.relu(_taps(hidden, dilation) @ layer.weight + layer.bias)
    raw = hidden @ parameters.head.weight + parameters.head.bias
    count = len(TARGETS)
    return raw[..., :count], jnp.clip(raw[..., count:], *LOG_VARIANCE_RANGE)


def _taps(hidden: jax.Array, dilation: int) -> jax.Array:
    length = hidden.shape[1]
    padded = jnp.pad(hidden, ((0, 0), (2 * dilation, 0), (0, 0)))
    taps = [padded[:, tap * dilation : tap * dilation + length] for tap in range(TAPS)]
    return jnp.concatenate(taps, axis=2)


def _dense(rng: np.random.Generator, inputs: int, outputs: int, sd: float) -> Dense:
    weight = rng.normal(0.0, sd, (inputs, outputs)).astype(np.float32)
    return Dense(weight, np.zeros(outputs, np.float32))
