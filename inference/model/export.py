"""Write parameters as an ONNX file, by hand, from operators whose bits do not depend on T.

A convolution rounds differently with the length of its input; a product of matrices whose first
factor grows by rows does not, nor do slices, joins and elementwise operators. So each layer joins
its state with its input, takes three shifted slices and multiplies them by one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.model.contract import FEATURES, PLACES, TARGETS, Metadata, to_entries
from inference.model.network import (
    LOG_VARIANCE_RANGE,
    Architecture,
    Dense,
    Parameters,
    feature_scale,
)

OPSET = 17
IR_VERSION = 8
LAST = np.iinfo(np.int64).max


@dataclass(slots=True)
class _Graph:
    """Nodes and constants as they are added."""

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = np.asarray(value)
        return name

    def slice(self, source: str, start: int, end: int, axis: int, output: str) -> str:
        limits = {"start": start, "end": end, "axis": axis}
        names = [self.constant(f"{output}_{key}", np.array([v])) for key, v in limits.items()]
        return self.add("Slice", [source, *names], output)


def to_onnx(parameters: Parameters, architecture: Architecture, metadata: Metadata) -> bytes:
    """Return the bytes of the model file; the same arguments give the same bytes."""
    from onnx import checker, helper, numpy_helper

    graph = _Graph()
    _add_network(graph, parameters, architecture)
    states = [[1, 2 * dilation, architecture.width] for dilation in architecture.dilations]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            metadata.name,
            [_value("x", [1, "T", FEATURES]), _value("mask", [1, "T", len(PLACES)])]
            + [_value(f"state_{i}", shape) for i, shape in enumerate(states)],
            [_value(name, [1, "T", len(TARGETS)]) for name in ("mean", "log_variance")]
            + [_value(f"next_state_{i}", shape) for i, shape in enumerate(states)],
            [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="gaitwire",
    )
    helper.set_model_props(model, to_entries(metadata))
    checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _add_network(graph: _Graph, parameters: Parameters, architecture: Architecture) -> None:
    features = _add_input(graph, architecture)
    entry = _add_dense(graph, features, parameters.entry, "entry")
    hidden = graph.add("Relu", [entry], "hidden")
    for index, dilation in enumerate(architecture.dilations):
        update = _add_layer(graph, hidden, parameters.layers[index], dilation, index)
        hidden = graph.add("Add", [hidden, update], f"hidden_{index}")
    _add_head(graph, hidden, parameters.head)


def _add_input(graph: _Graph, architecture: Architecture) -> str:
    normalisation = architecture.normalisation
    scale = graph.constant("scale", feature_scale(normalisation))
    scaled = graph.add("Mul", ["x", scale], "scaled")
    limits = [
        graph.constant("least", np.float32(-normalisation.limit)),
        graph.constant("most", np.float32(normalisation.limit)),
    ]
    clipped = graph.add("Clip", [scaled, *limits], "clipped")
    return graph.add("Concat", [clipped, "mask"], "features", axis=2)


def _add_layer(graph: _Graph, hidden: str, layer: Dense, dilation: int, index: int) -> str:
    whole = graph.add("Concat", [f"state_{index}", hidden], f"whole_{index}", axis=1)
    oldest = graph.slice(whole, 0, -2 * dilation, 1, f"oldest_{index}")
    middle = graph.slice(whole, dilation, -dilation, 1, f"middle_{index}")
    taps = graph.add("Concat", [oldest, middle, hidden], f"taps_{index}", axis=2)
    affine = _add_dense(graph, taps, layer, f"layer_{index}")
    graph.slice(whole, -2 * dilation, LAST, 1, f"next_state_{index}")
    return graph.add("Relu", [affine], f"update_{index}")


def _add_head(graph: _Graph, hidden: str, head: Dense) -> None:
    raw = _add_dense(graph, hidden, head, "head")
    count = len(TARGETS)
    graph.slice(raw, 0, count, 2, "mean")
    spread = graph.slice(raw, count, LAST, 2, "spread")
    limits = [
        graph.constant(f"spread_{name}", np.float32(value))
        for name, value in zip(("least", "most"), LOG_VARIANCE_RANGE, strict=True)
    ]
    graph.add("Clip", [spread, *limits], "log_variance")


def _add_dense(graph: _Graph, source: str, dense: Dense, name: str) -> str:
    weight = graph.constant(f"{name}_weight", np.asarray(dense.weight, np.float32))
    bias = graph.constant(f"{name}_bias", np.asarray(dense.bias, np.float32))
    product = graph.add("MatMul", [source, weight], f"{name}_product")
    return graph.add("Add", [product, bias], f"{name}_sum")


def _value(name: str, shape: Sequence[int | str]) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
