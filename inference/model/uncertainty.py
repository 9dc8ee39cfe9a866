"""Make the stated uncertainty right for people the model did not learn from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gateway.messages import FloatArray
from inference.model.augmentation import SUBSETS, worn
from inference.model.evaluation import SCORED, raw_outputs
from inference.model.examples import Example, motion_of
from inference.model.loading import Model
from inference.model.network import Parameters

SHARE, DEVIATIONS = 0.9545, 2.0
"""A Gaussian holds this share within this many standard deviations."""


def variance_scale(model: Model, examples: Iterable[Example], seed: int) -> FloatArray:
    """Return by what (K,) the variances must grow to hold 95 % of errors within twice their sd.

    Over ``examples`` with every scored set of sensors; 1 for targets that are not ``gaussian``.
    Matched at two deviations, because that is the interval that people act on.
    """
    rng = np.random.default_rng(seed)
    ratios: list[FloatArray] = []
    for example in examples:
        motion = motion_of(example, model.metadata.rate_hz, model.metadata.look_ahead)
        x = worn(motion.x[None], model.metadata.rate_hz, rng)[0]
        for name in SCORED:
            mean, log_variance = raw_outputs(model, x, SUBSETS[name])
            sd = np.exp(0.5 * log_variance.astype(np.float64))
            ratios.append(np.abs(motion.truth - mean) / sd)
    reach = np.quantile(np.concatenate(ratios), SHARE, axis=0) / DEVIATIONS
    gaussian = np.array([target.kind == "gaussian" for target in model.metadata.targets])
    scale: FloatArray = np.where(gaussian, reach**2, 1.0)
    return scale


def rescaled(parameters: Parameters, scale: FloatArray) -> Parameters:
    """Return ``parameters`` with the variances of the K targets multiplied by ``scale`` (K,)."""
    bias = np.array(parameters.head.bias, np.float32)
    bias[len(scale) :] += np.log(scale).astype(np.float32)
    return parameters._replace(head=parameters.head._replace(bias=bias))
