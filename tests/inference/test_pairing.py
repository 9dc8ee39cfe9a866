"""Two streams brought together, however each of them was cut."""

from __future__ import annotations

import itertools
import random

import numpy as np
from hypothesis import given, strategies as st

from gateway.messages import BodyBlock, OrientationBlock
from inference.pairing import Pairing, cut
from tests.inference.figure import standing, worn

COUNT = 40
BODY = worn(standing(COUNT / 100))
ORIENTATION = OrientationBlock(
    "p",
    0,
    100.0,
    0,
    BODY.places,
    np.arange(COUNT * 32.0).reshape(COUNT, 8, 4),
    BODY.valid,
    BODY.real,
)

cuts = st.lists(st.integers(0, COUNT), max_size=6).map(lambda c: sorted([0, *c, COUNT]))


def blocks(
    whole: BodyBlock | OrientationBlock, edges: list[int]
) -> list[BodyBlock | OrientationBlock]:
    return [cut(whole, a, b) for a, b in itertools.pairwise(edges)]


@given(cuts, cuts, st.randoms(use_true_random=False))
def test_every_sample_meets_its_counterpart_once(
    first: list[int], second: list[int], order: random.Random
) -> None:
    queues = [blocks(BODY, first), blocks(ORIENTATION, second)]
    pairing = Pairing(BodyBlock, OrientationBlock)
    pairs = []
    while any(queues):
        queue = order.choice([q for q in queues if q])
        pairs += pairing.push(queue.pop(0))
    assert all(body.start == other.start for body, other in pairs)
    assert all(len(body.valid) == len(other.valid) for body, other in pairs)
    assert np.array_equal(np.concatenate([o.quat for _, o in pairs]), ORIENTATION.quat)
    assert np.array_equal(np.concatenate([b.acc for b, _ in pairs]), BODY.acc)


def test_goes_on_from_a_snapshot() -> None:
    pairing = Pairing(BodyBlock, OrientationBlock)
    assert pairing.push(BODY) == []
    resumed = Pairing(BodyBlock, OrientationBlock)
    resumed.resume(pairing.snapshot())
    ((body, other),) = resumed.push(ORIENTATION)
    assert body is BODY
    assert other is ORIENTATION
