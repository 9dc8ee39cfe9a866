from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from gateway.errors import ModelError
from inference.model.contract import PLACES, PREFIX, Metadata, from_entries, to_entries
from inference.model.scores import AngleScore, ContactScore, Evaluation, SubsetScore
from tests.inference.model_support import metadata

SCORED = Evaluation(
    data="simulated",
    people=3,
    minutes=2.5,
    mode="live (causal)",
    look_ahead_ms=40.0,
    subsets=(
        SubsetScore(
            "all",
            tuple(PLACES),
            (AngleScore("left_knee_flexion", 0.9, 3.1, 3.0, 0.68, 0.95),),
            (ContactScore("left_foot_contact", 0.98, 0.98, 0.97),),
        ),
    ),
)


@pytest.mark.parametrize("evaluation", [None, SCORED])
def test_metadata_survives_the_file(evaluation: Evaluation | None) -> None:
    written = metadata(evaluation=evaluation)
    assert from_entries(to_entries(written), "m.onnx") == written


def test_entries_of_others_do_not_matter() -> None:
    entries = to_entries(metadata()) | {"author": "someone", "licence": "none"}
    assert from_entries(entries, "m.onnx") == metadata()


@pytest.mark.parametrize("field", Metadata.__struct_fields__)
def test_a_missing_entry_is_named(field: str) -> None:
    entries = to_entries(metadata())
    del entries[PREFIX + field]
    with pytest.raises(ModelError, match=rf"m\.onnx: its metadata does not say {field};"):
        from_entries(entries, "m.onnx")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("contract", 2, "contract version must be 1, not 2"),
        ("places", ["left_foot"], "places must be pelvis, left_thigh, .*not left_foot"),
        ("channels", ["acc_x"], "channels must be acc_x, acc_y, .*not acc_x"),
        ("rate_hz", 0.0, "rate must be 1 to 1000 Hz, not 0 Hz"),
        ("look_ahead", -1, "look-ahead must be 0 to 1 s, not -1 samples"),
        ("look_ahead", 51, "look-ahead must be 0 to 1 s, not 51 samples at 50 Hz"),
        ("targets", [], "targets must have names of their own"),
        ("rate_hz", "fast", "cannot be read: Expected `float`"),
        ("evaluation", 3, r"cannot be read: Expected `object \| null`"),
    ],
)
def test_a_value_that_does_not_fit_is_explained(field: str, value: object, told: str) -> None:
    entries = to_entries(metadata()) | {PREFIX + field: json.dumps(value)}
    with pytest.raises(ModelError, match=told):
        from_entries(entries, "m.onnx")


def test_two_targets_of_one_name_are_refused() -> None:
    target = metadata().targets[0]
    entries = to_entries(metadata(targets=(target, target)))
    with pytest.raises(ModelError, match="names of their own"):
        from_entries(entries, "m.onnx")


@given(field=st.sampled_from(Metadata.__struct_fields__), text=st.text(max_size=30))
def test_any_text_is_read_or_refused(field: str, text: str) -> None:
    entries = to_entries(metadata()) | {PREFIX + field: text}
    try:
        read = from_entries(entries, "m.onnx")
    except ModelError as error:
        assert str(error).startswith("m.onnx: ")  # noqa: PT017, refusing is only one outcome
    else:
        assert getattr(read, field) == getattr(from_entries(to_entries(read), "again"), field)
