"""The contract that every stage of the pipe must pass; see ``gateway.stage.Stage``."""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gateway.messages import (
    BodyAngleBlock,
    BodyBlock,
    EstimateBlock,
    ImuBlock,
    JointAngleBlock,
    JointRotationBlock,
    Message,
    OrientationBlock,
    PacketBlock,
    SegmentBlock,
)
from gateway.stage import Stage

BLOCKS = (
    BodyBlock,
    OrientationBlock,
    SegmentBlock,
    JointAngleBlock,
    BodyAngleBlock,
    JointRotationBlock,
    EstimateBlock,
)


def length(message: Message) -> int:
    """Number of samples (or packets) in a block; 1 for anything else."""
    if isinstance(message, PacketBlock):
        return len(message.ends)
    if isinstance(message, (*BLOCKS, ImuBlock)):
        return next(len(v) for v in _arrays(message).values())
    return 1


def piece(message: Any, first: int, last: int) -> Any:
    """Samples ``first`` to ``last`` of a block."""
    if isinstance(message, PacketBlock):
        starts = np.concatenate([[0], message.ends])
        payload = message.payload[starts[first] : starts[last]]
        ends = message.ends[first:last] - starts[first]
        arrival = message.arrival_ns[first:last].copy()
        return dataclasses.replace(message, arrival_ns=arrival, payload=payload, ends=ends)
    count = length(message)
    changed = {
        name: value[first:last].copy()
        for name, value in _arrays(message).items()
        if len(value) == count and name != "calibrated"
    }
    if isinstance(message, BLOCKS):
        changed["start"] = message.start + first
    return dataclasses.replace(message, **changed)


def recut(messages: Iterable[Message], rng: np.random.Generator) -> list[Message]:
    """Cut every block into pieces at random, an empty one among them now and then."""
    result: list[Message] = []
    for message in messages:
        count = length(message)
        cuts = np.unique(rng.integers(0, count + 1, size=min(count, int(rng.integers(0, 6)))))
        edges = [0, *(int(c) for c in cuts if 0 < c < count), count]
        for first, last in itertools.pairwise(edges):
            result.append(message if count <= 1 else piece(message, first, last))
            if count > 1 and rng.random() < 0.1:
                result.append(piece(message, last, last))
    return result


def canonical(messages: Iterable[Message]) -> dict[str, Any]:
    """The messages by type, with blocks joined: equal for equal streams however they are cut."""
    by_type: dict[str, Any] = {}
    for message in messages:
        by_type.setdefault(type(message).__name__, []).append(message)
    return {name: _join(found) for name, found in by_type.items()}


def assert_same(left: Iterable[Message], right: Iterable[Message]) -> None:
    """Assert that two streams are equal to the bit."""
    one, other = canonical(left), canonical(right)
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert pickle.dumps(value) == pickle.dumps(other[name]) or _equal(value, other[name]), (
            f"{name} differs"
        )


def run(stage: Stage, messages: Iterable[Message]) -> list[Message]:
    """Push all messages of a type that the stage takes, then flush."""
    return [*push_all(stage, messages), *stage.flush()]


def push_all(stage: Stage, messages: Iterable[Message]) -> list[Message]:
    """Push all messages of a type that the stage takes."""
    taken = (m for m in messages if isinstance(m, stage.consumes))
    return [produced for message in taken for produced in stage.push(message)]


def assert_stage_contract(
    make: Callable[[], Stage], messages: Sequence[Message], seed: int
) -> None:
    """Hold a stage to its contract on ``messages``, which should make it produce something."""
    print(f"seed {seed}")  # noqa: T201, shown by pytest on failure: reproduces the cuts
    rng = np.random.default_rng(seed)
    before = pickle.dumps(list(messages))
    reference = run(make(), messages)
    assert reference, "the messages lead to no output, so the contract is not tested"
    assert pickle.dumps(list(messages)) == before, "the stage changed its input"
    for _ in range(4):
        assert_same(run(make(), recut(messages, rng)), reference)
    _assert_resumes(make, recut(messages, rng), reference, rng)
    _assert_survives_damage(make, messages, rng)


def _assert_resumes(
    make: Callable[[], Stage],
    messages: Sequence[Message],
    reference: Sequence[Message],
    rng: np.random.Generator,
) -> None:
    for cut in rng.integers(0, len(messages) + 1, size=3):
        first, second = make(), make()
        produced = push_all(first, messages[:cut])
        snapshot = pickle.loads(pickle.dumps(first.snapshot()))
        push_all(first, messages[cut:])  # must not reach into the snapshot
        second.resume(snapshot)
        assert_same([*produced, *run(second, messages[cut:])], reference)


def _assert_survives_damage(
    make: Callable[[], Stage], messages: Sequence[Message], rng: np.random.Generator
) -> None:
    damaged = [_damage(message, rng) for message in messages]
    run(make(), damaged)
    run(make(), [])
    run(make(), [piece(m, 0, 0) if length(m) > 1 else m for m in messages])


def _damage(message: Any, rng: np.random.Generator) -> Any:
    """Take a sensor away for a while and put NaN where it was."""
    if not isinstance(message, BodyBlock | OrientationBlock | SegmentBlock | JointAngleBlock):
        return message
    column = int(rng.integers(0, message.valid.shape[1]))
    changed = {name: value.copy() for name, value in _arrays(message).items()}
    for name, value in changed.items():
        if value.ndim >= 2 and value.shape[:2] == message.valid.shape:
            value[:, column] = np.nan if value.dtype.kind == "f" else False
        del name
    return dataclasses.replace(message, **changed)


def _arrays(message: Any) -> dict[str, Any]:
    fields = {f.name: getattr(message, f.name) for f in dataclasses.fields(message)}
    return {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}


def _join(messages: Sequence[Any]) -> Any:
    if isinstance(messages[0], ImuBlock):
        joined = _join_blocks(messages)
        order = np.argsort(joined["stream"], kind="stable")
        return {name: value[order] for name, value in joined.items() if name != "start"}
    if isinstance(messages[0], BLOCKS):
        return _join_blocks([message for message in messages if length(message)])
    return [_fields(m) for m in messages]


def _join_blocks(messages: Sequence[Any]) -> Any:
    if not messages:
        return {}
    joined: dict[str, Any] = {"start": getattr(messages[0], "start", 0)}
    next_start = joined["start"]
    for message in messages:
        if hasattr(message, "start"):
            assert message.start == next_start, "blocks do not follow one another"
            next_start += length(message)
    for name in _arrays(messages[0]):
        parts = [getattr(m, name) for m in messages]
        if name == "calibrated":
            parts = [np.repeat(p[None], length(m), 0) for p, m in zip(parts, messages, strict=True)]
        joined[name] = np.concatenate(parts)
    return joined


def _fields(message: Any) -> dict[str, Any]:
    return {f.name: getattr(message, f.name) for f in dataclasses.fields(message)}


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_equal(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(
            left, right, equal_nan=left.dtype.kind == "f"
        )
    if dataclasses.is_dataclass(left):
        return type(left) is type(right) and _equal(_fields(left), _fields(right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)
