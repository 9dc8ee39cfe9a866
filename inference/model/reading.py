"""How the raw outputs of a model are read as figures with a standard deviation."""

from __future__ import annotations

import numpy as np

from gateway.messages import BoolArray, FloatArray
from inference.model.contract import Metadata
from inference.model.loading import Array

GREATEST_LOG_VARIANCE = 20.0


class Reading:
    """Reads outputs by the targets of ``metadata``."""

    def __init__(self, metadata: Metadata) -> None:
        self._contact = np.array([target.kind == "bernoulli" for target in metadata.targets])
        self._limit = np.array([target.sd_limit for target in metadata.targets])

    def read(
        self, mean: Array, log_variance: Array, present: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation (T, K) in the targets' units.

        A probability's standard deviation is that of the yes or no it foretells, √(p(1 − p)).
        NaN where ``present`` (T,) is False or the standard deviation is above its limit.
        """
        value = mean.astype(np.float64)
        probability = 0.5 + 0.5 * np.tanh(0.5 * value)  # the logistic function
        sd = log_variance.astype(np.float64)
        np.minimum(sd, GREATEST_LOG_VARIANCE, out=sd)
        sd *= 0.5
        np.exp(sd, out=sd)
        np.copyto(value, probability, where=self._contact)
        probability *= 1.0 - probability
        np.copyto(sd, np.sqrt(probability, out=probability), where=self._contact)
        withheld = sd <= self._limit
        withheld &= present[:, None]
        np.logical_not(withheld, out=withheld)
        np.copyto(value, np.nan, where=withheld)
        np.copyto(sd, np.nan, where=withheld)
        return value, sd
