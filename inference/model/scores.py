"""How good a model is: the documents that ``evaluate`` gives and a model file carries."""

from __future__ import annotations

import msgspec


class AngleScore(msgspec.Struct, frozen=True):
    """One angle. Errors are over the samples at which it was given, ``given`` is their share.

    ``within_1sd`` and ``within_2sd`` are the shares of errors inside the stated standard
    deviation and twice that: 0.68 and 0.95 where the uncertainty is right.
    """

    target: str
    given: float
    rmse_deg: float | None
    mean_sd_deg: float | None
    within_1sd: float | None
    within_2sd: float | None


class ContactScore(msgspec.Struct, frozen=True):
    """One foot's contact, sample by sample; ``f1_swing`` is that of no contact."""

    target: str
    accuracy: float
    f1_contact: float
    f1_swing: float


class SubsetScore(msgspec.Struct, frozen=True):
    """The model with some of the sensors."""

    name: str
    places: tuple[str, ...]
    angles: tuple[AngleScore, ...]
    contacts: tuple[ContactScore, ...]


class Evaluation(msgspec.Struct, frozen=True):
    """The whole score and what it was made on."""

    data: str
    people: int
    minutes: float
    mode: str
    look_ahead_ms: float
    subsets: tuple[SubsetScore, ...]
