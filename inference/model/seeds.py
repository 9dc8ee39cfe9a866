"""Which seeds of persons serve what: no person ever teaches and is scored."""

from __future__ import annotations

_EVALUATION = 10_000
_CALIBRATION = 50_000
_TRAINING = 100_000
_PEOPLE_A_TRAINING = 10_000


def training_seeds(training: int, count: int) -> range:
    """Return ``count`` persons for the training with seed ``training``."""
    first = _TRAINING + _PEOPLE_A_TRAINING * training
    return range(first, first + count)


def calibration_seeds(count: int) -> range:
    """Return ``count`` persons by whom the stated uncertainty is set."""
    return range(_CALIBRATION, _CALIBRATION + count)


def evaluation_seeds(count: int) -> range:
    """Return ``count`` persons who are only ever scored."""
    return range(_EVALUATION, _EVALUATION + count)
