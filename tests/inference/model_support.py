"""Small models and streams for the tests of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from gateway.messages import BoolArray, FloatArray, SegmentBlock
from inference.model.contract import CHANNELS, CONTRACT, PLACES, TARGETS, Metadata, Target
from inference.model.export import to_onnx
from inference.model.loading import Model, load_bytes
from inference.model.network import Architecture, Parameters, initial_parameters

ARCHITECTURE = Architecture(width=8, dilations=(1, 3, 9))
OPEN_TARGETS = tuple(Target(target.name, target.unit, target.kind, 1e9) for target in TARGETS)


def metadata(**changes: Any) -> Metadata:
    """Metadata of an untrained model that withholds nothing."""
    plain = Metadata(
        contract=CONTRACT,
        name="test-model",
        version="0",
        licence="Apache-2.0",
        rate_hz=ARCHITECTURE.rate_hz,
        look_ahead=ARCHITECTURE.look_ahead,
        places=PLACES,
        channels=CHANNELS,
        targets=OPEN_TARGETS,
        normalisation=ARCHITECTURE.normalisation,
        training="none",
        training_hash="0" * 64,
        evaluation=None,
    )
    return msgspec.structs.replace(plain, **changes)


def parameters(seed: int = 0, architecture: Architecture = ARCHITECTURE) -> Parameters:
    """Parameters as drawn before training."""
    return initial_parameters(architecture, np.random.default_rng(seed))


def model_content(**changes: Any) -> bytes:
    """The file of an untrained model."""
    return to_onnx(parameters(), ARCHITECTURE, metadata(**changes))


def untrained(**changes: Any) -> Model:
    """An untrained model, loaded."""
    return load_bytes(model_content(**changes), "test model")


def segments(
    seconds: float,
    rate_hz: float = 100.0,
    start: int = 0,
    present: BoolArray | None = None,
    calibrated: BoolArray | None = None,
    seed: int = 0,
) -> SegmentBlock:
    """Motion without sense, NaN where ``present`` (8,) is False."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate_hz)
    there = np.ones(8, np.bool_) if present is None else present
    valid = np.tile(there, (count, 1))
    acc = np.where(valid[..., None], rng.normal(0.0, 5.0, (count, 8, 3)), np.nan)
    gyr = np.where(valid[..., None], rng.normal(0.0, 2.0, (count, 8, 3)), np.nan)
    return SegmentBlock(
        person="p",
        start=start,
        rate_hz=rate_hz,
        ready_ns=5,
        places=PLACES,
        acc=acc,
        gyr=gyr,
        quat=np.zeros((count, 8, 4)),
        valid=valid,
        real=valid.copy(),
        calibrated=np.ones(8, np.bool_) if calibrated is None else calibrated,
    )


@dataclass(frozen=True)
class Swinging:
    """A person whose hips swing and whose feet touch the ground in front: an ``Example``."""

    person: str
    rate_hz: float
    acc: FloatArray
    gyr: FloatArray
    angle_rad: FloatArray
    contact: BoolArray


def swinging(seed: int, seconds: float = 20.0, rate_hz: float = 100.0) -> Swinging:
    """Every angle follows the thighs' pitch, which gyroscope and accelerometer show."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    omega = 2 * np.pi * rng.uniform(0.6, 1.2)
    phase = omega * t + rng.uniform(0, 2 * np.pi)
    pitch, rate = 0.5 * np.sin(phase), 0.5 * omega * np.cos(phase)
    acc, gyr = np.zeros((len(t), 8, 3)), np.zeros((len(t), 8, 3))
    acc[..., 0], acc[..., 1] = 9.8 * np.sin(pitch)[:, None], 9.8 * np.cos(pitch)[:, None]
    gyr[..., 2] = rate[:, None]
    angle = np.repeat(pitch[:, None], 6, axis=1)
    contact = np.repeat(pitch[:, None] > 0, 2, axis=1)
    return Swinging(f"swinging {seed}", rate_hz, acc, gyr, angle, contact)
