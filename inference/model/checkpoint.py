"""What a training leaves: the parameters and everything that led to them, in one ``.npz``."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from gateway.errors import ModelError
from inference.model.loading import Array
from inference.model.network import Dense, Parameters
from inference.model.scores import Evaluation
from inference.model.training import TrainingConfig

_ABOUT = "about"


class Checkpoint(msgspec.Struct, frozen=True):
    """Parameters, how they came about, and their score (None before they were scored)."""

    parameters: Parameters
    config: TrainingConfig
    description: str
    evaluation: Evaluation | None


class _About(msgspec.Struct, frozen=True):
    config: TrainingConfig
    description: str
    evaluation: Evaluation | None


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """Return ``checkpoint`` as the bytes of an ``.npz``; the same one gives the same bytes."""
    about = _About(checkpoint.config, checkpoint.description, checkpoint.evaluation)
    encoded = np.frombuffer(msgspec.json.encode(about), np.uint8)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {_ABOUT: encoded, **_named(checkpoint.parameters)}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what ``to_bytes`` made; raises ModelError."""
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        about = msgspec.json.decode(arrays.pop(_ABOUT).tobytes(), type=_About)
        parameters = _parameters(arrays, len(about.config.architecture.dilations))
    except OSError as error:
        raise ModelError(f"{path}: the checkpoint cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError) as error:
        raise ModelError(
            f"{path}: not a checkpoint of 'gaitwire model train', which is an .npz: {error}"
        ) from error
    return Checkpoint(parameters, about.config, about.description, about.evaluation)


def _named(parameters: Parameters) -> dict[str, Array]:
    dense = {"entry": parameters.entry, "head": parameters.head}
    dense |= {f"layer_{index}": layer for index, layer in enumerate(parameters.layers)}
    return {
        f"{name}_{part}": np.asarray(value, np.float32)
        for name, layer in dense.items()
        for part, value in layer._asdict().items()
    }


def _parameters(arrays: Mapping[str, Array], layers: int) -> Parameters:
    def dense(name: str) -> Dense:
        return Dense(arrays[f"{name}_weight"], arrays[f"{name}_bias"])

    return Parameters(
        dense("entry"), tuple(dense(f"layer_{index}") for index in range(layers)), dense("head")
    )
