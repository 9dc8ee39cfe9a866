from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from gateway.errors import ModelError
from inference.model.contract import TARGETS
from inference.model.loading import load, load_bytes
from tests.inference.model_support import model_content

CUTS = (1, 2, 3, 5, 8, 16, 31, 64, 333)


def changed(change: Callable[[Any], None]) -> bytes:
    """A model file after ``change`` of its protocol buffer."""
    model = onnx.load_from_string(model_content())
    change(model)
    content: bytes = model.SerializeToString()
    return content


def refused(content: bytes, told: str) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        load_bytes(content, "m.onnx")
    assert str(caught.value).startswith("m.onnx: ")


@pytest.mark.parametrize("cut", CUTS)
def test_shipped_model_gives_the_same_bits_however_it_is_cut(cut: int) -> None:
    model = load()
    rng = np.random.default_rng(cut)
    x = rng.normal(0.0, 4.0, (700, 48)).astype(np.float32)
    mask = (rng.random((700, 8)) < 0.8).astype(np.float32)
    mean, log_variance, last = model.run(x, mask, model.initial_state())
    state = model.initial_state()
    for first in range(0, 700, cut):
        piece = slice(first, first + cut)
        *outputs, state = model.run(x[piece], mask[piece], state)
        assert np.array_equal(outputs[0], mean[piece])
        assert np.array_equal(outputs[1], log_variance[piece])
    assert all(np.array_equal(a, b) for a, b in zip(state, last, strict=True))


def test_shipped_model_says_what_it_is() -> None:
    model = load()
    metadata = model.metadata
    assert metadata.targets == TARGETS
    assert (metadata.rate_hz, metadata.look_ahead, metadata.licence) == (50.0, 2, "Apache-2.0")
    assert metadata.name in model.where
    assert metadata.evaluation is not None
    assert "imulated" in metadata.evaluation.data
    assert len(metadata.training_hash) == 64


def test_a_file_of_ones_own_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    path.write_bytes(model_content())
    assert load(path).metadata.name == "test-model"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: .*No such file.*name an \.onnx file"):
        load(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="is not a file"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a model", model_content()[:2000]])
def test_not_a_model(content: bytes) -> None:
    refused(content, "not an ONNX model that onnxruntime .* can run")


def test_operators_of_the_future() -> None:
    def later(model: Any) -> None:
        model.opset_import[0].version = 9999

    refused(changed(later), "not an ONNX model that onnxruntime .* can run")


def test_no_metadata() -> None:
    refused(changed(lambda m: m.ClearField("metadata_props")), "does not say contract, name")


def test_another_input() -> None:
    def rename(model: Any) -> None:
        model.graph.input[1].name = "presence"
        for node in model.graph.node:
            node.input[:] = ["presence" if name == "mask" else name for name in node.input]

    refused(changed(rename), "expected x, mask, state_0, .* found .*presence")


def test_more_targets_than_outputs() -> None:
    extra = TARGETS[0].__class__("speed", "m/s", "gaussian", 1.0)
    content = model_content(targets=(*TARGETS, extra))
    refused(content, r"mean must have the shape \[1, T, 9\], not \[1, 'T', 8\]")


def test_a_fixed_number_of_samples() -> None:
    def fix(model: Any) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5

    refused(changed(fix), r"x must have the shape \[1, T, 48\], not \[1, 5, 48\]")


def test_a_state_without_a_size() -> None:
    def free(model: Any) -> None:
        model.graph.input[2].type.tensor_type.shape.dim[1].dim_param = "P"

    refused(changed(free), "state_0 must be an input of fixed shape")


def test_values_that_are_not_finite() -> None:
    def spoil(model: Any) -> None:
        bias = next(c for c in model.graph.initializer if c.name == "head_bias")
        spoilt = np.full(16, np.nan, np.float32)
        bias.CopyFrom(numpy_helper.from_array(spoilt, "head_bias"))

    refused(changed(spoil), "output for ordinary motion is not finite")


def test_a_state_that_is_not_carried() -> None:
    def forget(model: Any) -> None:
        for node in model.graph.node:
            if node.output[0] == "next_state_2":
                node.output[0] = "dropped"
        zero = numpy_helper.from_array(np.zeros((1, 18, 8), np.float32), "zero")
        model.graph.initializer.append(zero)
        model.graph.node.append(helper.make_node("Identity", ["zero"], ["next_state_2"]))

    refused(changed(forget), "output depends on how the input is cut; it must be causal")
