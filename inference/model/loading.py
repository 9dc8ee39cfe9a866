"""Load a model file, hold it to the contract, and run it.

One thread, no spinning, deterministic kernels: the same bytes in give the same bytes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ModelError
from inference.model.contract import FEATURES, PLACES, Metadata, from_entries

Array = NDArray[np.float32]
State = tuple[Array, ...]

SHIPPED = "gaitwire-motion-1.0.onnx"
PLACE_COUNT = len(PLACES)
MOST_BYTES = 1 << 28
"""A larger file is none that could run live."""
NAME_ANOTHER = "name an .onnx file, or none for the one in the package"


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model; ``where`` is its file as a person knows it.

    ``outputs`` are the names of what it returns, which the runtime would else ask for every run.
    """

    metadata: Metadata
    where: str
    session: Any
    state_shapes: tuple[tuple[int, ...], ...]
    outputs: tuple[str, ...]

    def initial_state(self) -> State:
        """Return the state before the first sample."""
        return tuple(np.zeros(shape, np.float32) for shape in self.state_shapes)

    def run(self, x: Array, mask: Array, state: State) -> tuple[Array, Array, State]:
        """Run T samples: ``x`` (T, 48), ``mask`` (T, 8).

        Returns mean (T, K), log-variance (T, K) and the next state.
        """
        feed = {"x": x[None], "mask": mask[None]}
        for index, past in enumerate(state):
            feed[f"state_{index}"] = past
        mean, log_variance, *following = self.session.run(self.outputs, feed)
        return mean[0], log_variance[0], tuple(following)


def load(path: Path | None = None) -> Model:
    """Load ``path``, or the model in the package; raises ModelError with the reason."""
    if path is None:
        content = resources.files("inference.model.files").joinpath(SHIPPED).read_bytes()
        return load_bytes(content, SHIPPED)
    try:
        if not path.is_file() and path.exists():
            raise ModelError(f"{path}: the model cannot be read: it is not a file; {NAME_ANOTHER}")
        if path.stat().st_size > MOST_BYTES:
            raise ModelError(f"{path}: too large to be a model; {NAME_ANOTHER}")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: the model cannot be read: {error.strerror}; {NAME_ANOTHER}"
        ) from error
    return load_bytes(content, str(path))


def load_bytes(content: bytes, where: str) -> Model:
    """Load the bytes of a model file called ``where``; raises ModelError with the reason."""
    session = _session(content, where)
    metadata = from_entries(session.get_modelmeta().custom_metadata_map, where)
    shapes = _check_signature(session, metadata, where)
    outputs = tuple(value.name for value in session.get_outputs())
    model = Model(metadata, where, session, shapes, outputs)
    _check_dry_run(model)
    return model


def _session(content: bytes, where: str) -> Any:
    import onnxruntime  # type: ignore[import-untyped]  # it ships no types
    from onnxruntime.capi import (  # type: ignore[import-untyped]  # it ships no types
        onnxruntime_pybind11_state as ort,
    )

    refusals = (
        ort.Fail,
        ort.InvalidArgument,
        ort.InvalidGraph,
        ort.InvalidProtobuf,
        ort.NotImplemented,
        ort.RuntimeException,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except refusals as error:
        raise ModelError(
            f"{where}: not an ONNX model that onnxruntime {onnxruntime.__version__} can run: "
            f"{_first_line(error)}"
        ) from error


def _check_signature(session: Any, metadata: Metadata, where: str) -> tuple[tuple[int, ...], ...]:
    inputs = {value.name: value for value in session.get_inputs()}
    outputs = {value.name: value for value in session.get_outputs()}
    states = [name for name in inputs if name.startswith("state_")]
    shapes = tuple(_fixed_shape(inputs, f"state_{i}", where) for i in range(len(states)))
    count = len(metadata.targets)
    _check_names(session.get_inputs(), ["x", "mask", *_numbered("state", shapes)], where)
    _check_names(
        session.get_outputs(), ["mean", "log_variance", *_numbered("next_state", shapes)], where
    )
    _check_last(inputs["x"], FEATURES, where)
    _check_last(inputs["mask"], PLACE_COUNT, where)
    _check_last(outputs["mean"], count, where)
    _check_last(outputs["log_variance"], count, where)
    return shapes


def _numbered(stem: str, shapes: tuple[tuple[int, ...], ...]) -> list[str]:
    return [f"{stem}_{index}" for index in range(len(shapes))]


def _fixed_shape(inputs: dict[str, Any], name: str, where: str) -> tuple[int, ...]:
    shape = inputs[name].shape if name in inputs else None
    if shape is None or len(shape) != 3 or not all(isinstance(n, int) for n in shape):
        raise ModelError(f"{where}: {name} must be an input of fixed shape [1, P, C], not {shape}")
    return tuple(shape)


def _check_names(values: list[Any], expected: list[str], where: str) -> None:
    names = [value.name for value in values]
    if names != expected:
        raise ModelError(f"{where}: expected {', '.join(expected)} in this order, found {names}")
    for value in values:
        if value.type != "tensor(float)":
            raise ModelError(f"{where}: {value.name} must be float32, not {value.type}")


def _check_last(value: Any, size: int, where: str) -> None:
    shape = value.shape
    fits = len(shape) == 3 and shape[0] == 1 and shape[2] == size and not isinstance(shape[1], int)
    if not fits:
        raise ModelError(f"{where}: {value.name} must have the shape [1, T, {size}], not {shape}")


def _check_dry_run(model: Model) -> None:
    """Run a little motion whole and in pieces: finite, of the right shape, and the same."""
    rng = np.random.default_rng(0)
    x = rng.normal(0.0, 3.0, (32, FEATURES)).astype(np.float32)
    mask = np.ones((32, PLACE_COUNT), np.float32)
    whole = _dry_run(model, x, mask, (32,))
    pieces = _dry_run(model, x, mask, (1, 2, 13, 16))
    if whole.shape != (32, 2 * len(model.metadata.targets)) or not np.isfinite(whole).all():
        raise ModelError(f"{model.where}: its output for ordinary motion is not finite")
    if not np.allclose(whole, pieces, rtol=1e-3, atol=1e-4):
        raise ModelError(
            f"{model.where}: its output depends on how the input is cut; it must be causal, with "
            "the past of every layer in its states"
        )


def _dry_run(model: Model, x: Array, mask: Array, lengths: tuple[int, ...]) -> Array:
    from onnxruntime.capi import (
        onnxruntime_pybind11_state as ort,
    )

    state, outputs, start = model.initial_state(), [], 0
    try:
        for length in lengths:
            piece = slice(start, start + length)
            mean, log_variance, state = model.run(x[piece], mask[piece], state)
            outputs.append(np.concatenate([mean, log_variance], axis=1))
            start += length
    except (ort.Fail, ort.InvalidArgument, ort.RuntimeException) as error:
        raise ModelError(
            f"{model.where}: it does not run on {length} samples: {_first_line(error)}"
        ) from error
    return np.concatenate(outputs)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
