"""What a model file must hold: its inputs, outputs, states and metadata.

Inputs, all float32, for T consecutive samples at the model's rate:

- ``x`` [1, T, 48]: for each place in the order of ``PLACES`` specific force (m/s²) and angular rate
  (rad/s) in segment axes (x forward, y up, z right); 0 where the place has no sensor;
- ``mask`` [1, T, 8]: 1 where the place has a sensor, else 0;
- ``state_0`` … ``state_n`` [1, P, C], fixed sizes: what the model remembers; zeros at the start.

Outputs: ``mean`` and ``log_variance`` [1, T, K] for the K targets, and ``next_state_0`` … of the
shapes of the states. Row ``n`` speaks of the sample ``look_ahead`` earlier. A ``gaussian`` target
has its mean in ``unit`` and the logarithm of its variance in ``unit²``; for a ``bernoulli`` target
``mean`` is the logit of its probability and ``log_variance`` is not read.

Metadata: one entry a field of ``Metadata``, named ``gaitwire.<field>``, its value as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from gateway.errors import ModelError
from gateway.messages import JOINTS, Place, Places
from inference.model.scores import Evaluation

CONTRACT = 1
PLACES: Places = (
    Place.PELVIS,
    Place.LEFT_THIGH,
    Place.RIGHT_THIGH,
    Place.LEFT_SHANK,
    Place.RIGHT_SHANK,
    Place.LEFT_FOOT,
    Place.RIGHT_FOOT,
    Place.STERNUM,
)
"""The places that a model knows, whatever others are worn."""

PREFIX = "gaitwire."
CHANNELS = ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")
FEATURES = len(PLACES) * len(CHANNELS)
FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)


class Target(msgspec.Struct, frozen=True):
    """One figure that the model gives.

    An estimate whose standard deviation is above ``sd_limit`` (in ``unit``) is withheld.
    """

    name: str
    unit: str
    kind: Literal["gaussian", "bernoulli"]
    sd_limit: float


class Normalisation(msgspec.Struct, frozen=True):
    """What the graph does to ``x`` first: times a scale, then cut off at ± ``limit``."""

    acc_scale: float
    gyr_scale: float
    limit: float


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a model file says of itself.

    ``training_hash`` is the SHA-256 of everything that determines the training; ``evaluation`` is
    the score on held-out persons, null where it was never made.
    """

    contract: int
    name: str
    version: str
    licence: str
    rate_hz: float
    look_ahead: int
    places: tuple[str, ...]
    channels: tuple[str, ...]
    targets: tuple[Target, ...]
    normalisation: Normalisation
    training: str
    training_hash: str
    evaluation: Evaluation | None


TARGETS = (
    *(Target(f"{joint}_flexion", "rad", "gaussian", 0.175) for joint in JOINTS),
    *(Target(f"{foot}_contact", "1", "bernoulli", 0.5) for foot in FEET),
)


def to_entries(metadata: Metadata) -> dict[str, str]:
    """Return ``metadata`` as the entries of a model file."""
    fields: dict[str, object] = msgspec.to_builtins(metadata)
    return {f"{PREFIX}{key}": msgspec.json.encode(value).decode() for key, value in fields.items()}


def from_entries(entries: Mapping[str, str], where: str) -> Metadata:
    """Read the entries of a model file called ``where``; raises ModelError."""
    ours = {
        key.removeprefix(PREFIX): value for key, value in entries.items() if key.startswith(PREFIX)
    }
    missing = [field for field in Metadata.__struct_fields__ if field not in ours]
    if missing:
        raise ModelError(
            f"{where}: its metadata does not say {', '.join(missing)}; make it with "
            "'gaitwire model train', or add the entries that docs/model.md lists"
        )
    document = "{" + ",".join(f'"{key}":{value}' for key, value in ours.items()) + "}"
    try:
        metadata = msgspec.json.decode(document, type=Metadata)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ModelError(f"{where}: its metadata cannot be read: {error}") from error
    _check(metadata, where)
    return metadata


def _check(metadata: Metadata, where: str) -> None:
    facts = {
        "contract version": (metadata.contract, CONTRACT),
        "places": (metadata.places, PLACES),
        "channels": (metadata.channels, CHANNELS),
    }
    for name, (found, expected) in facts.items():
        if found != expected:
            raise ModelError(f"{where}: its {name} must be {_shown(expected)}, not {_shown(found)}")
    if not 1.0 <= metadata.rate_hz <= 1000.0:
        raise ModelError(f"{where}: its rate must be 1 to 1000 Hz, not {metadata.rate_hz:g} Hz")
    if not 0 <= metadata.look_ahead <= metadata.rate_hz:
        raise ModelError(
            f"{where}: its look-ahead must be 0 to 1 s, not {metadata.look_ahead} samples "
            f"at {metadata.rate_hz:g} Hz"
        )
    names = [target.name for target in metadata.targets]
    if not names or len(set(names)) < len(names):
        raise ModelError(f"{where}: its targets must have names of their own, not {names}")


def _shown(value: object) -> str:
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)
